//! Weeks, nights, closed days and dated openings, and the days on which the clock changes.

use super::*;
use crate::calendar;
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use proptest::prelude::*;

fn hours(open: &[&str], closed: &[&str]) -> Hours {
    let days = |text: &str| match text.strip_prefix("holidays:") {
        Some(name) => calendar::parse_holidays(name).unwrap(),
        None => Days::parse_dates(text).unwrap(),
    };
    Hours {
        open: open.iter().map(|text| Opening::parse(text).unwrap()).collect(),
        closed: closed.iter().map(|text| Closed { text: (*text).to_string(), days: days(text) }).collect(),
    }
}

/// 2026-11-16 is a Monday.
fn open(hours: &Hours, day: i8, hour: i8, minute: i8) -> bool {
    hours.is_open(date(2026, 11, day).at(hour, minute, 0, 0))
}

fn at(hours: &Hours, local: &str) -> String {
    let local: DateTime = local.parse().unwrap();
    assert_eq!(hours.is_open(local), hours.why(local).is_open(), "{local}");
    hours.why(local).to_string()
}

fn amsterdam() -> TimeZone {
    TimeZoneDatabase::bundled().get("Europe/Amsterdam").unwrap()
}

/// The changes after a moment, in Amsterdam.
fn changes(hours: &Hours, after: &str, count: usize) -> Vec<String> {
    let mut at: Timestamp = after.parse().unwrap();
    let mut found = Vec::new();
    while found.len() < count
        && let Some(next) = hours.next_change(at, &amsterdam())
    {
        found.push(next.to_string());
        at = next;
    }
    found
}

#[test]
fn the_last_minute_is_before_closing_time() {
    let office = hours(&["ma-vr 08:30-17:30", "za 09:00-12:00"], &[]);
    assert!(!open(&office, 16, 8, 29));
    assert!(open(&office, 16, 8, 30));
    assert!(open(&office, 20, 17, 29));
    assert!(!open(&office, 20, 17, 30));
    assert!(open(&office, 21, 11, 59));
    assert!(!open(&office, 22, 10, 0));
}

#[test]
fn a_night_belongs_to_the_day_it_starts() {
    let night = hours(&["vr 22:00-06:00"], &["2026-11-27"]);
    assert!(open(&night, 20, 22, 0));
    assert!(open(&night, 21, 5, 59));
    assert!(!open(&night, 21, 6, 0));
    assert!(!open(&night, 20, 5, 0));
    assert!(!open(&night, 28, 5, 0), "its Friday is closed");
}

#[test]
fn a_night_goes_on_into_a_closed_day() {
    let bar = hours(&["ma-zo 20:00-02:00"], &["2026-12-25", "12-31..01-01"]);
    assert_eq!(at(&bar, "2026-12-25T01:59"), "open: ma-zo 20:00-02:00");
    assert_eq!(at(&bar, "2026-12-25T02:00"), "closed: no opening covers it");
    assert_eq!(at(&bar, "2026-12-25T20:00"), "closed: 2026-12-25");
    assert_eq!(at(&bar, "2026-12-26T01:59"), "closed: 2026-12-25");
    assert_eq!(at(&bar, "2026-12-26T20:00"), "open: ma-zo 20:00-02:00");
    assert_eq!(at(&bar, "2027-01-01T01:00"), "closed: 12-31..01-01");
    assert_eq!(at(&bar, "2027-01-02T01:00"), "closed: 12-31..01-01");
    assert_eq!(at(&bar, "2027-01-02T21:00"), "open: ma-zo 20:00-02:00");
}

#[test]
fn days_may_wrap_and_be_listed() {
    let weekend = hours(&["vr-ma", "wo,do 10:00-24:00"], &["2026-11-21..2026-11-22"]);
    assert!(open(&weekend, 16, 0, 0));
    assert!(open(&weekend, 20, 23, 59));
    assert!(!open(&weekend, 17, 12, 0));
    assert!(open(&weekend, 19, 23, 59));
    assert!(!open(&weekend, 22, 12, 0), "closed");
    assert!(open(&hours(&["08:00-9:00"], &[]), 22, 8, 59));
}

#[test]
fn a_dated_opening_beats_a_closed_day() {
    let shop = hours(
        &[
            "ma-za 09:00-18:00",
            "2026-04-27 10:00-16:00",
            "2026-12-24..2026-12-25 08:00-12:00",
            "12-31 20:00-02:00",
        ],
        &["holidays:nl", "2026-12-24..2027-01-03"],
    );
    assert_eq!(at(&shop, "2026-04-27T09:30"), "closed: Koningsdag (holidays:nl)");
    assert_eq!(at(&shop, "2026-04-27T10:00"), "open: 2026-04-27 10:00-16:00");
    assert_eq!(at(&shop, "2026-04-27T16:00"), "closed: Koningsdag (holidays:nl)");
    assert_eq!(at(&shop, "2026-04-28T16:00"), "open: ma-za 09:00-18:00");
    assert_eq!(at(&shop, "2026-12-25T11:59"), "open: 2026-12-24..2026-12-25 08:00-12:00");
    assert_eq!(at(&shop, "2026-12-26T11:59"), "closed: Tweede kerstdag (holidays:nl)");
    assert_eq!(at(&shop, "2026-12-28T11:59"), "closed: 2026-12-24..2027-01-03");
    assert_eq!(at(&shop, "2027-01-01T01:59"), "open: 12-31 20:00-02:00");
    assert_eq!(at(&shop, "2027-01-01T02:00"), "closed: no opening covers it");
    assert_eq!(at(&shop, "2026-05-05T12:00"), "open: ma-za 09:00-18:00");
    assert_eq!(at(&shop, "2030-05-06T12:00"), "open: ma-za 09:00-18:00");
    // Entries with a date say all hours of their day.
    let saturday = hours(&["za 09:00-12:00", "2026-12-19 10:00-16:00", "2026-12-19 19:00-20:00"], &[]);
    assert_eq!(
        at(&saturday, "2026-12-19T09:00"),
        "closed: that day has hours of its own, 2026-12-19 10:00-16:00"
    );
    assert_eq!(at(&saturday, "2026-12-19T19:30"), "open: 2026-12-19 19:00-20:00");
    assert_eq!(at(&saturday, "2026-12-26T09:00"), "open: za 09:00-12:00");
    let eve = hours(&["ma-vr 08:30-17:30", "wo 22:00-02:00", "2026-12-24 08:30-12:00"], &[]);
    assert!(
        at(&eve, "2026-12-24T15:00").starts_with("closed")
            && at(&eve, "2026-12-24T11:00").starts_with("open")
    );
    assert_eq!(at(&eve, "2026-12-24T01:00"), "open: wo 22:00-02:00", "the night of the day before");
    assert_eq!(
        changes(&eve, "2026-12-24T08:00Z", 2),
        ["2026-12-24T11:00:00Z", "2026-12-25T07:30:00Z"],
        "Christmas is no holiday here"
    );
    assert_eq!(at(&saturday, "2026-12-19T15:00"), "open: 2026-12-19 10:00-16:00");
    assert_eq!(at(&saturday, "2026-12-12T15:00"), "closed: no opening covers it");
    assert_eq!(at(&hours(&["2026-12-19"], &["12-19"]), "2026-12-19T00:00"), "open: 2026-12-19");
}

#[test]
fn the_whole_of_some_days() {
    let holidays = Hours::only(Opening::whole("holidays:nl", calendar::parse_holidays("nl").unwrap()));
    assert_eq!(at(&holidays, "2026-04-27T00:00"), "open: holidays:nl");
    assert_eq!(at(&holidays, "2026-04-27T23:59:59"), "open: holidays:nl");
    assert_eq!(at(&holidays, "2026-04-28T00:00"), "closed: no opening covers it");
}

#[test]
fn openings_are_read_or_refused_with_a_reason() {
    for text in
        ["ma", "ma-vr 08:30-17:30", "2026-12-19", "12-24 08:00-15:00", "2026-12-14..2026-12-19 08:00-20:00"]
    {
        assert!(Opening::parse(text).is_ok(), "{text}");
    }
    for (text, reason) in [
        ("", "`` is no day"),
        ("xx 08:00-09:00", "`xx` is no day"),
        ("ma 08:00", "`08:00` is no range of time"),
        ("ma 8-9", "`8-9` is no range of time"),
        ("ma 25:00-26:00", "`25:00-26:00`"),
        ("ma 24:00-08:00", "`24:00-08:00`"),
        ("ma 08:60-09:00", "`08:60-09:00`"),
        ("ma 08:00-08:00", "starts and ends"),
        ("ma 08:00-09:00 di", "too many words"),
        ("ma- 08:00-09:00", "`` is no day"),
        ("ma 99999999999:00-09:00", "`99999999999:00-09:00`"),
        ("2026-13-19 10:00-16:00", "`2026-13-19` is no date"),
        ("2026-12-20..2026-12-19 10:00-16:00", "`2026-12-20..2026-12-19` ends before"),
        ("2026-12-19 10:00", "`10:00` is no range of time"),
    ] {
        let error = Opening::parse(text).unwrap_err();
        assert!(error.starts_with(reason), "{text}: {error}");
    }
}

#[test]
fn changes_follow_one_another() {
    let office = hours(&["ma-vr 08:30-17:30"], &["holidays:nl"]);
    let weekend = ["2026-11-20T16:30:00Z", "2026-11-23T07:30:00Z", "2026-11-23T16:30:00Z"];
    assert_eq!(changes(&office, "2026-11-20T10:00Z", 3), weekend);
    assert_eq!(changes(&office, "2026-11-20T16:30Z", 1), weekend[1..2], "the change itself is past");
    assert_eq!(changes(&office, "2026-12-24T16:30Z", 1), ["2026-12-28T07:30:00Z"], "Christmas and a weekend");
    let night = hours(&["vr 22:00-06:00"], &["2026-11-27"]);
    assert_eq!(
        changes(&night, "2026-11-20T20:00Z", 3),
        ["2026-11-20T21:00:00Z", "2026-11-21T05:00:00Z", "2026-12-04T21:00:00Z"]
    );
    let once = hours(&["2026-12-19 10:00-16:00"], &[]);
    assert_eq!(changes(&once, "2026-11-20T20:00Z", 5), ["2026-12-19T09:00:00Z", "2026-12-19T15:00:00Z"]);
    assert_eq!(changes(&hours(&["ma-zo"], &[]), "2026-11-20T20:00Z", 1), [""; 0], "always open");
    assert_eq!(changes(&hours(&["00:00-12:00", "12:00-24:00"], &[]), "2026-11-20T20:00Z", 1), [""; 0]);
    assert_eq!(changes(&hours(&["2028-01-01"], &[]), "2026-11-20T20:00Z", 1), [""; 0], "too far away");
    assert_eq!(Hours::default().next_change(Timestamp::MAX, &TimeZone::UTC), None);
}

#[test]
fn the_hour_that_is_missing() {
    // 2026-03-29 in Amsterdam: 02:00 is 03:00.
    let sunday = |times: &str| hours(&[&format!("zo {times}")], &[]);
    let day = "2026-03-28T22:00Z";
    assert_eq!(changes(&sunday("02:30-04:00"), day, 2), ["2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"]);
    assert_eq!(changes(&sunday("01:00-02:30"), day, 2), ["2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"]);
    assert_eq!(changes(&sunday("02:00-03:00"), day, 1), ["2026-04-05T00:00:00Z"], "that day it never comes");
    assert_eq!(changes(&hours(&["za 22:00-06:00"], &[]), day, 1), ["2026-03-29T04:00:00Z"], "seven hours");
}

#[test]
fn the_hour_that_comes_twice() {
    // 2026-10-25 in Amsterdam: 03:00 is 02:00 again.
    let sunday = |times: &str| hours(&[&format!("zo {times}")], &[]);
    let day = "2026-10-24T21:30Z";
    assert_eq!(
        changes(&sunday("02:00-03:00"), day, 2),
        ["2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z"],
        "two hours"
    );
    assert_eq!(
        changes(&sunday("01:00-02:30"), day, 4),
        ["2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"],
        "02:00 to 02:30 comes twice"
    );
    assert_eq!(changes(&hours(&["za 22:00-06:00"], &[]), day, 1), ["2026-10-25T05:00:00Z"], "nine hours");
}

#[test]
fn a_midnight_that_is_missing_or_comes_twice() {
    // Beirut puts its clock forward at midnight, and back at midnight.
    let zone = TimeZoneDatabase::bundled().get("Asia/Beirut").unwrap();
    let sunday = hours(&["zo 00:00-08:00"], &[]);
    let next = |at: &str| sunday.next_change(at.parse().unwrap(), &zone).map(|at| at.to_string());
    assert_eq!(
        next("2026-03-28T20:00Z").as_deref(),
        Some("2026-03-28T22:00:00Z"),
        "at 01:00, the start of that day"
    );
    assert_eq!(next("2026-03-28T22:00Z").as_deref(), Some("2026-03-29T05:00:00Z"));
    assert_eq!(next("2026-10-24T12:00Z").as_deref(), Some("2026-10-24T22:00:00Z"), "after the second 23:00");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_an_opening_or_an_error(text in "\\PC{0,30}|[a-z,-]{0,8} [0-9:-]{0,12}|[0-9.-]{0,22} [0-9:-]{0,12}", day in 0..800_i64, minute in 0..1440_i64) {
        match Opening::parse(&text) {
            Ok(opening) => {
                let at = date(2026, 1, 1).at(0, 0, 0, 0).checked_add(jiff::ToSpan::days(day).minutes(minute)).unwrap();
                let hours = Hours::only(opening);
                prop_assert_eq!(hours.is_open(at), hours.why(at).is_open());
            }
            Err(reason) => prop_assert!(!reason.is_empty()),
        }
    }

    /// The next change is the first minute at which trying each finds them changed.
    #[test]
    fn the_next_change_is_found_by_trying_all(
        from in 0..48_u16, length in 1..48_u16, days in "(ma|di|wo|do|vr|za|zo)(-(ma|wo|vr|zo))?",
        dated in 0..6_i8, closed in 0..6_i8, start in 0..(6 * 1440_i64), around in 0..3_usize,
    ) {
        let half_hours = |count: u16| format!("{:02}:{:02}", count % 48 / 2, count % 2 * 30);
        let times = format!("{}-{}", half_hours(from), half_hours(from + length));
        prop_assume!(half_hours(from) != half_hours(from + length));
        // A plain week, and those in which the clock changes.
        let monday = [date(2026, 11, 16), date(2026, 3, 23), date(2026, 10, 19)][around];
        let day = |offset: i8| monday.checked_add(jiff::ToSpan::days(i64::from(offset) + 2)).unwrap();
        let hours = hours(&[&format!("{days} {times}"), &format!("{} 01:30-03:00", day(dated))], &[&day(closed).to_string()]);
        let zone = amsterdam();
        let first = monday.at(0, 0, 0, 0).to_zoned(zone.clone()).unwrap().timestamp();
        let at = first.checked_add(jiff::ToSpan::minutes(start)).unwrap();
        let open = |at: Timestamp| hours.is_open(zone.to_datetime(at));
        let mut minutes = (1..9 * 1440_i64).filter_map(|minute| at.checked_add(jiff::ToSpan::minutes(minute)).ok());
        let expected = minutes.find(|moment| open(*moment) != open(at));
        let found = hours.next_change(at, &zone);
        prop_assert!(expected.is_none() || found == expected, "{found:?} and {expected:?}");
    }
}

/// As many entries as a plan takes, none of which ever changes anything.
#[test]
fn the_search_for_a_change_ends_at_its_horizon() {
    let holidays = || calendar::parse_holidays("de-by").expect("holidays");
    let closure = Days::Closure(vec![holidays(); 366].into());
    let mut hours = Hours::default();
    for minute in 0..366 {
        let text = format!("ma-zo 00:00-{:02}:{:02}", 6 + minute / 60, minute % 60);
        hours.open.push(Opening::parse(&text).expect("an opening"));
    }
    hours.open.push(Opening::parse("00:00-24:00").expect("all day"));
    let zone = amsterdam();
    let at: Timestamp = "2026-11-20T10:00:00Z".parse().expect("a moment");
    assert_eq!(hours.next_change(at, &zone), None, "open for ever");
    let days = Days::parse_dates("01-01..12-31").expect("days");
    hours.closed = vec![
        Closed { text: String::new(), days: closure.clone() },
        Closed { text: String::new(), days: closure },
    ];
    hours.closed.push(Closed { text: String::new(), days });
    assert_eq!(hours.next_change(at, &zone), None, "closed for ever");
    for (date, expected) in [("2027-12-25", true), ("2027-12-26", false)] {
        let opening = Opening::parse(&format!("{date} 00:00-24:00")).expect("a dated opening");
        let once = Hours { open: vec![opening], closed: Vec::new() };
        assert_eq!(once.next_change(at, &zone).is_some(), expected, "400 days ahead: {date}");
    }
}
