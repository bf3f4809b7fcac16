//! Any text as a file of what calls cost: nothing panics, every fault has its line, and a card that is written down again is the same.
//! Whatever it says, any number can be priced by it.
#![no_main]

use kiestoon_call::{Forms, RateCard, RateFaultKind, Rates};
use kiestoon_dialplan::Country;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let lines = text.lines().count().max(1);
    match RateCard::read(text) {
        Ok(card) => {
            assert!(card.iter().count() < lines, "a line of titles, and one for each prefix");
            again(&card);
            price(&card, text);
        }
        Err(faults) => {
            assert!((1..=MOST_FAULTS).contains(&faults.len()));
            assert!(faults.is_sorted_by_key(|fault| fault.line));
            assert!(faults.iter().all(|fault| (1..=lines).contains(&fault.line) && is_one_line(&fault.kind)));
        }
    }
});

/// Written down, with all decimals, it is the same.
fn again(card: &RateCard) {
    let amount = |millionths: u64| format!("{}.{:06}", millionths / MILLION, millionths % MILLION);
    let rows = card.iter().map(|(prefix, rate)| {
        let digits = prefix.strip_prefix(Rates::NATIONAL).unwrap_or(prefix);
        assert!(digits.len() <= 15 && digits.bytes().all(|digit| digit.is_ascii_digit()), "{prefix:?}");
        format!("{prefix},{},{}\n", amount(rate.per_minute), amount(rate.setup))
    });
    let text = format!("prefix,per_minute,setup\n{}", rows.collect::<String>());
    assert_eq!(RateCard::read(&text).as_ref(), Ok(card), "{text:?}");
}

/// A rate is one of the card, whatever is called.
fn price(card: &RateCard, text: &str) {
    let Some(country) = Country::find("nl") else { panic!("a country") };
    let rates = Rates::new(card.iter().map(|(prefix, rate)| ("voys", prefix, rate)));
    for number in text.split([',', '\n', ':']).take(20) {
        let rate = rates.of("voys", &Forms::of(country, number));
        assert!(rate.is_none_or(|rate| card.iter().any(|(_, known)| known == rate)), "{number:?}");
        assert_eq!(rates.of("elders", &Forms::of(country, number)), None);
    }
}

/// Twenty, and that there may be more.
const MOST_FAULTS: usize = 21;
const MILLION: u64 = 1_000_000;

/// What is shown of a line stays on one.
fn is_one_line(kind: &RateFaultKind) -> bool {
    match kind {
        RateFaultKind::Prefix { shown } | RateFaultKind::Amount { shown, .. } => !shown.contains('\n'),
        _ => true,
    }
}
