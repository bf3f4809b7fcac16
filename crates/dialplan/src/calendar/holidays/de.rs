//! Germany: nine days of the whole country, and those of the Länder by their own laws.
//!
//! Mariä Himmelfahrt is kept in the communities of Bavaria with more Catholics than Protestants, Munich and most others
//! among them: they take `by-kath`. The peace festival of Augsburg and Corpus Christi in parts of Saxony and Thuringia
//! are left to dates.

use super::Country;
use super::rule::Holiday;
use jiff::civil::Weekday;

pub(super) static COUNTRY: Country = Country {
    name: "de",
    regions: &[
        "bw", "by", "by-kath", "be", "bb", "hb", "hh", "he", "mv", "ni", "nw", "rp", "sl", "sn", "st", "sh",
        "th",
    ],
    days: &[
        Holiday::on(1, 1, "Neujahr"),
        Holiday::on(1, 6, "Heilige Drei Könige").only(&["bw", "by", "by-kath", "st"]),
        Holiday::on(3, 8, "Frauentag").only(&["be"]).since(2019),
        Holiday::on(3, 8, "Frauentag").only(&["mv"]).since(2023),
        Holiday::easter(-2, "Karfreitag"),
        Holiday::easter(0, "Ostersonntag").only(&["bb"]),
        Holiday::easter(1, "Ostermontag"),
        Holiday::on(5, 1, "Tag der Arbeit"),
        Holiday::once(2020, 5, 8, "Tag der Befreiung").only(&["be"]),
        Holiday::once(2025, 5, 8, "Tag der Befreiung").only(&["be"]),
        Holiday::easter(39, "Christi Himmelfahrt"),
        Holiday::easter(49, "Pfingstsonntag").only(&["bb"]),
        Holiday::easter(50, "Pfingstmontag"),
        Holiday::once(2028, 6, 17, "75. Jahrestag des Aufstands vom 17. Juni 1953").only(&["be"]),
        Holiday::easter(60, "Fronleichnam").only(&["bw", "by", "by-kath", "he", "nw", "rp", "sl"]),
        Holiday::on(8, 15, "Mariä Himmelfahrt").only(&["sl", "by-kath"]),
        Holiday::on(9, 20, "Weltkindertag").only(&["th"]).since(2019),
        Holiday::on(10, 3, "Tag der Deutschen Einheit"),
        Holiday::on(10, 31, "Reformationstag").only(&["bb", "mv", "sn", "st", "th"]),
        Holiday::on(10, 31, "Reformationstag").only(&["hb", "hh", "ni", "sh"]).since(2018),
        Holiday::on(11, 1, "Allerheiligen").only(&["bw", "by", "by-kath", "nw", "rp", "sl"]),
        Holiday::before(Weekday::Wednesday, 11, 23, "Buß- und Bettag").only(&["sn"]),
        Holiday::on(12, 25, "Erster Weihnachtstag"),
        Holiday::on(12, 26, "Zweiter Weihnachtstag"),
    ],
};
