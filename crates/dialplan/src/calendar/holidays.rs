//! Public holidays, computed and never looked up: `holidays:nl`, with a region where a country has them, `holidays:de-by`.
//!
//! They are the days on which the law or custom of the whole country or region closes offices. Days that only some
//! employers, towns or denominations keep are not among them; an organisation adds those as dates.

mod be;
mod br;
mod de;
mod easter;
mod fr;
mod gb;
mod nl;
mod pt;
mod rule;

use jiff::civil::Date;
use rule::Holiday;

/// The holidays of one country, or of one of its regions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holidays {
    country: &'static Country,
    /// Empty: the country as such.
    region: &'static str,
}

#[derive(Debug)]
struct Country {
    /// ISO 3166, in small letters.
    name: &'static str,
    /// The second half of ISO 3166-2, in small letters, or a short word where that names no region.
    regions: &'static [&'static str],
    days: &'static [Holiday],
}

impl Holidays {
    /// By `nl`, or `de-by`.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (country, region) =
            name.split_once('-').map_or((name, None), |(name, region)| (name, Some(region)));
        let country = COUNTRIES.iter().copied().find(|known| known.name == country)?;
        let region = match region {
            None => "",
            Some(region) => country.regions.iter().find(|known| **known == region)?,
        };
        Some(Self { country, region })
    }

    /// All names that [`parse`](Self::parse) knows.
    pub(crate) fn names() -> Vec<String> {
        let of = |country: &Country| {
            let regions = country.regions.iter().map(|region| format!("{}-{region}", country.name));
            std::iter::once(country.name.to_string()).chain(regions).collect::<Vec<_>>()
        };
        COUNTRIES.iter().flat_map(|country| of(country)).collect()
    }

    /// The holiday that this day is, in the language of the country.
    pub(crate) fn name_on(self, date: Date) -> Option<String> {
        let mut days =
            self.country.days.iter().filter(|holiday| holiday.is_kept_in(self.region, date.year()));
        days.find_map(|holiday| holiday.name_on(date))
    }
}

impl PartialEq for Holidays {
    fn eq(&self, other: &Self) -> bool {
        self.country.name == other.country.name && self.region == other.region
    }
}

impl Eq for Holidays {}

static COUNTRIES: [&Country; 7] =
    [&be::COUNTRY, &br::COUNTRY, &de::COUNTRY, &fr::COUNTRY, &gb::COUNTRY, &nl::COUNTRY, &pt::COUNTRY];

#[cfg(test)]
mod tests;
