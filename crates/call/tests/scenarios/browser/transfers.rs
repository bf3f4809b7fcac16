//! Transfers by browsers and of them.

use kiestoon_testkit::{Story, browser, phone, secs};

#[test]
fn blind_by_each_of_each_to_each() {
    let kinds = [phone as fn(&str) -> _, browser];
    let mut seed = 0;
    for first in kinds {
        for second in kinds {
            for third in kinds {
                seed += 1;
                let (mut t, [a, b, c]) =
                    Story::office(seed).talking([first("201"), second("202"), third("203")]);
                t.transfer(b, "201", "203");
                t.run(secs(5));
                t.expect(b).was_told(&[100, 180, 200]).is_free();
                t.expect(a).talks_both_ways_with(c);
                t.expect(c).talks_both_ways_with(a);
                t.expect_agreement();
                t.close(a);
            }
        }
    }
}

#[test]
fn by_a_browser_that_joins_two_desk_phones() {
    let (mut t, [a, b, c]) = Story::office(11).consulting([phone("201"), browser("202"), phone("203")]);
    t.join(b, "201", "203");
    t.run(secs(3));
    t.expect(b).was_told(&[100, 200]).is_free();
    t.expect(a).talks_both_ways_with(c);
    t.expect(c).talks_both_ways_with(a);
    t.expect_agreement();
    t.close(a);
}

/// Who is joined moves to a leg of the other call; who was consulted stays. A browser that moves has shaken hands once, and does not do so
/// again: its transport moves with it.
#[test]
fn a_browser_that_is_joined() {
    for (seed, profiles) in [
        (12, [browser("201"), phone("202"), phone("203")]),
        (13, [phone("201"), phone("202"), browser("203")]),
        (14, [browser("201"), browser("202"), browser("203")]),
    ] {
        let (mut t, [a, b, c]) = Story::office(seed).consulting(profiles);
        t.join(b, "201", "203");
        t.run(secs(3));
        t.expect(b).was_told(&[100, 200]).is_free();
        for (one, other, number) in [(a, c, "203"), (c, a, "201")] {
            t.expect(one).is_shown(number).talks_both_ways_with(other);
            assert!(t.phone(one).is_protected());
        }
        t.expect_agreement();
        t.close(a);
    }
}

/// A page that was loaded again has no call, but knows of it.
#[test]
fn another_page_takes_a_call_over() {
    let kinds = [phone as fn(&str) -> _, browser];
    for (seed, peer) in (15..).zip(kinds) {
        let (mut t, [a, b]) = Story::office(seed).talking([peer("201"), browser("202")]);
        let again = t.add(browser("202").tab("00000000-0000-4000-8000-000000000998"));
        t.register(again);
        t.run(secs(1));
        t.take_over(again, b, "201", "");
        t.run(secs(3));
        t.expect(b).is_free();
        t.expect(again).talking_with("201").talks_both_ways_with(a);
        t.expect(a).talks_both_ways_with(again);
        t.expect_agreement();
        t.close(again);
    }
}
