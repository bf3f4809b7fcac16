//! How numbers are written towards a trunk, and how it writes them to us.

use kiestoon_dialplan::Country;

/// A form of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberForm {
    /// `+31201234567`.
    E164,
    /// `31201234567`.
    E164Digits,
    /// `0201234567`, and `0032...` abroad.
    National,
    /// As the dialplan leaves it.
    AsDialled,
}

impl NumberForm {
    /// A number in this form. What is no whole number of the public network, such as 112, stays as it is.
    pub(crate) fn write(self, country: &Country, number: &str) -> String {
        match self {
            Self::E164 => country.e164(number),
            Self::E164Digits => {
                let number = country.e164(number);
                match number.strip_prefix('+') {
                    Some(digits) => digits.to_string(),
                    None => number,
                }
            }
            Self::National => country.national(number),
            Self::AsDialled => number.to_string(),
        }
    }
}

/// A form of numbers that come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncomingForm {
    /// As the country dials or in E.164, whichever it is.
    Auto,
    /// `31201234567`.
    E164Digits,
    /// As the country dials.
    National,
}

impl IncomingForm {
    /// A number in E.164, or as it is written where it is no whole number of the public network.
    pub(crate) fn read(self, country: &Country, number: &str) -> String {
        let is_whole = WHOLE.contains(&number.len()) && number.bytes().all(|digit| digit.is_ascii_digit());
        match self {
            // No country code begins with 0.
            Self::E164Digits if is_whole && !number.starts_with('0') => format!("+{number}"),
            _ => country.e164(number),
        }
    }
}

/// Digits of a number of the public network with its country code (ITU-T E.164 section 6.2.1); shorter ones are words.
const WHOLE: std::ops::RangeInclusive<usize> = 7..=15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_comes_in_is_read_as_the_trunk_writes_it() {
        let nl = Country::find("nl").expect("a country");
        let read = |form: IncomingForm, number: &str| form.read(nl, number);
        assert_eq!(read(IncomingForm::E164Digits, "31201234567"), "+31201234567");
        assert_eq!(read(IncomingForm::E164Digits, "+31201234567"), "+31201234567");
        assert_eq!(read(IncomingForm::E164Digits, "0201234567"), "+31201234567");
        assert_eq!(read(IncomingForm::E164Digits, "112"), "112");
        assert_eq!(read(IncomingForm::E164Digits, "3120123456789012"), "3120123456789012");
        assert_eq!(read(IncomingForm::Auto, "31201234567"), "31201234567");
        assert_eq!(read(IncomingForm::National, "0201234567"), "+31201234567");
    }

    #[test]
    fn a_number_takes_the_form_of_the_trunk() {
        let nl = Country::find("nl").expect("a country");
        let forms = |number: &str| {
            [NumberForm::E164, NumberForm::E164Digits, NumberForm::National, NumberForm::AsDialled]
                .map(|form| form.write(nl, number))
        };
        assert_eq!(forms("0201234567"), ["+31201234567", "31201234567", "0201234567", "0201234567"]);
        assert_eq!(forms("+3221234567"), ["+3221234567", "3221234567", "003221234567", "+3221234567"]);
        assert_eq!(forms("112"), ["112"; 4]);
    }
}
