//! A number is priced by what it is, however it is dialled: in E.164 where it has such a form, else as it is dialled in its country.

use kiestoon_call::{Class, Rate, Rights};
use kiestoon_testkit::{PhoneId, Story, carrier, phone, secs};

const OUT: &str = r#"
    [[context.intern]]
    match = ["_0.", "_+.", "_1.", "_3."]
    do = [{ dial = "trunk:voys", timeout = "20s" }]
"#;

/// A euro, in millionths.
const EURO: u64 = 1_000_000;

/// An office that may call everything, with a budget, at these prices a minute.
fn office(seed: u64, country: &'static str, card: &[(&str, u64)]) -> (Story, [PhoneId; 2]) {
    let story = Story::office(seed).rules(OUT).trunk("voys", |trunk| {
        trunk.country = kiestoon_dialplan::Country::find(country).expect("a country");
    });
    let story = story.profile("201", |profile| {
        profile.rights = Rights::of(Class::ALL);
        profile.limits.spend_per_day = Some(1_000 * EURO);
    });
    let rate =
        |story: Story, (prefix, price): &(&str, u64)| story.rate("voys", prefix, Rate::per_minute(*price));
    let mut t = card.iter().fold(story, rate);
    let a = t.add(phone("201"));
    let far = t.add_carrier(carrier("voys"));
    t.register_all();
    (t, [a, far])
}

/// What a minute costs, or why it is refused; None where it costs nothing.
fn price(t: &mut Story, [a, far]: [PhoneId; 2], number: &str) -> Result<Option<u64>, String> {
    let refused = t.refused_out().len();
    t.call(a, number);
    t.run_until(secs(5), |t| t.refused_out().len() > refused || t.phone(far).last_call().is_some());
    t.run(secs(63));
    t.hang_up_all(a);
    t.settle();
    if let Some([.., why]) = t.refused_out().get(refused) {
        return Err((*why).to_owned());
    }
    let record = t.the_pbx().ended().last().expect("a record");
    let talk = record.end.expect("an end").talk_ms;
    let cost = record.legs.last().and_then(|leg| leg.cost);
    Ok(cost.map(|cost| (cost * 60_000 / talk + 5_000) / 10_000 * 10_000))
}

#[test]
fn a_short_number_has_no_price_of_another_country() {
    let card = [("1", EURO / 100), ("36", EURO / 50), ("", EURO)];
    for (seed, country, number) in [(1, "nl", "1888"), (2, "fr", "3615")] {
        let (mut t, phones) = office(seed, country, &card);
        assert_eq!(price(&mut t, phones, number), Err("no_rate".to_owned()), "{number}");
        assert_eq!(price(&mut t, phones, "+12125551234"), Ok(Some(EURO / 100)));
    }
}

#[test]
fn it_has_the_price_that_is_written_for_it() {
    let (mut t, phones) = office(3, "nl", &[("1", EURO / 100), ("national:1888", 2 * EURO)]);
    assert_eq!(price(&mut t, phones, "1888"), Ok(Some(2 * EURO)));
    assert_eq!(price(&mut t, phones, "1850"), Err("no_rate".to_owned()));
}

#[test]
fn a_premium_number_has_one_price_however_it_is_dialled() {
    for (seed, prefix) in [(4, "31906"), (5, "+31906"), (6, "national:0906")] {
        let (mut t, phones) = office(seed, "nl", &[("31", EURO / 100), (prefix, 3 * EURO)]);
        for number in ["09061234567", "+319061234567", "00319061234567", "0906123456789"] {
            assert_eq!(price(&mut t, phones, number), Ok(Some(3 * EURO)), "{number}");
        }
        assert_eq!(price(&mut t, phones, "0201112222"), Ok(Some(EURO / 100)));
    }
}

#[test]
fn what_calls_to_a_country_cost_says_nothing_of_its_premium_numbers() {
    let (mut t, phones) = office(7, "nl", &[("31", EURO / 100), ("44", EURO / 50)]);
    for number in ["09061234567", "+319061234567", "+449061234567", "00449061234567"] {
        assert_eq!(price(&mut t, phones, number), Err("no_rate".to_owned()), "{number}");
    }
    assert_eq!(price(&mut t, phones, "+442079460000"), Ok(Some(EURO / 50)));
    let (mut t, phones) = office(8, "nl", &[("31", EURO / 100), ("", 5 * EURO)]);
    assert_eq!(price(&mut t, phones, "09061234567"), Ok(Some(5 * EURO)), "the price of all others");
}
