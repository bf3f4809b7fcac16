//! How numbers are written towards a trunk.

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

#[cfg(test)]
mod tests {
    use super::*;

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
