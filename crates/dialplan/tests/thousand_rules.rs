//! A large plan: the index finds the very rule that reading from top to bottom finds, and finds it quickly.

mod plans;

use kiestoon_dialplan::Plan;
use plans::{call, load};

/// 1,000 rules: plain numbers, overlapping patterns and expressions, none in any order.
fn large() -> Plan {
    let mut text = "version = 1\n".to_string();
    for n in 0..1_000_u32 {
        let pattern = match n % 10 {
            0 => format!("_{}XX{}.", n % 9, n % 7),
            1 => format!("_{}[1-{}]X!", n % 8, 2 + n % 7),
            2 => format!("re:^{}[0-9]{n}$", n % 9),
            _ => (n * 7_919 % 100_000).to_string(),
        };
        text.push_str(&format!("[[context.intern]]\nmatch = '{pattern}'\ndo = [{{ dial = \"ext:{n}\" }}]\n"));
    }
    load(&text).unwrap_or_else(|problems| panic!("{:#?}", problems.first())).plan
}

#[test]
fn the_index_agrees_with_reading_from_the_top() {
    let plan = large();
    let mut matched = 0;
    for n in 0..20_000_u32 {
        let number = (n.wrapping_mul(2_654_435_761) % 100_000).to_string();
        let facts = call("intern", &number);
        let decided = plan.decide(&facts).map(|decision| decision.rule);
        if n % 10 == 0 {
            let explained = plan.explain(&facts).matched.map(|matched| matched.rule);
            assert_eq!(decided, explained, "{number}");
        }
        matched += u32::from(decided.is_some());
    }
    assert!(matched > 5_000, "{matched} numbers matched");
}

#[test]
fn endless_numbers_match_nothing() {
    let plan =
        load("version = 1\n[[context.intern]]\nmatch = \"_!\"\ndo = [{ echo = true }]\n").unwrap().plan;
    let decide = |length: usize| plan.decide(&call("intern", &"1".repeat(length))).is_some();
    assert_eq!(
        [decide(0), decide(1), decide(256), decide(257), decide(1_000_000)],
        [false, true, true, false, false]
    );
}

#[test]
fn a_plan_is_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Plan>();
    shared::<kiestoon_dialplan::Run>();
}
