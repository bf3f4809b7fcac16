//! The Netherlands: the days on which most employers close. Liberation Day is one of them once in five years (2025,
//! 2030), as most collective agreements have it; who closes on every 5 May adds the yearly date `05-05`. Good Friday is
//! a working day for most; who closes adds it as a date.

use super::Country;
use super::rule::Holiday;

pub(super) static COUNTRY: Country = Country {
    name: "nl",
    regions: &[],
    days: &[
        Holiday::on(1, 1, "Nieuwjaarsdag"),
        Holiday::easter(0, "Eerste paasdag"),
        Holiday::easter(1, "Tweede paasdag"),
        Holiday::on(4, 27, "Koningsdag").saturday_instead(),
        Holiday::on(5, 5, "Bevrijdingsdag").every_five_years(),
        Holiday::easter(39, "Hemelvaartsdag"),
        Holiday::easter(49, "Eerste pinksterdag"),
        Holiday::easter(50, "Tweede pinksterdag"),
        Holiday::on(12, 25, "Eerste kerstdag"),
        Holiday::on(12, 26, "Tweede kerstdag"),
    ],
};
