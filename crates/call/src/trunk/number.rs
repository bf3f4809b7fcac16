//! How numbers are written towards a trunk, and how it writes them to us.

use kiestoon_dialplan::Country;

use crate::rights::without_end_key;

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
    /// A number in this form. What is no whole number of the public network, such as 112, stays as it is; the `#` that some phones send
    /// behind a number goes no further, since whoever gets it may read the rest otherwise than we do.
    pub(crate) fn write(self, country: &Country, number: &str) -> String {
        let number = without_end_key(number);
        match self {
            Self::E164 => country.e164(number),
            Self::E164Digits => {
                let number = country.e164(number);
                match number.strip_prefix('+') {
                    Some(digits) => digits.to_string(),
                    None => number,
                }
            }
            Self::National => {
                let written = country.national(number);
                // Without its country code it might be one abroad.
                let is_bare = country.unmarked(&written).is_some();
                let whole = is_bare.then(|| country.e164(number)).filter(|_| number.starts_with(['+', '0']));
                whole.filter(|whole| whole.starts_with('+')).unwrap_or(written)
            }
            Self::AsDialled => number.to_string(),
        }
    }

    /// A number as rights are asked about it: in E.164, or as it goes out where its first digits may be a country code there.
    pub(crate) fn judged(self, country: &Country, number: &str) -> String {
        let number = without_end_key(number);
        let bare = match self {
            Self::E164 | Self::E164Digits => None,
            Self::National | Self::AsDialled => Some(self.write(country, number)),
        };
        let unmarked = bare.and_then(|written| country.unmarked(&written));
        match unmarked.as_deref().and_then(|unmarked| unmarked.strip_prefix('+')) {
            Some(digits) => digits.to_owned(),
            None => country.e164(number),
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
    fn without_its_code_goes_out_only_what_is_no_number_abroad_then() {
        let write = |country: &str, number: &str| {
            let country = Country::find(country).expect("a country");
            (NumberForm::National.write(country, number), NumberForm::National.judged(country, number))
        };
        let both = |number: &str| (number.to_owned(), number.to_owned());
        assert_eq!(write("es", "+34675812345678"), both("+34675812345678"));
        assert_eq!(write("it", "+3933899123456"), both("+3933899123456"));
        assert_eq!(write("it", "33899123456"), both("33899123456"));
        assert_eq!(write("lu", "41900123456"), both("41900123456"));
        assert_eq!(write("es", "+34612345678"), ("612345678".into(), "+34612345678".into()));
        assert_eq!(write("nl", "+31201234567"), ("0201234567".into(), "+31201234567".into()));
        let it = Country::find("it").expect("a country");
        let judged = |form: NumberForm, number: &str| form.judged(it, number);
        assert_eq!(judged(NumberForm::AsDialled, "33899123456"), "33899123456");
        assert_eq!(judged(NumberForm::AsDialled, "3331234567"), "+393331234567");
        // It goes out with its code.
        assert_eq!(judged(NumberForm::E164, "33899123456"), "+3933899123456");
        assert_eq!(judged(NumberForm::E164Digits, "33899123456"), "+3933899123456");
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
