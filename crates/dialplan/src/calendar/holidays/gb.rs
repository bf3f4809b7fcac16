//! The United Kingdom: bank holidays of England and Wales (`gb`, `gb-eng`, `gb-wls`), Scotland (`gb-sct`) and Northern
//! Ireland (`gb-nir`), with those proclaimed for one year. One in the weekend is kept on its own day and again on the
//! next working day.

use super::Country;
use super::rule::Holiday;
use jiff::civil::Weekday::Monday;

pub(super) static COUNTRY: Country = Country {
    name: "gb",
    regions: &["eng", "wls", "sct", "nir"],
    days: &[
        Holiday::on(1, 1, "New Year's Day").monday_too().except(SCOTLAND),
        Holiday::on(1, 1, "New Year's Day").two_days_later_too().only(SCOTLAND),
        Holiday::on(1, 2, "2 January").two_days_later_too().only(SCOTLAND),
        Holiday::on(3, 17, "St Patrick's Day").monday_too().only(&["nir"]),
        Holiday::easter(-2, "Good Friday"),
        Holiday::easter(1, "Easter Monday").except(SCOTLAND),
        // The anniversaries of the end of the war and the jubilees took the place of the usual Monday.
        Holiday::first(Monday, 5, "Early May bank holiday").years(i16::MIN, 2019),
        Holiday::once(2020, 5, 8, "Early May bank holiday (VE day)"),
        Holiday::first(Monday, 5, "Early May bank holiday").since(2021),
        Holiday::once(2023, 5, 8, "Coronation of King Charles III"),
        Holiday::last(Monday, 5, "Spring bank holiday").years(i16::MIN, 2021),
        Holiday::once(2022, 6, 2, "Spring bank holiday"),
        Holiday::once(2022, 6, 3, "Platinum Jubilee of Queen Elizabeth II"),
        Holiday::last(Monday, 5, "Spring bank holiday").since(2023),
        Holiday::once(2026, 6, 15, "World Cup bank holiday").only(SCOTLAND),
        Holiday::on(7, 12, "Battle of the Boyne").monday_too().only(&["nir"]),
        Holiday::first(Monday, 8, "Summer bank holiday").only(SCOTLAND),
        Holiday::last(Monday, 8, "Summer bank holiday").except(SCOTLAND),
        Holiday::once(2022, 9, 19, "State Funeral of Queen Elizabeth II"),
        Holiday::on(11, 30, "St Andrew's Day").monday_too().only(SCOTLAND),
        Holiday::on(12, 25, "Christmas Day").two_days_later_too(),
        Holiday::on(12, 26, "Boxing Day").two_days_later_too(),
    ],
};

const SCOTLAND: &[&str] = &["sct"];
