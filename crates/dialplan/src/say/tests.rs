use super::language::plain;
use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use toml_edit::DocumentMut;

fn said(kind: SayKind, text: &str, language: Language) -> Result<Vec<String>, SayError> {
    Saying { kind, text: text.into() }.prompts(language, "2026-11-20T10:05".parse().unwrap())
}

/// The texts of the recordings that ship for a language.
fn texts(language: Language) -> BTreeMap<String, String> {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sounds").join(language.code()).join("prompts.toml");
    let file: DocumentMut = std::fs::read_to_string(&file).unwrap().parse().unwrap();
    let table = file["say"].as_table().unwrap();
    table.iter().map(|(name, text)| (format!("say/{name}"), text.as_str().unwrap().to_string())).collect()
}

/// What a caller hears, in words.
fn heard(kind: SayKind, text: &str, language: Language) -> String {
    let texts = texts(language);
    let names = said(kind, text, language).unwrap();
    names.iter().map(|name| texts[name].as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn dutch_reads_as_it_is_spoken() {
    for (kind, text, expected) in [
        (SayKind::Number, "0", "nul"),
        (SayKind::Number, "1", "één"),
        (SayKind::Number, "100", "honderd"),
        (SayKind::Number, "101", "honderd één"),
        (SayKind::Number, "122", "honderd tweeëntwintig"),
        (SayKind::Number, "0345", "driehonderd vijfenveertig"),
        (SayKind::Number, "1000", "duizend"),
        (SayKind::Number, "1042", "duizend tweeënveertig"),
        (SayKind::Number, "1100", "elf honderd"),
        (SayKind::Number, "1500", "vijftien honderd"),
        (SayKind::Number, "1985", "negentien honderd vijfentachtig"),
        (SayKind::Number, "2000", "twee duizend"),
        (SayKind::Number, "12500", "twaalf duizend vijfhonderd"),
        (SayKind::Number, "101001", "honderd één duizend één"),
        (SayKind::Number, "1000000", "één miljoen"),
        (SayKind::Number, "-1001500", "min één miljoen duizend vijfhonderd"),
        (SayKind::Digits, "+31 (0)20-123", "plus drie één nul twee nul één twee drie"),
        (SayKind::Digits, "*43#", "sterretje vier drie hekje"),
        (SayKind::Spell, "Ab-1é", "aa bee streepje één ee"),
        (SayKind::Date, "2026-12-25", "vrijdag vijfentwintig december twee duizend zesentwintig"),
        (SayKind::Date, "1985-03-01", "vrijdag één maart negentien honderd vijfentachtig"),
        (SayKind::Date, "2000-02-29", "dinsdag negenentwintig februari twee duizend"),
        (SayKind::Date, "1900-01-01", "maandag één januari negentien honderd"),
        (SayKind::Date, "", "vrijdag twintig november twee duizend zesentwintig"),
        (SayKind::Time, "14:30", "veertien uur dertig"),
        (SayKind::Time, "0:05", "nul uur vijf"),
        (SayKind::Time, "9:00", "negen uur"),
        (SayKind::Time, " ", "tien uur vijf"),
    ] {
        assert_eq!(heard(kind, text, Language::Dutch), expected, "{kind}:{text}");
    }
}

#[test]
fn english_reads_as_it_is_spoken() {
    for (kind, text, expected) in [
        (SayKind::Number, "101", "one hundred and one"),
        (SayKind::Number, "1985", "one thousand nine hundred and eighty-five"),
        (SayKind::Number, "21005", "twenty-one thousand and five"),
        (SayKind::Number, "1000100", "one million one hundred"),
        (SayKind::Date, "2026-12-25", "Friday the twenty-fifth of December twenty twenty-six"),
        (SayKind::Date, "1905-05-02", "Tuesday the second of May nineteen oh five"),
        (SayKind::Date, "1900-05-02", "Wednesday the second of May nineteen hundred"),
        (SayKind::Date, "2005-05-02", "Monday the second of May two thousand and five"),
        (SayKind::Time, "0:05", "twelve oh five a.m."),
        (SayKind::Time, "12:00", "twelve p.m."),
        (SayKind::Time, "14:30", "two thirty p.m."),
        (SayKind::Spell, "a_b@c.z", "a underscore b at c dot z"),
    ] {
        assert_eq!(heard(kind, text, Language::English), expected, "{kind}:{text}");
    }
}

#[test]
fn german_reads_as_it_is_spoken() {
    for (kind, text, expected) in [
        (SayKind::Number, "1", "eins"),
        (SayKind::Number, "101", "einhundert eins"),
        (SayKind::Number, "1001", "ein tausend eins"),
        (SayKind::Number, "21000", "einundzwanzig tausend"),
        (SayKind::Number, "101021", "einhundert ein tausend einundzwanzig"),
        (SayKind::Number, "1000000", "eine Million"),
        (SayKind::Number, "2000001", "zwei Millionen eins"),
        (SayKind::Date, "2026-12-03", "Donnerstag der dritte Dezember zwei tausend sechsundzwanzig"),
        (
            SayKind::Date,
            "1985-12-25",
            "Mittwoch der fünfundzwanzigste Dezember neunzehn hundert fünfundachtzig",
        ),
        (SayKind::Time, "1:01", "ein Uhr eins"),
        (SayKind::Time, "21:00", "einundzwanzig Uhr"),
        (SayKind::Spell, "Größe", "g r ö Eszett e"),
    ] {
        assert_eq!(heard(kind, text, Language::German), expected, "{kind}:{text}");
    }
}

#[test]
fn french_reads_as_it_is_spoken() {
    for (kind, text, expected) in [
        (SayKind::Number, "71", "soixante et onze"),
        (SayKind::Number, "99", "quatre-vingt-dix-neuf"),
        (SayKind::Number, "1985", "mille neuf cents quatre-vingt-cinq"),
        (SayKind::Number, "200000", "deux cents mille"),
        (SayKind::Number, "1000000", "un million"),
        (SayKind::Date, "2026-12-25", "vendredi vingt-cinq décembre deux mille vingt-six"),
        (SayKind::Date, "2026-01-01", "jeudi premier janvier deux mille vingt-six"),
        (SayKind::Time, "1:21", "une heure vingt et une"),
        (SayKind::Time, "14:30", "quatorze heures trente"),
        (SayKind::Spell, "Été", "e t e"),
    ] {
        assert_eq!(heard(kind, text, Language::French), expected, "{kind}:{text}");
    }
}

#[test]
fn portuguese_reads_as_it_is_spoken() {
    for (kind, text, expected) in [
        (SayKind::Number, "100", "cem"),
        (SayKind::Number, "101", "cento e um"),
        (SayKind::Number, "200", "duzentos"),
        (SayKind::Number, "1100", "mil e cem"),
        (SayKind::Number, "1985", "mil novecentos e oitenta e cinco"),
        (SayKind::Number, "2026", "dois mil e vinte e seis"),
        (SayKind::Number, "1000000", "um milhão"),
        (SayKind::Number, "1200000", "um milhão e duzentos mil"),
        (SayKind::Number, "2234000", "dois milhões duzentos e trinta e quatro mil"),
        (SayKind::Number, "1000100", "um milhão e cem"),
        (SayKind::Date, "2026-12-25", "sexta-feira vinte e cinco de dezembro de dois mil e vinte e seis"),
        (SayKind::Date, "2026-01-01", "quinta-feira primeiro de janeiro de dois mil e vinte e seis"),
        (SayKind::Time, "1:00", "uma hora"),
        (SayKind::Time, "22:30", "vinte e duas horas e trinta"),
    ] {
        assert_eq!(heard(kind, text, Language::Portuguese), expected, "{kind}:{text}");
    }
}

#[test]
fn what_is_no_such_thing_is_refused() {
    for (kind, text) in [
        (SayKind::Digits, ""),
        (SayKind::Digits, "anonymous"),
        (SayKind::Digits, " - "),
        (SayKind::Number, ""),
        (SayKind::Number, "-"),
        (SayKind::Number, "1.5"),
        (SayKind::Number, "+5"),
        (SayKind::Spell, " "),
        (SayKind::Spell, "a\u{4e00}"),
        (SayKind::Spell, "a$"),
        (SayKind::Date, "25-12-2026"),
        (SayKind::Date, "2026-02-29"),
        (SayKind::Date, "2026-12-25T10:00"),
        (SayKind::Date, "0000-12-25"),
        (SayKind::Time, "24:00"),
        (SayKind::Time, "14.30"),
    ] {
        assert!(said(kind, text, Language::Dutch).is_err(), "{kind}:{text}");
    }
    let error = said(SayKind::Time, "straks", Language::Dutch).unwrap_err();
    assert_eq!(error.to_string(), "`straks` cannot be said as time: expected a time such as `14:30`");
}

#[test]
fn what_is_too_long_is_cut() {
    let forty = "1234567890".repeat(4);
    let names = said(SayKind::Digits, &forty, Language::Dutch).unwrap();
    assert_eq!((names.len(), names.last().map(String::as_str)), (32, Some("say/2")));
    assert_eq!(said(SayKind::Spell, &forty, Language::Dutch).unwrap().len(), 32);
    // A thousand millions has another name in each country: digit by digit.
    assert_eq!(
        heard(SayKind::Number, "-001000000000", Language::Dutch),
        "min één nul nul nul nul nul nul nul nul nul"
    );
    assert_eq!(said(SayKind::Number, &forty, Language::Dutch).unwrap().len(), 32);
}

#[test]
fn every_recording_has_a_text_and_a_use() {
    for language in Language::ALL {
        let needed: BTreeSet<String> =
            SayKind::ALL.into_iter().flat_map(|kind| language.recordings(kind)).collect();
        let ships: BTreeSet<String> = texts(language).into_keys().collect();
        assert_eq!(needed, ships, "{language}");
    }
}

#[test]
fn small_numbers_and_those_around_a_power_of_ten_read_back() {
    let around = [10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 999_999_990].into_iter();
    for number in (0..=12_000).chain(around.flat_map(|power: u64| power - 9..=power + 9)) {
        for language in Language::ALL {
            assert_eq!(read_back(language, number), number, "{language}");
        }
    }
}

fn read_back(language: Language, number: u64) -> u64 {
    let names = said(SayKind::Number, &number.to_string(), language).unwrap();
    assert!(names.len() <= 16, "{names:?}");
    value(names.iter().map(|name| plain(name).unwrap()))
}

/// The number that the words stand for, as a listener of any of the languages would add it up.
fn value<'a>(names: impl Iterator<Item = &'a str>) -> u64 {
    let (mut total, mut group) = (0, 0);
    for name in names {
        match name {
            "and" => {}
            "ein" | "eine" => group += 1,
            "hundred" => group += 100,
            "thousand" => {
                total += u64::max(group, 1) * 1000;
                group = 0;
            }
            "million" | "millions" => {
                total += group * 1_000_000;
                group = 0;
            }
            // "negentienhonderd".
            "100" if (11..20).contains(&group) => group *= 100,
            digits => group += digits.parse::<u64>().unwrap(),
        }
    }
    total + group
}

proptest! {
    #[test]
    fn numbers_read_back(number in 0_u64..=1_000_000, large in 1_000_000_u64..1_000_000_000) {
        for language in Language::ALL {
            prop_assert_eq!(read_back(language, number), number);
            prop_assert_eq!(read_back(language, large), large);
        }
    }

    #[test]
    fn only_recordings_that_ship_are_played(text in ".{0,60}|[-+0-9]{0,40}|[0-9]{1,4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}:[0-9]{2}|[A-Za-zß-ÿ0-9@._ -]{1,40}") {
        for language in Language::ALL {
            for kind in SayKind::ALL {
                let names = said(kind, &text, language).unwrap_or_default();
                let ships = language.recordings(kind);
                prop_assert!(names.len() <= 33);
                for name in names {
                    prop_assert!(ships.contains(&name), "{} of {}:{} in {}", name, kind, text, language);
                }
            }
        }
    }

    #[test]
    fn every_day_and_minute_can_be_said(days in 0_i32..3_652_000, minute in 0_u16..1440) {
        use jiff::ToSpan as _;
        let date = jiff::civil::date(1, 1, 1).checked_add(days.days()).unwrap();
        for language in Language::ALL {
            let names = said(SayKind::Date, &date.to_string(), language).unwrap();
            let ships = language.recordings(SayKind::Date);
            prop_assert!(names.iter().all(|name| ships.contains(name)), "{names:?}");
            let names = said(SayKind::Time, &format!("{}:{:02}", minute / 60, minute % 60), language).unwrap();
            let ships = language.recordings(SayKind::Time);
            prop_assert!(names.iter().all(|name| ships.contains(name)), "{names:?}");
        }
    }
}
