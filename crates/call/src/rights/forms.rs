//! The forms of a number: rates and lists of numbers are written in one of them, and people dial it in any. Where whoever gets it may
//! read another number in it, it has the forms of both; and where keys stand in it that are no digits, those of each part.

use kiestoon_dialplan::Country;

use super::class;

/// A number that is called over a trunk of a country, in every way that it may be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forms {
    first: Form,
    others: Vec<Form>,
    /// Parts between keys that are no numbers themselves: codes and PINs, which nobody is called by.
    codes: Vec<Form>,
}

/// A number that is read in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form {
    country: &'static Country,
    /// `+` and the digits. None for short numbers, and for what is no number of the country or of another one.
    e164: Option<String>,
    /// As it is dialled in the country.
    national: String,
    /// The digits that were dialled.
    dialled: String,
    /// Of a premium number: how many digits of its E.164 form name the country.
    code: usize,
}

impl Forms {
    /// Of a number as it is dialled.
    pub fn of(country: &'static Country, number: &str) -> Self {
        let dialled = class::plain(number);
        let mut forms = Self::of_digits(country, dialled.clone());
        for part in class::parts(number).into_iter().filter(|part| *part != dialled) {
            let part = Self::of_digits(country, part);
            let kind = if part.is_number() { &mut forms.others } else { &mut forms.codes };
            kind.extend(std::iter::once(part.first).chain(part.others));
        }
        forms
    }

    fn of_digits(country: &'static Country, dialled: String) -> Self {
        let read = |reading: String| Form::of(country, &dialled, &reading);
        let mut first = read(dialled.clone());
        let mut others: Vec<Form> = class::readings(country, dialled.clone()).skip(1).map(read).collect();
        // What is no number as it stands is only what may be read in it.
        if first.e164.is_none() && !others.is_empty() {
            first = others.remove(0);
        }
        Self { first, others, codes: Vec::new() }
    }

    fn is_number(&self) -> bool {
        self.readings().any(|form| form.e164.is_some())
            || class::is_short(self.first.country, &self.first.dialled)
    }

    /// E.164, or what is dialled where it has no such form.
    pub(crate) fn known(&self) -> &str {
        self.first.e164.as_deref().unwrap_or(&self.first.national)
    }

    /// Each way to read it as a number; there is one at least.
    pub(crate) fn readings(&self) -> impl Iterator<Item = &Form> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Its parts that are no numbers by themselves.
    pub(crate) fn codes(&self) -> impl Iterator<Item = &Form> {
        self.codes.iter()
    }
}

impl Form {
    fn of(country: &'static Country, dialled: &str, reading: &str) -> Self {
        let e164 = class::e164(country, reading);
        let national = country.national(e164.as_deref().unwrap_or(reading));
        let code = e164.as_deref().map_or(0, |e164| class::premium_code(country, e164));
        Self { country, e164, national, dialled: dialled.to_owned(), code }
    }

    /// The digits of E.164 after the `+`, and how many of the first ones say only in which country a premium number is.
    pub(crate) fn e164_digits(&self) -> Option<(&str, usize)> {
        Some((self.e164.as_deref()?.strip_prefix('+')?, self.code))
    }

    /// The digits that are dialled in the country, and how many of the first ones of a premium number say only that it is a whole one.
    /// None for a number of another country.
    pub(crate) fn national_digits(&self) -> Option<(&str, usize)> {
        let Some((digits, code)) = self.e164_digits() else { return Some((&self.national, 0)) };
        let significant = digits.strip_prefix(self.country.code())?;
        let before = self.national.len().saturating_sub(significant.len());
        Some((&self.national, if code == 0 { 0 } else { before }))
    }

    /// Whether it begins so, in whatever form that is written: how many digits come after it, so that the fewest are the longest
    /// beginning.
    pub(crate) fn after(&self, prefix: &str) -> Option<usize> {
        let written = self.country.e164(prefix);
        let rest = match written.starts_with('+') {
            true => self.e164.as_deref()?.strip_prefix(&*written),
            false => self.national.strip_prefix(prefix).or_else(|| self.dialled.strip_prefix(prefix)),
        };
        rest.map(str::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(country: &str, number: &str) -> (Option<String>, String, usize) {
        let Form { e164, national, code, .. } =
            Forms::of(Country::find(country).expect("a country"), number).first;
        (e164, national, code)
    }

    #[test]
    fn a_number_of_the_country_has_both_forms_however_it_is_dialled() {
        for number in ["09001234", "+319001234", "00319001234", "+31 (0)900-1234", "+3109001234"] {
            assert_eq!(forms("nl", number), (Some("+319001234".into()), "09001234".into(), 2), "{number}");
        }
        for number in ["0201234567", "+31201234567", "020 123 45 67"] {
            assert_eq!(
                forms("nl", number),
                (Some("+31201234567".into()), "0201234567".into(), 0),
                "{number}"
            );
        }
        // Behind the country code the zero has no place, and exchanges leave it out; in Italy it is a digit of the number.
        assert_eq!(forms("nl", "+310612345678"), (Some("+31612345678".into()), "0612345678".into(), 0));
        assert_eq!(forms("nl", "0031020 1234567").0, Some("+31201234567".into()));
        assert_eq!(forms("it", "+390612345678").0, Some("+390612345678".into()));
        for (number, e164) in [("089123456", "+39089123456"), ("0144123456", "+390144123456")] {
            assert_eq!(forms("it", number), (Some(e164.into()), number.into(), 0), "{number}");
        }
        assert_eq!(forms("it", "892424"), (Some("+39892424".into()), "892424".into(), 2));
        assert_eq!(forms("nl", "+442079460000"), (Some("+442079460000".into()), "00442079460000".into(), 0));
        assert_eq!(forms("nl", "+449061234567"), (Some("+449061234567".into()), "00449061234567".into(), 2));
        assert_eq!(forms("us", "19005551234").0, Some("+19005551234".into()));
    }

    #[test]
    fn a_short_number_and_a_word_have_none_in_e164() {
        for (country, number) in
            [("nl", "1888"), ("nl", "112"), ("nl", "14020"), ("fr", "3615"), ("us", "911")]
        {
            assert_eq!(forms(country, number), (None, number.into(), 0));
        }
        for number in ["", "+", "anna"] {
            assert_eq!(forms("nl", number).0, None, "{number}");
        }
    }

    #[test]
    fn a_beginning_fits_in_either_form() {
        let nl = Country::find("nl").expect("a country");
        let after = |number: &str, prefix: &str| Forms::of(nl, number).first.after(prefix);
        for number in ["09001234", "+319001234", "00319001234"] {
            assert_eq!(["0900", "+31900", "0031900"].map(|p| after(number, p)), [Some(4); 3], "{number}");
            assert_eq!(["0906", "+31906", "900"].map(|p| after(number, p)), [None; 3], "{number}");
        }
        assert_eq!(
            (after("1888", "18"), after("1888", "+18"), after("+18885551234", "18")),
            (Some(2), None, None)
        );
        assert_eq!((after("+4930123", "+49"), after("004930123", "+49")), (Some(5), Some(5)));
    }

    #[test]
    fn a_number_that_may_be_read_otherwise_has_the_forms_of_both() {
        let read = |country: &str, number: &str| -> Vec<String> {
            let forms = Forms::of(Country::find(country).expect("a country"), number);
            forms.readings().map(|form| form.e164.clone().unwrap_or_default()).collect()
        };
        assert_eq!(read("nl", "442079460000"), ["+442079460000"]);
        assert_eq!(read("es", "675812345678"), ["+34675812345678", "+675812345678"]);
        assert_eq!(read("nl", "+310044906123456"), ["+3144906123456", "+44906123456"]);
        assert_eq!(read("es", "612345678"), ["+34612345678"]);
        assert_eq!(read("nl", "201"), [""]);
    }

    #[test]
    fn each_part_between_keys_has_its_forms_and_a_code_is_no_number() {
        let both = |number: &str| -> [Vec<String>; 2] {
            let forms = Forms::of(Country::find("nl").expect("a country"), number);
            let known = |form: &Form| form.e164.clone().unwrap_or_else(|| form.national.clone());
            [forms.readings().map(known).collect(), forms.codes().map(known).collect()]
        };
        let [numbers, codes] = both("*21*0612345678*11#");
        assert_eq!(numbers, ["+21061234567811", "+31612345678", "+3161234567811"]);
        assert_eq!(codes, ["11", "21"]);
        let [numbers, codes] = both("#31#1888");
        assert_eq!((numbers, codes), (vec!["311888".to_owned(), "1888".to_owned()], vec!["31".to_owned()]));
        // The key that phones send at the end makes no parts.
        assert_eq!(both("0612345678#"), both("0612345678"));
        assert_eq!(both("*").map(|forms| forms.len()), [1, 0]);
    }
}
