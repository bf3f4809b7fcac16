//! Browsers that ring beside desk phones, and two tabs of one user.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, PhoneId, Story, browser, phone, secs};

const GROUP: &str = "[group.balie]\nmembers = [\"202\", \"203\"]\n\n[[context.intern]]\nmatch = \"100\"\n\
                     do = [{ dial = \"group:balie\", timeout = \"20s\" }]\n";
const OTHER: &str = "00000000-0000-4000-8000-000000000999";

fn rung(t: &mut Story, caller: PhoneId, winner: PhoneId, loser: PhoneId, number: &str) {
    t.call(caller, number);
    t.run(secs(5));
    t.expect(caller).talking_with(number).talks_both_ways_with(winner);
    t.expect(loser).had_calls(1).ended(Ended::Cancelled).answered_invite_with(487);
    assert_eq!(t.the_pbx().engine.legs().count(), 2, "the loser's leg is closed");
    t.close(caller);
}

#[test]
fn whichever_is_first_the_other_is_ended_cleanly() {
    for caller in [phone("201"), browser("201")] {
        for tab_first in [true, false] {
            let mut t = Story::office(1).rules(GROUP);
            let a = t.add(caller.clone());
            let (desk, tab) = (phone("202"), browser("203"));
            let desk = t.add(if tab_first { desk.never_answers() } else { desk });
            let tab = t.add(if tab_first { tab } else { tab.never_answers() });
            t.register_all();
            let (winner, loser) = if tab_first { (tab, desk) } else { (desk, tab) };
            rung(&mut t, a, winner, loser, "100");
        }
    }
}

#[test]
fn who_loses_with_a_200_that_crosses_is_hung_up() {
    let mut t = Story::office(2).rules(GROUP);
    let a = t.add(browser("201"));
    let desk = t.add(phone("202"));
    let tab = t.add(browser("203").never_answers().answers_when_cancelled());
    t.register_all();
    t.call(a, "100");
    t.run(secs(5));
    t.expect(a).talks_both_ways_with(desk);
    t.expect(tab).ended(Ended::ByThem).was_asked(&Method::Bye, 1);
    t.close(a);
}

#[test]
fn two_tabs_of_one_user_ring_and_one_answers() {
    for second_answers in [true, false] {
        let mut t = Story::office(3);
        let a = t.add(phone("201"));
        let one = t.add(browser("202"));
        let base = browser("202").tab(OTHER).at_address_of(one);
        let two = t.add(if second_answers { base.answers_at_once() } else { base.never_answers() });
        t.register_all();
        t.expect(two).registered(2);
        let (winner, loser) = if second_answers { (two, one) } else { (one, two) };
        rung(&mut t, a, winner, loser, "202");
    }
}

#[test]
fn a_tab_that_registers_again_over_a_new_connection_is_rung_once() {
    let mut t = Story::office(4);
    let a = t.add(phone("201"));
    let tab = t.add(browser("202"));
    t.register_all();
    t.reconnect(tab);
    t.register(tab);
    t.run(secs(1));
    t.expect(tab).registered(1);
    t.call(a, "202");
    t.run(secs(3));
    t.expect(tab).had_calls(1);
    t.expect(a).talks_both_ways_with(tab);
    t.close(tab);
}
