//! The rules against tables of days, and the names they give.

use super::*;
use jiff::civil::date;

fn name(holidays: &str, day: Date) -> Option<String> {
    Holidays::parse(holidays).unwrap_or_else(|| panic!("{holidays} is known")).name_on(day)
}

#[test]
fn seven_years_of_every_region() {
    let mut seen = std::collections::BTreeSet::new();
    for line in include_str!("days.txt").lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        let (region, year) = (words.next().unwrap(), words.next().unwrap());
        let expected: Vec<&str> = words.collect();
        let first = date(year.parse().unwrap(), 1, 1);
        let days = first.series(jiff::ToSpan::days(1)).take_while(|day| day.year() == first.year());
        let found: Vec<String> = days
            .filter(|day| name(region, *day).is_some())
            .map(|day| format!("{:02}-{:02}", day.month(), day.day()))
            .collect();
        assert_eq!(found, expected, "{region} in {year}");
        seen.insert(region);
    }
    assert!(Holidays::names().iter().all(|name| seen.contains(name.as_str())), "{seen:?}");
}

#[test]
fn each_has_a_name_in_its_own_language() {
    for (holidays, day, expected) in [
        ("nl", date(2026, 4, 27), "Koningsdag"),
        ("nl", date(2025, 4, 26), "Koningsdag"),
        ("nl", date(2030, 5, 5), "Bevrijdingsdag"),
        ("nl", date(2026, 5, 14), "Hemelvaartsdag"),
        ("be", date(2026, 7, 21), "Nationale feestdag"),
        ("de", date(2026, 10, 3), "Tag der Deutschen Einheit"),
        ("de-sn", date(2026, 11, 18), "Buß- und Bettag"),
        ("de-by", date(2026, 6, 4), "Fronleichnam"),
        ("de-by-kath", date(2026, 8, 15), "Mariä Himmelfahrt"),
        ("fr", date(2026, 7, 14), "Fête nationale"),
        ("fr-als", date(2026, 4, 3), "Vendredi saint"),
        ("pt", date(2026, 6, 10), "Dia de Portugal"),
        ("br", date(2026, 11, 20), "Consciência Negra"),
        ("br-facultativo", date(2026, 2, 17), "Carnaval"),
        ("gb", date(2026, 12, 26), "Boxing Day"),
        ("gb", date(2026, 12, 28), "Boxing Day (substitute day)"),
        ("gb-sct", date(2026, 6, 15), "World Cup bank holiday"),
        ("gb-nir", date(2026, 7, 13), "Battle of the Boyne (substitute day)"),
    ] {
        assert_eq!(name(holidays, day).as_deref(), Some(expected), "{holidays} {day}");
    }
}

/// Days that were otherwise than their rule in one year, and those that a rule is easily wrong about.
#[test]
fn exceptions() {
    for (holidays, day, kept) in [
        ("nl", date(2025, 4, 27), false),
        ("nl", date(2026, 5, 5), false),
        ("nl", date(2026, 4, 3), false),
        ("be", date(2026, 7, 11), false),
        ("br", date(2023, 11, 20), false),
        ("br", date(2026, 2, 17), false),
        ("de-be", date(2020, 5, 8), true),
        ("de-be", date(2024, 5, 8), false),
        ("de-mv", date(2022, 3, 8), false),
        ("gb", date(2020, 5, 4), false),
        ("gb", date(2020, 5, 8), true),
        ("gb", date(2021, 12, 27), true),
        ("gb", date(2021, 12, 28), true),
        ("gb", date(2022, 5, 30), false),
        ("gb", date(2022, 6, 2), true),
        ("gb", date(2022, 6, 3), true),
        ("gb", date(2022, 9, 19), true),
        ("gb", date(2022, 12, 27), true),
        ("gb", date(2023, 1, 2), true),
        ("gb", date(2023, 5, 1), true),
        ("gb", date(2023, 5, 8), true),
        ("gb-sct", date(2022, 1, 4), true),
        ("gb-sct", date(2023, 1, 3), true),
        ("gb-sct", date(2026, 4, 6), false),
    ] {
        assert_eq!(name(holidays, day).is_some(), kept, "{holidays} {day}");
    }
}

#[test]
fn only_known_names_are_read() {
    for name in Holidays::names() {
        assert!(Holidays::parse(&name).is_some(), "{name}");
    }
    for name in ["", "-", "nl-", "-nl", "NL", "nl-zh", "de-", "de-by-", "es", "gb-eng-"] {
        assert!(Holidays::parse(name).is_none(), "{name}");
    }
}
