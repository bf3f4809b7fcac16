//! A set of numbers in E.164, 8 bytes each.

/// The numbers, in order.
#[derive(Debug, Default)]
pub struct Numbers(Box<[u64]>);

impl Numbers {
    /// Those of `numbers` that are in E.164.
    pub fn new<'a>(numbers: impl IntoIterator<Item = &'a str>) -> Self {
        let mut packed: Vec<u64> = numbers.into_iter().filter_map(pack).collect();
        packed.sort_unstable();
        packed.dedup();
        Self(packed.into())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contains(&self, number: &str) -> bool {
        pack(number).is_some_and(|packed| self.0.binary_search(&packed).is_ok())
    }
}

/// `+31201234567` as a number: no country code begins with 0 (ITU-T E.164 has at most 15 digits).
pub(super) fn pack(number: &str) -> Option<u64> {
    let digits = number.strip_prefix('+')?;
    let is_whole = (1..=15).contains(&digits.len()) && !digits.starts_with('0');
    // A further sign would parse.
    (is_whole && digits.bytes().all(|digit| digit.is_ascii_digit())).then(|| digits.parse().ok())?
}
