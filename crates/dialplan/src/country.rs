//! How the people of a country dial, and the same numbers in E.164: `e164:nl:`, `|e164:nl` and `|national:nl`.
//!
//! Only what surely is a whole national number is changed. Short and emergency numbers, numbers of another length and
//! ranges that only work inside the country (freephone, premium) stay as they were dialled: they have no E.164 form
//! that a trunk can be relied on to take.

mod table;

use std::ops::RangeInclusive;

/// How numbers of one country are written, at home and from abroad.
#[derive(Debug, PartialEq, Eq)]
pub struct Country {
    /// ISO 3166, in small letters.
    name: &'static str,
    /// The country code of E.164.
    code: &'static str,
    /// What stands before a national number.
    trunk: Trunk,
    /// What stands before an international number.
    international: &'static str,
    /// Digits of a number without its trunk prefix.
    lengths: RangeInclusive<usize>,
    /// Starts without the trunk prefix, in which `?` is any digit, of numbers of other lengths.
    longer: &'static [(&'static str, usize)],
    /// Digits up to which a whole number that nothing marks is surely one at home; a longer one may begin with a country code.
    surely: usize,
    /// Starts, as dialled at home, of numbers that cannot be counted on from abroad.
    national_only: &'static [&'static str],
    /// Starts, as dialled at home, of numbers under another code, each with what it is in E.164.
    elsewhere: &'static [(&'static str, &'static str)],
}

/// What marks a whole national number.
#[derive(Debug, PartialEq, Eq)]
enum Trunk {
    /// These digits come first, and are left out after the country code: `0`, in Hungary `06`.
    Prefix(&'static str),
    /// Nothing: a number of the right length that starts with one of these digits. What must not, starts short ones.
    Closed(&'static str),
    /// North America: `1` may come first; area and exchange codes start with 2 to 9.
    NorthAmerica,
    /// Brazil: nothing, or `0`, or `0` and the two digits of a carrier come before area code and number. Abroad is
    /// `00` and the country code, as trunks take it, without a carrier.
    Brazil,
}

impl Country {
    /// By the two letters of ISO 3166, in small letters.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        table::COUNTRIES.iter().find(|country| country.name == name)
    }

    /// The names that [`find`](Self::find) knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        table::COUNTRIES.iter().map(|country| country.name)
    }

    /// ISO 3166, in small letters.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The country code of E.164, without a `+`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What follows the country code of a number at home, or would: the number without the prefix that marks it, however long it is.
    /// None for a number abroad, a short one, and what is no number.
    #[must_use]
    pub fn significant(&self, number: &str) -> Option<String> {
        let digits = digits(number)?;
        if let Some(international) = digits.strip_prefix('+').or_else(|| self.international(&digits)) {
            return international.strip_prefix(self.code).map(str::to_string);
        }
        let significant = match self.trunk {
            Trunk::Prefix(prefix) => digits.strip_prefix(prefix)?,
            Trunk::Closed(_) => &digits,
            Trunk::NorthAmerica => digits.strip_prefix('1').unwrap_or(&digits),
            Trunk::Brazil => digits.strip_prefix('0').unwrap_or(&digits),
        };
        Some(significant.to_string())
    }

    /// A national or international number as `+` and digits. Everything else stays as it is, apart from spaces and
    /// signs between the digits of a number.
    #[must_use]
    pub fn e164(&self, number: &str) -> String {
        let Some(digits) = digits(number) else { return number.to_string() };
        if digits.starts_with('+') {
            return digits;
        }
        if let Some(international) = self.international(&digits) {
            return format!("+{international}");
        }
        let mut stays = [self.international].into_iter().chain(self.national_only.iter().copied());
        if stays.any(|prefix| digits.starts_with(prefix)) {
            return digits;
        }
        match self.subscriber(&digits) {
            Some(subscriber) => {
                let elsewhere = self.elsewhere.iter().find_map(|(prefix, code)| {
                    digits.strip_prefix(prefix).map(|subscriber| format!("+{code}{subscriber}"))
                });
                elsewhere.unwrap_or_else(|| format!("+{}{subscriber}", self.code))
            }
            None => digits,
        }
    }

    /// A number as it is dialled inside the country: its own numbers with the trunk prefix, those of other countries
    /// with the prefix for abroad (`00`). Everything else stays as it is, apart from spaces and signs between digits.
    #[must_use]
    pub fn national(&self, number: &str) -> String {
        let Some(digits) = digits(number) else { return number.to_string() };
        let Some(international) = digits.strip_prefix('+').or_else(|| self.international(&digits)) else {
            return digits;
        };
        let elsewhere = self.elsewhere.iter().find_map(|(prefix, code)| {
            let national = format!("{prefix}{}", international.strip_prefix(code)?);
            self.subscriber(&national).is_some().then_some(national)
        });
        if let Some(national) = elsewhere {
            return national;
        }
        let Some(subscriber) = international.strip_prefix(self.code) else {
            return format!("{}{international}", self.international);
        };
        let national = match self.trunk {
            Trunk::Prefix(prefix) => format!("{prefix}{subscriber}"),
            Trunk::Closed(_) | Trunk::NorthAmerica => subscriber.to_string(),
            Trunk::Brazil => format!("0{subscriber}"),
        };
        // A zero too many would make it a number abroad.
        if national.starts_with(self.international) { digits } else { national }
    }

    /// `+` and the digits, where their first ones may be taken for a country code: nothing marks them as a number at home, neither the
    /// prefix for that nor the length of a whole one. None for any other number, and for what is too short to have a country code.
    #[must_use]
    pub fn unmarked(&self, number: &str) -> Option<String> {
        let digits = digits(number)?;
        // No country code begins with 0.
        if digits.starts_with(['+', '0']) || digits.len() < SHORTEST {
            return None;
        }
        let is_at_home = match self.trunk {
            Trunk::Prefix(_) => false,
            Trunk::Closed(_) => digits.len() <= self.surely && self.is_whole(&digits),
            Trunk::NorthAmerica | Trunk::Brazil => self.subscriber(&digits).is_some(),
        };
        (!is_at_home).then(|| format!("+{digits}"))
    }

    /// A number abroad that stands behind the country's own code and the prefix for abroad (`+31 0044...`), as `+` and digits: whoever takes
    /// the code off dials that. None for any other number.
    #[must_use]
    pub fn behind_code(&self, number: &str) -> Option<String> {
        let digits = digits(number)?;
        let international = digits.strip_prefix('+').or_else(|| self.international(&digits))?;
        let rest = international.strip_prefix(self.code)?;
        let abroad = rest.strip_prefix(self.international).or_else(|| rest.strip_prefix("00"))?;
        let abroad = abroad.trim_start_matches('0');
        (!abroad.is_empty()).then(|| format!("+{abroad}"))
    }

    /// What follows a `+` or the prefix for abroad, as `+` and digits, without the zeros that come too many before the country code. None
    /// for any other number.
    #[must_use]
    pub fn abroad(&self, number: &str) -> Option<String> {
        let digits = digits(number)?;
        let plain = digits.strip_prefix('+').unwrap_or(&digits);
        let is_abroad =
            digits.starts_with('+') || plain.starts_with(self.international) || plain.starts_with("00");
        let zeroless = plain.trim_start_matches('0');
        let behind = zeroless.strip_prefix(self.international.trim_start_matches('0'));
        let behind = behind.filter(|_| plain.starts_with('0')).unwrap_or(zeroless).trim_start_matches('0');
        (is_abroad && !behind.is_empty()).then(|| format!("+{behind}"))
    }

    /// What follows the prefix for abroad: no country code starts with 0.
    fn international<'d>(&self, digits: &'d str) -> Option<&'d str> {
        digits.strip_prefix(self.international).filter(|rest| !rest.is_empty() && !rest.starts_with('0'))
    }

    /// The number without trunk prefix, if this is a whole national number.
    fn subscriber<'d>(&self, digits: &'d str) -> Option<&'d str> {
        let subscriber = match self.trunk {
            Trunk::Prefix(prefix) => digits.strip_prefix(prefix),
            Trunk::Closed(starts) => {
                Some(digits).filter(|digits| digits.starts_with(|c: char| starts.contains(c)))
            }
            Trunk::NorthAmerica => {
                let subscriber = digits.strip_prefix('1').unwrap_or(digits);
                let code = |at| subscriber.get(at..).is_some_and(|rest| rest.starts_with(|c: char| c >= '2'));
                (code(0) && code(3)).then_some(subscriber)
            }
            Trunk::Brazil => match (digits.strip_prefix('0'), digits.len()) {
                (Some(with_carrier), 13..) => with_carrier.get(2..),
                (Some(subscriber), _) => Some(subscriber),
                (None, _) => Some(digits),
            }
            // Neither digit of an area code is 0.
            .filter(|subscriber| subscriber.bytes().take(2).all(|digit| digit != b'0')),
        };
        subscriber.filter(|subscriber| self.is_whole(subscriber))
    }

    /// Whether a number without its trunk prefix has as many digits as it needs.
    fn is_whole(&self, subscriber: &str) -> bool {
        let is_longer = |(start, length): &(&str, usize)| {
            let mut digits = subscriber.bytes();
            subscriber.len() == *length
                && start.bytes().all(|byte| digits.next().is_some_and(|digit| byte == b'?' || byte == digit))
        };
        self.lengths.contains(&subscriber.len()) || self.longer.iter().any(is_longer)
    }
}

/// The digits of a number, after a `+` where it has one; nothing where it is no number. The zero of `+31 (0)20` is not
/// dialled.
fn digits(number: &str) -> Option<String> {
    let international = number.starts_with('+') || number.starts_with("00");
    let number = if international { number.replacen("(0)", "", 1) } else { number.to_string() };
    let digits: String = number.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '/' | '(' | ')')).collect();
    let plain = digits.strip_prefix('+').unwrap_or(&digits);
    (!plain.is_empty() && plain.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

/// Digits of the shortest numbers with their country code, on the islands of the Pacific.
const SHORTEST: usize = 7;

#[cfg(test)]
mod tests;
