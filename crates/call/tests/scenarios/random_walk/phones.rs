//! What the phones and the network of a walk are like.

use std::time::Duration;

use kiestoon_call::{Network, Settings};
use kiestoon_testkit::{
    Chance, Faxes, Link, PhoneId, Profile, Reply, SessionTimer, Story, What, browser, carrier, millis, phone,
    secs,
};

const NUMBERS: [&str; 5] = ["201", "202", "203", "204", "205"];

pub(super) const RULES: &str = r#"
[group.balie]
members = ["202", "203", "204"]

[[context.intern]]
match = "100"
do = [{ dial = "group:balie", timeout = "8s" }, { dial = "ext:205" }]

[[context.intern]]
match = "101"
do = [{ dial = ["ext:203", "ext:204", "ext:205"], order = "sequence", timeout = "4s" }]

[[context.intern]]
match = "600"
do = [{ echo = true }]

[[context.intern]]
match = "601"
do = [{ play = "welkom" }, { dial = "ext:202", timeout = "6s" }, { play = "welkom" }]

[[context.intern]]
match = "_0."
do = [{ dial = ["trunk:voys", "trunk:reserve"], timeout = "10s", failover = ["408", "5xx", "no-media"] }]

[[context.inkomend]]
match = "+31201234567"
do = [{ dial = "group:balie", timeout = "8s" }, { dial = "trunk:voys", to = "0205551234" }]

[[context.intern]]
match = "_2XX"
do = [{ dial = "ext:${number}", timeout = "10s", on_busy = [{ dial = "ext:204", timeout = "5s" }] }]
"#;

/// After a reload.
pub(super) const OTHER_RULES: &str = r#"
[[context.intern]]
match = "_2XX"
do = [{ dial = "ext:${number}", timeout = "6s" }, { play = "welkom" }]
"#;

pub(super) const DIALLED: [&str; 11] =
    ["100", "101", "600", "601", "201", "202", "203", "204", "299", "0205551111", "09061234567"];
/// What is called over a trunk, from beyond it.
pub(super) const OURS: &str = "+31201234567";
const TRUNKS: [&str; 2] = ["voys", "reserve"];

/// Two trunks, at the addresses that the first two of a story have.
pub(super) fn trunks(t: Story, dice: &mut Chance) -> Story {
    (20..).zip(TRUNKS).fold(t, |t, (host, name)| {
        t.trunk(name, |trunk| {
            trunk.addresses = vec![Network { address: [10, 0, 0, host].into(), prefix: 32 }];
            trunk.numbers.insert(OURS.into(), None);
            trunk.progress = dice.happens(800).then(|| secs(3));
            trunk.channels = dice.happens(200).then_some(1);
            trunk.calls_per_second = dice.happens(200).then_some(1);
            trunk.redirects = dice.happens(300);
            trunk.transfers = dice.happens(300);
        })
    })
}

/// Whether it stands beyond a trunk.
pub(super) fn is_beyond(t: &Story, id: PhoneId) -> bool {
    TRUNKS.contains(&t.phone(id).number())
}

/// What stands beyond a trunk: something that answers in the end, or one of the faults that providers have.
fn beyond(name: &str, dice: &mut Chance) -> Profile {
    let base = carrier(name);
    let base = if dice.happens(200) {
        base.reached_at([203, 0, 113, if name == "voys" { 1 } else { 2 }].into())
    } else {
        base
    };
    let base = if dice.happens(200) { base.hangs_up_after(dice.duration(secs(5))) } else { base };
    let base = if dice.happens(100) { base.answers_when_cancelled() } else { base };
    let base = if dice.happens(300) { base.takes_update() } else { base };
    let base = if dice.happens(300) { base.with_timer(timer(dice)) } else { base };
    match dice.below(12) {
        0 => base.is_busy(),
        1 => base.never_answers(),
        2 => base.refuses(503),
        3 => base.follows(vec![(millis(20), Reply::WantsRest(20))]),
        4 => base.hears_nothing(),
        5 => base.follows(vec![(millis(20), Reply::Trying)]),
        6 => base.follows(vec![(millis(20), Reply::Redirect("tel:+31205552222".into()))]),
        7 => base.follows(early(dice)),
        8 => base.early_media_then_answers(dice.duration(secs(3))),
        _ => base.answers_after(dice.duration(secs(4))),
    }
}

/// The phones of a story: one for each extension, perhaps a second one of 202, perhaps one that guesses.
pub(super) fn office(t: &mut Story, dice: &mut Chance) -> Vec<PhoneId> {
    let beyond: Vec<PhoneId> = TRUNKS.map(|name| t.add_carrier(beyond(name, dice))).to_vec();
    let mut phones: Vec<PhoneId> = NUMBERS.iter().map(|number| join(t, number, dice)).collect();
    if dice.happens(400) {
        phones.push(join(t, "202", dice));
    }
    if dice.happens(150) {
        phones.push(t.add(behaviour("203", dice).with_password("welkom01")));
    }
    [phones, beyond].concat()
}

/// Perhaps it registers as a device, or as one of its flows; perhaps its contact is a name, which leads to it sooner or later.
fn join(t: &mut Story, number: &str, dice: &mut Chance) -> PhoneId {
    if dice.happens(250) {
        return t.add(page(number, dice));
    }
    let base = behaviour(number, dice);
    let flow = 1 + u32::try_from(t.phone_ids().count()).expect("a few phones");
    let base = match dice.below(10) {
        0..=2 => base.flow_of(number, flow),
        3 => base.device(number),
        4..=6 if number == "202" => base.flow_of(number, flow),
        _ => base,
    };
    let base = if dice.happens(100) { base.through_proxy() } else { base };
    if base.is_over_tcp() || !dice.happens(100) {
        return t.add(base);
    }
    let id = t.add(base.named(&format!("toestel-{flow}.example")));
    let places = ["10.0.0.250:5060", "127.0.0.1:5060", "10.0.0.21:5060"];
    match dice.below(4) {
        0 => {}
        1 => t.lead_to(id, &[]),
        _ => t.lead_to(id, &[dice.pick(&places).expect("places").parse().expect("an address")]),
    }
    id
}

/// A browser, perhaps the second tab of its user. It sees one phone behind its contact, and is no fax machine.
fn page(number: &str, dice: &mut Chance) -> Profile {
    let base = if dice.happens(300) { browser(number).shows() } else { browser(number) };
    let base = if dice.happens(200) { base.hangs_up_after(dice.duration(secs(5))) } else { base };
    let base = if dice.happens(100) { base.answers_when_cancelled() } else { base };
    let base = if dice.happens(200) { base.takes_update() } else { base };
    let base = if dice.happens(300) { base.with_timer(timer(dice)) } else { base };
    let base = if dice.happens(100) { base.puts_off_offers(491, 1) } else { base };
    let nth = dice.below(1_000_000);
    let base = base.tab(&format!("00000000-0000-4000-8000-{nth:012}"));
    match dice.below(10) {
        0 => base.is_busy(),
        1 => base.declines_after(dice.duration(secs(3))),
        2 => base.never_answers(),
        3 => base.early_media_then_answers(dice.duration(secs(3))),
        4 => base.refuses_reinvites(488),
        _ => base.answers_after(dice.duration(secs(4))),
    }
}

/// Bounds that are met, and times that pass, within a story.
pub(super) fn settings(settings: &mut Settings, dice: &mut Chance) {
    let limits = &mut settings.limits;
    limits.calls_per_extension = few(dice, limits.calls_per_extension);
    limits.calls = few(dice, limits.calls);
    limits.forwards = few(dice, limits.forwards);
    limits.in_call = few(dice, limits.in_call);
    limits.relays = few(dice, limits.relays);
    limits.branches = few(dice, limits.branches);
    settings.bans.failures = 3 + u32::try_from(dice.below(18)).expect("a small number");
    settings.recall_time = secs(3 + dice.below(28));
    settings.remote_party_id = dice.happens(300);
    if dice.happens(300) {
        settings.session_expires = secs(90 + dice.below(60));
    }
    if dice.happens(100) {
        settings.call_limit = secs(5 + dice.below(60));
    }
    if dice.happens(100) {
        settings.ring_limit = secs(3 + dice.below(20));
    }
    if dice.happens(200) {
        let all = |address: &str| Network { address: address.parse().expect("a literal"), prefix: 0 };
        settings.exempt_sources = vec![all("0.0.0.0"), all("::")];
        settings.trusted_networks.clone_from(&settings.exempt_sources);
    }
}

/// Mostly what it was, sometimes so little that it is met.
fn few(dice: &mut Chance, usual: usize) -> usize {
    if dice.happens(100) { 1 + usize::try_from(dice.below(3)).expect("a small number") } else { usual }
}

pub(super) fn link(dice: &mut Chance) -> Link {
    match dice.below(4) {
        0 => Link::default(),
        3 => Link { jitter: millis(100), duplicate: 50, loss: 150, ..Link::default() },
        1 => Link { jitter: millis(40), duplicate: 100, ..Link::default() },
        _ => Link { jitter: millis(20), duplicate: 20, loss: 50, ..Link::default() },
    }
}

fn behaviour(number: &str, dice: &mut Chance) -> Profile {
    let base = phone(number);
    let base = if matches!(number, "203" | "205") { base.takes_from_change() } else { base };
    let base = if dice.happens(300) { base.over_tcp() } else { base };
    let base = if dice.happens(200) { base.hangs_up_after(dice.duration(secs(5))) } else { base };
    let base = if dice.happens(100) { base.answers_when_cancelled() } else { base };
    let base = if dice.happens(100) { base.does_not_wait_for_ack() } else { base };
    let base = if dice.happens(300) { base.takes_update() } else { base };
    let base = if dice.happens(300) { base.with_timer(timer(dice)) } else { base };
    let base = if dice.happens(150) {
        base.registers_for(60 + u32::try_from(dice.below(60)).expect("a small number"))
    } else {
        base
    };
    let base = match dice.below(20) {
        0..=3 => base.faxes(Faxes::Taken),
        4 => base.faxes(Faxes::LineRefused),
        5 => base.faxes(Faxes::Refused(415)),
        _ => base,
    };
    let base = if dice.happens(30) { base.sends_no_prack() } else { base };
    let base = if dice.happens(30) { base.answers_no_offer() } else { base };
    let base = match dice.below(6) {
        0 => base.knows_100rel(),
        2 => base.knows_100rel().holds_in_prack(),
        1 => base.requires_100rel(),
        _ => base,
    };
    let base = if dice.happens(100) { base.forks_to(early(dice)) } else { base };
    let base = match dice.below(10) {
        0 => base.behind_nat(),
        1 => base.over_ipv6(),
        _ => base,
    };
    let base = match dice.below(10) {
        0 => base.puts_off_offers(491, 1),
        1 => base.puts_off_offers(500, 1 + u32::from(dice.happens(300))),
        _ => base,
    };
    match dice.below(14) {
        13 => base.follows(vec![(dice.duration(secs(2)), Reply::Redirect(elsewhere(dice)))]),
        12 => base.follows(early(dice)),
        0 => base.is_busy(),
        1 => base.declines_after(dice.duration(secs(3))),
        2 => base.never_answers(),
        3 => base.early_media_then_answers(dice.duration(secs(3))),
        4 => base.answers_at_once(),
        5 => base.refuses(500),
        6 => base.refuses_reinvites(488),
        7 => base.follows(vec![
            (secs(0), Reply::Trying),
            (secs(1), Reply::Ringing),
            (secs(2), Reply::Refuse(480)),
        ]),
        8 => base.hears_nothing(),
        _ => base.answers_after(dice.duration(secs(4))),
    }
}

/// Where a phone forwards its calls to, sensible or not.
fn elsewhere(dice: &mut Chance) -> String {
    let places =
        ["201", "202", "203", "205", "100", "600", "299", "sip:209@elders.example", "tel:+31201234567"];
    (*dice.pick(&places).expect("places")).to_owned()
}

fn timer(dice: &mut Chance) -> SessionTimer {
    SessionTimer {
        secs: 90 + u32::try_from(dice.below(60)).expect("a small number"),
        min: if dice.happens(200) { 120 } else { 90 },
        refresher: dice.pick(&[None, Some("uac"), Some("uas")]).copied().flatten(),
        refreshes: !dice.happens(200),
    }
}

/// Reliable provisional responses, perhaps an offer before the answer, and an answer.
fn early(dice: &mut Chance) -> Vec<(Duration, Reply)> {
    let first = dice.happens(500);
    let mut script = vec![(dice.duration(millis(300)), Reply::Reliable { status: 180, described: first })];
    script.push((dice.duration(secs(1)), Reply::Reliable { status: 183, described: true }));
    if dice.happens(300) {
        script.push((secs(1), Reply::Update));
    }
    script.push((secs(1) + dice.duration(secs(3)), Reply::Answer));
    script
}

pub(super) fn fault(dice: &mut Chance) -> What {
    let methods = ["ACK", "BYE", "CANCEL", "INVITE", "PRACK", "UPDATE"];
    match dice.below(2) {
        0 => What::request(dice.pick(&methods).expect("six methods")),
        _ => What::response(200, dice.pick(&methods[1..]).expect("five methods")),
    }
}
