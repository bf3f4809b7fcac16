//! How a holiday finds its day: the forms in which the tables of the countries are written.

use super::easter::easter;
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

/// A line of a country's table.
#[derive(Debug)]
pub(super) struct Holiday {
    name: &'static str,
    on: On,
    weekend: Weekend,
    /// Only in these regions; everywhere where there are none. The empty one is the country as such.
    only: &'static [&'static str],
    /// Everywhere but in these.
    except: &'static [&'static str],
    /// The first and the last year.
    years: (i16, i16),
    /// Only in years that this divides.
    every: i16,
}

#[derive(Debug)]
enum On {
    /// Month and day of every year.
    Date(i8, i8),
    /// Days after Easter Sunday, or before it.
    Easter(i32),
    /// The first such day of a month.
    First(Weekday, i8),
    /// The last such day of a month.
    Last(Weekday, i8),
    /// The last such day before a month and day.
    Before(Weekday, i8, i8),
}

/// What becomes of a holiday in the weekend.
#[derive(Debug)]
enum Weekend {
    /// It stays where it is.
    Stays,
    /// A Sunday's is kept on the Saturday before, instead.
    SaturdayInstead,
    /// The Monday after is kept too.
    MondayToo,
    /// As `MondayToo`, for two holidays on consecutive days: each is kept two days later too.
    TwoDaysLaterToo,
}

impl Holiday {
    pub(super) const fn on(month: i8, day: i8, name: &'static str) -> Self {
        Self::new(On::Date(month, day), name)
    }

    pub(super) const fn easter(days: i32, name: &'static str) -> Self {
        Self::new(On::Easter(days), name)
    }

    pub(super) const fn first(weekday: Weekday, month: i8, name: &'static str) -> Self {
        Self::new(On::First(weekday, month), name)
    }

    pub(super) const fn last(weekday: Weekday, month: i8, name: &'static str) -> Self {
        Self::new(On::Last(weekday, month), name)
    }

    pub(super) const fn before(weekday: Weekday, month: i8, day: i8, name: &'static str) -> Self {
        Self::new(On::Before(weekday, month, day), name)
    }

    /// A holiday of one single year.
    pub(super) const fn once(year: i16, month: i8, day: i8, name: &'static str) -> Self {
        Self::on(month, day, name).years(year, year)
    }

    pub(super) const fn years(self, first: i16, last: i16) -> Self {
        Self { years: (first, last), ..self }
    }

    pub(super) const fn since(self, year: i16) -> Self {
        Self { years: (year, i16::MAX), ..self }
    }

    /// In 2025, 2030 and so on.
    pub(super) const fn every_five_years(self) -> Self {
        Self { every: 5, ..self }
    }

    pub(super) const fn only(self, regions: &'static [&'static str]) -> Self {
        Self { only: regions, ..self }
    }

    pub(super) const fn except(self, regions: &'static [&'static str]) -> Self {
        Self { except: regions, ..self }
    }

    pub(super) const fn saturday_instead(self) -> Self {
        Self { weekend: Weekend::SaturdayInstead, ..self }
    }

    pub(super) const fn monday_too(self) -> Self {
        Self { weekend: Weekend::MondayToo, ..self }
    }

    pub(super) const fn two_days_later_too(self) -> Self {
        Self { weekend: Weekend::TwoDaysLaterToo, ..self }
    }

    const fn new(on: On, name: &'static str) -> Self {
        Self {
            name,
            on,
            weekend: Weekend::Stays,
            only: &[],
            except: &[],
            years: (i16::MIN, i16::MAX),
            every: 1,
        }
    }

    pub(super) fn is_kept_in(&self, region: &str, year: i16) -> bool {
        (self.only.is_empty() || self.only.contains(&region))
            && !self.except.contains(&region)
            && (self.years.0..=self.years.1).contains(&year)
            && year % self.every == 0
    }

    /// Its name, if this is its day; with a word about it on the day that is kept for it.
    pub(super) fn name_on(&self, date: Date) -> Option<String> {
        let day = self.on.in_year(date.year())?;
        let later = match (&self.weekend, day.weekday()) {
            (Weekend::SaturdayInstead, Weekday::Sunday) => {
                return (day.yesterday().ok() == Some(date)).then(|| self.name.to_string());
            }
            (Weekend::MondayToo, Weekday::Sunday) => 1,
            (Weekend::MondayToo | Weekend::TwoDaysLaterToo, Weekday::Saturday)
            | (Weekend::TwoDaysLaterToo, Weekday::Sunday) => 2,
            _ => 0,
        };
        if day == date {
            return Some(self.name.to_string());
        }
        (later > 0 && day.checked_add(later.days()).ok() == Some(date))
            .then(|| format!("{} (substitute day)", self.name))
    }
}

impl On {
    fn in_year(&self, year: i16) -> Option<Date> {
        match *self {
            Self::Date(month, day) => Date::new(year, month, day).ok(),
            Self::Easter(days) => easter(year)?.checked_add(days.days()).ok(),
            Self::First(weekday, month) => {
                Date::new(year, month, 1).ok()?.nth_weekday_of_month(1, weekday).ok()
            }
            Self::Last(weekday, month) => {
                Date::new(year, month, 1).ok()?.nth_weekday_of_month(-1, weekday).ok()
            }
            Self::Before(weekday, month, day) => {
                Date::new(year, month, day).ok()?.nth_weekday(-1, weekday).ok()
            }
        }
    }
}
