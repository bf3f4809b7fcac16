use super::*;
use crate::trunk::NumberForm;

fn class_in(country: &str, number: &str) -> Class {
    Class::of(Country::find(country).expect("a country"), number)
}

#[track_caller]
fn all(country: &str, class: Class, numbers: &[&str]) {
    for number in numbers {
        assert_eq!(class_in(country, number), class, "{number} in {country}");
    }
}

#[test]
fn dutch_numbers() {
    let national = ["0201234567", "+31201234567", "0031201234567", "020-123 45 67", "+31 (0)20 123 45 67"];
    all("nl", Class::National, &national);
    all(
        "nl",
        Class::National,
        &["0881234567", "0851234567", "08001234", "0800123456", "14020", "140172", "116117", "113"],
    );
    all("nl", Class::Mobile, &["0612345678", "+31612345678", "0031612345678"]);
    all(
        "nl",
        Class::Premium,
        &["09001234", "0900123456", "09061234567", "+31909123456", "1888", "0661234567", "0676123456"],
    );
    all("nl", Class::International, &["+3221234567", "003221234567", "+4930123456", "+12125551234"]);
}

#[test]
fn belgian_numbers() {
    all("be", Class::National, &["021234567", "041234567", "+3221234567", "080012345", "1722"]);
    all("be", Class::Mobile, &["0470123456", "+32495123456"]);
    all("be", Class::Premium, &["090212345", "070123456", "1207", "1313", "+3290012345"]);
    all("be", Class::International, &["+31612345678", "0031201234567"]);
}

#[test]
fn german_numbers() {
    all("de", Class::National, &["030123456", "+4930123456", "03212345678", "08001234567", "115", "116117"]);
    all("de", Class::Mobile, &["015112345678", "+491701234567", "0160123456"]);
    all(
        "de",
        Class::Premium,
        &["0900123456", "0900 1 234567", "0137123456", "01805123456", "11833", "118000", "0190123456"],
    );
    all("de", Class::International, &["+31201234567", "01033012345", "018123456"]);
}

#[test]
fn british_numbers() {
    all("gb", Class::National, &["02079460000", "+442079460000", "03001234567", "08001111", "101", "111"]);
    all("gb", Class::Mobile, &["07400123456", "+447911123456", "07624123456"]);
    all(
        "gb",
        Class::Premium,
        &["09061234567", "07012345678", "08451234567", "08701234567", "118118", "07601123456"],
    );
    all("gb", Class::International, &["+31201234567", "00353112345"]);
}

#[test]
fn american_numbers_and_the_islands_with_the_same_code() {
    all("us", Class::National, &["2125551234", "+12125551234", "14165551234", "8005551234"]);
    all("us", Class::Premium, &["9005551234", "+19005551234", "2129761234", "5005551234"]);
    all("us", Class::International, &["+18765551234", "18095551234", "01131201234567"]);
    all("nl", Class::Premium, &["+19005551234"]);
}

#[test]
fn premium_abroad_and_satellites_are_premium_from_anywhere() {
    for country in ["nl", "be", "de", "gb", "us"] {
        let premium = ["+881612345678", "+870773123456", "+8835100012345", "+88213123456", "+97912345678"];
        all(country, Class::Premium, &premium);
        all(country, Class::Premium, &["+31900123456", "+4990012345678", "+3290212345", "+449061234567"]);
    }
    all("ie", Class::National, &["015512345", "1800123456"]);
    all("ie", Class::Premium, &["1550123456", "+3531550123456"]);
}

#[test]
fn a_premium_number_stays_one_however_it_is_written() {
    let written = [
        "09061234567",
        "0906123456789012345",
        "0906-12 34 567",
        "+31906123456",
        "0031906123456",
        "+31(0)906123456",
        "+310906123456",
        "31906123456",
        "0906#123456",
        "0906123456;phone-context=+31",
        "+31 906 12x34y56",
    ];
    all("nl", Class::Premium, &written);
}

#[test]
fn what_fits_nothing_is_international() {
    let odd = [
        "",
        "+",
        "alice",
        "201",
        "12",
        "0",
        "00",
        "020",
        "0201234",
        "*21*0612345678#",
        "+999123456",
        "１１２",
    ];
    all("nl", Class::International, &odd);
    all("nl", Class::International, &["9".repeat(500).as_str()]);
}

#[test]
fn help_is_called_by_the_numbers_of_the_country() {
    let nl = Country::find("nl").expect("a country");
    assert!(is_for_help(nl, "112"));
    assert!(is_for_help(nl, "112#"));
    assert!(["1120", "0112", "+31112", "911", "18112"].iter().all(|number| !is_for_help(nl, number)));
}

#[test]
fn every_country_has_its_table_and_every_prefix_is_digits() {
    for name in Country::names() {
        let numbers = Numbers::of(Country::find(name).expect("a country"));
        assert!(numbers.is_some_and(|numbers| !numbers.emergency.is_empty()), "{name}");
    }
    assert_eq!(table::ALL.len(), Country::names().count());
}

#[test]
fn permissions_of_the_dialplan_are_the_classes() {
    let classes: Vec<_> = PERMISSIONS.iter().map(|permission| Class::of_permission(permission)).collect();
    assert_eq!(classes, Class::ALL.map(Some));
    assert_eq!(Class::of_permission("international"), None);
}

#[test]
fn a_code_without_its_plus_is_no_mobile_where_nothing_marks_numbers_at_home() {
    for (country, number) in [
        ("pt", "911234567890"),
        ("gr", "69312345678"),
        ("lu", "675812345678"),
        ("it", "370612345678"),
        ("pl", "504612345678"),
        ("cz", "749512345678"),
        ("es", "685123456789"),
        ("es", "675812345678"),
        // Shorter than the country's own: a landline of Samoa.
        ("es", "68512345"),
        ("no", "961123456789"),
        ("dk", "252612345678"),
        ("br", "379612345678"),
        ("us", "85512345678"),
        ("us", "5201234567890"),
    ] {
        all(country, Class::International, &[number]);
    }
    for (country, number) in [
        ("no", "449061234567"),
        ("dk", "319061234567"),
        ("dk", "419001234567"),
        ("it", "329012345678"),
        ("pt", "979123456789"),
        ("br", "449061234567"),
        ("us", "877612345678"),
    ] {
        all(country, Class::Premium, &[number]);
    }
    // A whole number of the country is one: it goes out with its country code.
    all("no", Class::Mobile, &["91234567", "+4791234567", "4791234567"]);
    all("es", Class::Mobile, &["612345678", "+34612345678"]);
    all("it", Class::Mobile, &["3331234567", "393331234567", "333123456"]);
    all("lu", Class::Mobile, &["621123456", "+352621123456"]);
    all("es", Class::National, &["900123456", "800123456"]);
    all("cz", Class::National, &["800123456", "951234567"]);
    all("us", Class::National, &["8552345678", "18552345678", "8005551234"]);
}

#[test]
fn zeros_behind_the_code_of_the_country_lead_abroad() {
    for number in ["+310044906123456", "0031 0044906123456", "310044906123456", "+310000449061234567"] {
        all("nl", Class::Premium, &[number]);
    }
    all("nl", Class::International, &["+3100252612345678", "+3100201234567", "+31003100252612345678"]);
    all("nl", Class::Premium, &["+31003100881612345678"]);
    all("us", Class::Premium, &["+1011449061234567", "1011449061234567", "0111011449061234567"]);
    all("us", Class::International, &["+1011201234567"]);
    all("es", Class::Premium, &["+3400449061234567"]);
    // One zero is the one of at home, which has no place there.
    all("nl", Class::National, &["+310201234567"]);
    all("it", Class::National, &["+390612345678"]);
}

#[test]
fn a_zero_too_many_behind_the_prefix_for_abroad_makes_no_number_at_home() {
    for (country, number) in [
        ("nl", "0006851234567"),
        ("nl", "0006012345678"),
        ("de", "0001767123456"),
        ("gb", "00050012345"),
        ("fr", "000612345678"),
        ("fr", "0007012345678"),
        ("us", "0110201234567"),
    ] {
        all(country, Class::International, &[number]);
    }
    all("br", Class::Premium, &["000449061234567", "000979123456789"]);
    all("nl", Class::Premium, &["000449061234567", "00031 0044906123456"]);
    all("us", Class::Premium, &["0110449061234567", "0011449061234567", "+011449061234567"]);
    // Where no zero is too many it is abroad or at home as ever.
    all("br", Class::International, &["00351212345678"]);
    all("nl", Class::Mobile, &["0031612345678"]);
    all("us", Class::International, &["01131201234567"]);
}

#[test]
fn a_zero_behind_a_code_is_left_out_where_it_is_no_digit() {
    all("nl", Class::Premium, &["+440906123456", "00440906123456", "440906123456", "+360690123456"]);
    all("nl", Class::International, &["+4402079460000", "+390612345678"]);
    // In Italy it is one.
    all("nl", Class::Premium, &["+390878123456", "+39899123456"]);
    // In Hungary 06 stands before a number at home.
    all("hu", Class::Premium, &["0690123456", "+3690123456", "+360690123456", "+36090123456"]);
    all("hu", Class::National, &["0612345678", "+3612345678"]);
    all("hu", Class::Mobile, &["06201234567", "+36201234567", "+3606201234567"]);
    let nl = Country::find("nl").expect("a country");
    let read = |number: &str| -> Vec<String> { readings(nl, plain(number)).collect() };
    assert_eq!(read("+440906123456"), ["+440906123456", "+44906123456"]);
    assert_eq!(read("0006851234567"), ["0006851234567", "+6851234567"]);
    for number in ["+390612345678", "+442079460000", "00442079460000", "+310201234567", "0201234567"] {
        assert_eq!(read(number), [number]);
    }
}

#[test]
fn a_key_that_is_no_digit_makes_no_number_at_home() {
    all("it", Class::Premium, &["#31#892424"]);
    all("nl", Class::International, &["#31#0612345678", "*31#0201234567", "*", "#", "*0612345678"]);
    all("nl", Class::Premium, &["#31#09061234567", "*31#00449061234567"]);
}

#[test]
fn each_part_between_keys_counts_and_what_follows_a_key() {
    for number in [
        "*21*09061234567*11#",
        "*21*+449061234567*11#",
        "**61*09061234567*11*20#",
        "09061234567#1",
        "0201234567*09061234567*1",
        "#31#1888#1",
        "#31#09*061234567",
        "#31#0044*9061234567#1",
    ] {
        all("nl", Class::Premium, &[number]);
    }
    all("nl", Class::International, &["*21*0612345678#", "*21*0612345678*11#", "0612345678*1"]);
}

#[test]
fn a_hash_at_the_end_of_a_number_only_says_that_it_is_whole() {
    all("nl", Class::Mobile, &["0612345678#", "+31612345678#"]);
    all("nl", Class::National, &["0201234567#", "14020#"]);
    all("nl", Class::Premium, &["09061234567#", "1888#"]);
    all("it", Class::Premium, &["33899123456#"]);
    // With another key it may end a code.
    all("nl", Class::International, &["0612345678##", "#0612345678#", "0612345678*", "+4930123456#"]);
}

#[test]
fn a_zero_of_an_italian_area_is_a_digit_of_the_number() {
    all("it", Class::National, &["089123456", "0144123456", "0163123456", "0166123456", "+39089123456"]);
    all(
        "it",
        Class::Premium,
        &["892424", "899123456", "144123456", "166123456", "0878123456", "+39899123456"],
    );
    for country in ["nl", "us", "es"] {
        let areas = ["+39089123456", "+390144123456", "+390163123456", "+390166123456"];
        all(country, Class::International, &areas);
        all(country, Class::Premium, &["+39892424", "+39899123456", "+39144123456", "+39166123456"]);
    }
}

#[test]
fn a_service_number_with_digits_that_come_too_many_stays_premium() {
    all("pl", Class::Premium, &["118913", "118913000", "+48118913000"]);
    all("pl", Class::National, &["221234567", "121234567"]);
}

#[test]
fn what_goes_out_without_its_code_is_at_home_only_where_that_is_sure() {
    all("gr", Class::International, &["5005000123"]);
    all("gr", Class::Mobile, &["6912345678", "9412345678"]);
    all("gr", Class::National, &["2101234567", "8001234567"]);
    all("cz", Class::Premium, &["900123456", "976123456"]);
    for (country, number) in [("cz", "951234567"), ("cz", "972123456"), ("gr", "9412345678")] {
        let country = Country::find(country).expect("a country");
        let sent = NumberForm::E164Digits.write(country, number);
        assert_eq!(sent, format!("{}{number}", country.code()));
    }
}

/// Premium numbers of every country, and numbers of any code: written with what a provider may leave out, or without the `+`, none
/// is cheaper than the number that is called then.
#[test]
fn no_way_to_write_a_number_is_cheaper_than_the_number() {
    let premium = table::ALL.iter().flat_map(|numbers| {
        let code = Country::find(numbers.country).expect("a country").code();
        numbers.prefixes(Class::Premium).map(move |prefix| format!("{code}{}", prefix.replace('?', "0")))
    });
    let abroad = (20..100).map(|code| code.to_string());
    let beginnings: Vec<String> = premium.chain(abroad).chain(WORLD.map(str::to_owned)).collect();
    for name in Country::names() {
        let country = Country::find(name).expect("a country");
        let away = country.national("+290").trim_end_matches("290").to_owned();
        for (beginning, length) in
            beginnings.iter().flat_map(|start| (7..=13).map(move |length| (start, length)))
        {
            let rest = "2468135792468135".chars().take(usize::saturating_sub(length, beginning.len()));
            let digits: String = beginning.chars().chain(rest).collect();
            let really = class_in(name, &format!("+{digits}"));
            let code = country.code();
            let written = [
                digits.clone(),
                format!("{away}{digits}"),
                format!("0{away}{digits}"),
                format!("+{code}{away}{digits}"),
                format!("{code}{away}{digits}"),
                format!("{away}{code}{away}{digits}"),
                format!("+{code}{away}{code}{away}{digits}"),
                format!("+{code}{away}00{digits}"),
            ];
            for number in &written {
                let sent = NumberForm::E164Digits.write(country, number);
                assert_eq!(NumberForm::E164Digits.write(country, &format!("{number}#")), sent);
                // It goes out as a number of the country, or is as long as one that only the country can dial.
                let is_at_home = *number == digits && (sent != digits || country.unmarked(&digits).is_none());
                assert!(is_at_home || class_in(name, number) >= really, "{number} in {name}: {really}");
            }
        }
    }
}
