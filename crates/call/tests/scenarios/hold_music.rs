//! A phone on hold hears music of the PBX until it is taken back (RFC 5359 section 2.3).

use kiestoon_testkit::{Flowing, Story, phone, secs};

const MUSIC: Option<&str> = Some("muziek");

#[test]
fn while_either_side_holds() {
    let (mut t, [a, b]) = Story::office(1).prompt("muziek").talking([phone("201"), phone("202")]);
    t.expect(b).hears_music(None);
    for (holder, held) in [(a, b), (b, a)] {
        t.hold(holder);
        t.run(secs(2));
        t.expect(held).hears_music(MUSIC).flows(Flowing::RecvOnly);
        t.expect(holder).hears_music(None);
        t.resume(holder);
        t.run(secs(2));
        t.expect(held).hears_music(None).talks_both_ways_with(holder);
    }
    t.close(a);
}

#[test]
fn one_who_holds_without_any_sound_leaves_room_for_it() {
    let (mut t, [a, b]) =
        Story::office(2).prompt("muziek").talking([phone("201").takes_update(), phone("202").takes_update()]);
    t.update_to(a, Flowing::Inactive);
    t.run(secs(2));
    t.expect(a).flows(Flowing::Inactive);
    t.expect(b).flows(Flowing::RecvOnly).hears_music(MUSIC);
    t.update_to(a, Flowing::SendRecv);
    t.run(secs(2));
    t.expect(b).hears_music(None).talks_both_ways_with(a);
    t.close(b);
}

#[test]
fn none_where_it_is_turned_off_or_not_loaded() {
    for t in
        [Story::office(3).prompt("muziek").settings(|settings| settings.hold_music = None), Story::office(4)]
    {
        let (mut t, [a, b]) = t.talking([phone("201"), phone("202")]);
        t.hold(a);
        t.run(secs(1));
        t.expect(b).hears_music(None);
        t.close(a);
    }
}
