//! RFC 3261 section 10, rule by rule.

use bytes::Bytes;
use std::time::{Duration, Instant};

use super::*;
use crate::flow::{ConnectionId, Flow, Transport};
use crate::message::{Message, Request, StatusCode};

/// A registrar with one address of record in view.
struct World {
    registrar: Registrar,
    now: Instant,
    aor: Aor,
    cseq: u32,
    longest: Option<u32>,
}

impl World {
    fn new() -> Self {
        Self::with(RegistrarSettings::default())
    }

    #[expect(clippy::disallowed_methods, reason = "a test has to count from some instant")]
    fn with(settings: RegistrarSettings) -> Self {
        Self {
            registrar: Registrar::new(settings),
            now: Instant::now(),
            aor: Aor::new("201@kantoor"),
            cseq: 0,
            longest: None,
        }
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    /// A REGISTER with the next CSeq and these header lines.
    fn register(&mut self, lines: &str) -> Result<Registered, RegisterRefused> {
        self.cseq += 1;
        self.register_as(self.cseq, "call-1", lines, udp())
    }

    fn register_as(
        &mut self,
        cseq: u32,
        call_id: &str,
        lines: &str,
        flow: Flow,
    ) -> Result<Registered, RegisterRefused> {
        self.registrar.register(self.now, &self.aor, &request(cseq, call_id, lines), flow, self.longest)
    }

    fn contacts(&self) -> Vec<String> {
        let found = self.registrar.lookup(self.now, &self.aor);
        found.iter().map(|binding| binding.contact.to_string()).collect()
    }
}

fn request(cseq: u32, call_id: &str, lines: &str) -> Request {
    let lines: String = lines.lines().map(|line| format!("{}\r\n", line.trim())).collect();
    let text = format!(
        "REGISTER sip:kantoor SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n\
         From: <sip:201@kantoor>;tag=a\r\nTo: <sip:201@kantoor>\r\n\
         Call-ID: {call_id}\r\nCSeq: {cseq} REGISTER\r\n{lines}Content-Length: 0\r\n\r\n"
    );
    match Message::parse(&Bytes::from(text)).unwrap() {
        Message::Request(request) => request,
        Message::Response(_) => unreachable!(),
    }
}

fn udp() -> Flow {
    let (local, remote) = ("192.0.2.9:5060".parse().unwrap(), "203.0.113.1:61000".parse().unwrap());
    Flow { transport: Transport::Udp, local, remote, connection: None }
}

fn tcp(connection: u64) -> Flow {
    Flow { transport: Transport::Tcp, connection: Some(ConnectionId(connection)), ..udp() }
}

const ONE: &str = "Contact: <sip:201@10.0.0.1:5070>";
const TWO: &str = "Contact: <sip:201@10.0.0.2:5070>";

#[test]
fn a_contact_is_bound_and_listed_with_its_seconds() {
    let mut world = World::new();
    let registered =
        world.register("Contact: \"Balie\" <sip:201@10.0.0.1:5070;ob>;expires=600;q=0.5").unwrap();
    assert_eq!(registered.contacts, ["<sip:201@10.0.0.1:5070;ob>;expires=600;q=0.500"]);
    let [BindingChange::Put(stored)] = registered.changes.as_slice() else { panic!("{registered:?}") };
    assert_eq!((&*stored.contact, stored.remaining.as_secs()), ("sip:201@10.0.0.1:5070;ob", 600));
    world.pass(100);
    let query = world.register("").unwrap();
    assert_eq!(query.contacts, ["<sip:201@10.0.0.1:5070;ob>;expires=500;q=0.500"]);
    assert!(query.changes.is_empty());
}

#[test]
fn nothing_is_granted_beyond_the_right_to_register() {
    let mut world = World::new();
    world.longest = Some(17);
    let granted =
        |world: &mut World, lines: &str| world.register(lines).map(|registered| registered.contacts);
    let seventeen = vec!["<sip:201@10.0.0.1:5070>;expires=17".to_owned()];
    assert_eq!(granted(&mut world, &format!("{ONE};expires=600")).unwrap(), seventeen);
    assert_eq!(granted(&mut world, ONE).unwrap(), seventeen, "where none is asked for");
    let brief = granted(&mut world, &format!("{ONE};expires=59"));
    assert_eq!(brief, Err(RegisterRefused::IntervalTooBrief(60)), "what may be asked for stays as it was");
    assert_eq!(granted(&mut world, &format!("{ONE};expires=0")).unwrap(), Vec::<String>::new());
}

#[test]
fn a_call_goes_to_where_a_phone_behind_nat_registered_from() {
    let mut world = World::new();
    world.register(ONE).unwrap();
    let found = world.registrar.lookup(world.now, &world.aor);
    assert_eq!(found[0].target(), udp());
    assert_eq!(found[0].uri().unwrap().to_string(), "sip:201@10.0.0.1:5070");
}

#[test]
fn a_call_goes_to_the_contact_of_a_phone_that_is_not_behind_nat() {
    let mut world = World::new();
    let ip = udp().remote.ip();
    world.register(&format!("Contact: <sip:201@{ip}:6000>\r\n")).unwrap();
    let found = world.registrar.lookup(world.now, &world.aor);
    assert_eq!(found[0].target(), Flow { remote: (ip, 6_000).into(), ..udp() });
}

#[test]
fn expiry_comes_from_the_contact_then_the_header_then_the_default() {
    let granted = |lines: &str| {
        let mut world = World::new();
        world.register(lines).map(|registered| registered.contacts[0].clone())
    };
    let with = |seconds: u32| Ok(format!("<sip:201@10.0.0.1:5070>;expires={seconds}"));
    assert_eq!(granted(&format!("{ONE};expires=120\nExpires: 500")), with(120));
    assert_eq!(granted(&format!("{ONE}\nExpires: 500")), with(500));
    assert_eq!(granted(ONE), with(3600));
    assert_eq!(granted(&format!("{ONE};expires=soon\nExpires: 500")), with(3600));
    assert_eq!(granted(&format!("{ONE}\nExpires: 4294967296")), with(7200));
    assert_eq!(granted(&format!("{ONE};expires=60")), with(60));
    let refused = granted(&format!("{ONE};expires=59")).unwrap_err();
    assert_eq!((refused.status(), refused.min_expires()), (StatusCode::INTERVAL_TOO_BRIEF, Some(60)));
}

#[test]
fn several_contacts_are_ordered_by_q_and_then_by_age() {
    let mut world = World::new();
    world.register(&format!("{ONE};q=0.3, <sip:201@10.0.0.2>;q=1.0\nContact: <sip:201@10.0.0.3>")).unwrap();
    world.register("Contact: <sip:201@10.0.0.4>;q=0.3").unwrap();
    let found = world.contacts();
    assert_eq!(found, ["sip:201@10.0.0.3", "sip:201@10.0.0.2", "sip:201@10.0.0.4", "sip:201@10.0.0.1:5070"]);
    assert_eq!((world.registrar.len(), world.registrar.iter().count()), (4, 4));
}

#[test]
fn an_equivalent_contact_refreshes_instead_of_adding() {
    let mut world = World::new();
    world.register("Contact: <sip:201@phone.kantoor;transport=tcp>").unwrap();
    let again = world.register("Contact: <sip:201@PHONE.kantoor;transport=TCP>;expires=900").unwrap();
    assert_eq!(again.contacts.len(), 1);
    // The text has changed, so the old one is taken out of the store.
    assert!(
        matches!(again.changes.as_slice(), [BindingChange::Remove { .. }, BindingChange::Put(_)]),
        "{again:?}"
    );
    world.register("Contact: <sip:201@phone.kantoor>").unwrap();
    assert_eq!(world.registrar.len(), 2);
}

#[test]
fn the_same_device_under_another_address_replaces_itself() {
    let mut world = World::new();
    let instance = ";+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\"";
    world.register(&format!("{ONE}{instance}")).unwrap();
    let moved = world.register(&format!("{TWO}{instance}")).unwrap();
    assert_eq!(moved.contacts, [format!("<sip:201@10.0.0.2:5070>;expires=3600{instance}")]);
    world.register(ONE).unwrap();
    assert_eq!(world.registrar.len(), 2);
}

#[test]
fn zero_seconds_remove_one_contact() {
    let mut world = World::new();
    world.register(ONE).unwrap();
    world.register(TWO).unwrap();
    let removed = world.register(&format!("{ONE};expires=0")).unwrap();
    assert_eq!(removed.contacts, ["<sip:201@10.0.0.2:5070>;expires=3600"]);
    assert!(
        matches!(removed.changes.as_slice(), [BindingChange::Remove { contact, .. }] if &**contact == "sip:201@10.0.0.1:5070")
    );
    let unknown = world.register("Contact: <sip:201@10.0.0.9>;expires=0").unwrap();
    assert!(unknown.changes.is_empty());
    world.register(&format!("{TWO}\nExpires: 0")).unwrap();
    assert!(world.registrar.is_empty());
}

#[test]
fn a_star_removes_all_and_only_with_zero_seconds() {
    let mut world = World::new();
    world.register(ONE).unwrap();
    world.register(TWO).unwrap();
    for lines in
        ["Contact: *", "Contact: *\nExpires: 60", "Contact: *\nContact: <sip:201@10.0.0.1>\nExpires: 0"]
    {
        assert_eq!(world.register(lines).unwrap_err().status(), StatusCode::BAD_REQUEST, "{lines}");
    }
    assert_eq!(world.registrar.len(), 2);
    let removed = world.register("Contact: *\nExpires: 0").unwrap();
    assert_eq!((removed.contacts.len(), removed.changes.len()), (0, 2));
    assert!(world.registrar.is_empty());
}

#[test]
fn an_old_request_of_the_same_call_id_is_refused_whole() {
    let mut world = World::new();
    world.register_as(5, "call-1", ONE, udp()).unwrap();
    for cseq in [4, 5] {
        for lines in [&format!("{TWO}\n{ONE}"), &format!("{ONE};expires=0"), "Contact: *\nExpires: 0"] {
            let refused = world.register_as(cseq, "call-1", lines, udp()).unwrap_err();
            assert_eq!(refused, RegisterRefused::OutOfOrder { stored: 5, received: cseq });
            assert_eq!(refused.status(), StatusCode::SERVER_INTERNAL_ERROR);
        }
    }
    assert_eq!(world.contacts(), ["sip:201@10.0.0.1:5070"]);
    // A restarted phone has another Call-ID, and begins to count anew.
    world.register_as(1, "call-2", ONE, udp()).unwrap();
    world.register_as(1, "call-3", "Contact: *\nExpires: 0", udp()).unwrap();
    assert!(world.registrar.is_empty());
}

#[test]
fn one_bad_contact_spoils_all_of_them() {
    let mut world = World::new();
    world.register(ONE).unwrap();
    let long = format!("Contact: <sip:{}@10.0.0.1>", "x".repeat(1100));
    for bad in ["Contact: <sip:201@10.0.0.3>;expires=1", "Contact: <mailto:a@b.example>", &long] {
        assert!(world.register(&format!("{TWO}\n{bad}")).is_err(), "{bad}");
        assert_eq!(world.contacts(), ["sip:201@10.0.0.1:5070"]);
    }
}

#[test]
fn an_address_of_record_has_no_more_contacts_than_allowed() {
    let mut world = World::with(RegistrarSettings { max_contacts: 2, ..RegistrarSettings::default() });
    world.register(&format!("{ONE}\n{TWO}")).unwrap();
    let refused = world.register("Contact: <sip:201@10.0.0.3>").unwrap_err();
    assert_eq!((&refused, refused.status()), (&RegisterRefused::TooManyContacts(2), StatusCode::FORBIDDEN));
    world.register(ONE).unwrap();
    world.register(&format!("{ONE};expires=0\nContact: <sip:201@10.0.0.3>")).unwrap();
    assert_eq!(world.contacts(), ["sip:201@10.0.0.3", "sip:201@10.0.0.2:5070"]);
    world.pass(3600);
    world.register(ONE).unwrap();
    assert_eq!(world.contacts().len(), 1, "those that have ended do not count");
}

#[test]
fn bindings_end_in_time() {
    let mut world = World::new();
    world.register(&format!("{ONE};expires=100\n{TWO};expires=200")).unwrap();
    let start = world.now;
    assert_eq!(world.registrar.deadline(), Some(start + Duration::from_secs(100)));
    world.pass(99);
    assert!(world.registrar.expire(world.now).is_empty());
    assert_eq!(world.contacts().len(), 2);
    world.pass(1);
    assert_eq!(world.contacts(), ["sip:201@10.0.0.2:5070"]);
    let changes = world.registrar.expire(world.now);
    assert!(
        matches!(changes.as_slice(), [BindingChange::Remove { contact, .. }] if &**contact == "sip:201@10.0.0.1:5070")
    );
    assert_eq!(world.registrar.deadline(), Some(start + Duration::from_secs(200)));
    world.pass(100);
    assert_eq!(world.registrar.expire(world.now).len(), 1);
    assert!(world.registrar.is_empty());
    assert_eq!(world.registrar.deadline(), None);
}

#[test]
fn a_refreshed_binding_does_not_end_early() {
    let mut world = World::new();
    world.register(&format!("{ONE};expires=100")).unwrap();
    world.pass(90);
    world.register(&format!("{ONE};expires=100")).unwrap();
    world.pass(10);
    assert!(world.registrar.expire(world.now).is_empty());
    assert_eq!(world.registrar.deadline(), Some(world.now + Duration::from_secs(90)));
    world.pass(90);
    assert_eq!(world.registrar.expire(world.now).len(), 1);
}

#[test]
fn a_lost_connection_takes_its_bindings_along() {
    let mut world = World::new();
    world.register_as(1, "a", ONE, tcp(7)).unwrap();
    world.register_as(1, "b", TWO, tcp(8)).unwrap();
    let other = Aor::new("202@kantoor");
    world.registrar.register(world.now, &other, &request(1, "c", ONE), tcp(7), None).unwrap();
    assert_eq!(world.registrar.flow_closed(world.now, &tcp(7)).len(), 2);
    assert_eq!(world.contacts(), ["sip:201@10.0.0.2:5070"]);
    assert!(world.registrar.flow_closed(world.now, &tcp(7)).is_empty());
    assert!(world.registrar.flow_closed(world.now, &udp()).is_empty());
}

#[test]
fn a_phone_behind_a_proxy_outlives_the_connection_of_that_proxy() {
    let mut world = World::new();
    let own = tcp(7).remote.ip();
    let through = |proxy: &str| format!("{ONE}\nPath: <sip:{proxy};transport=tcp;lr>");
    for (cseq, proxy, stays) in
        [(1, own.to_string(), true), (2, "edge.example".into(), true), (3, "192.0.2.99".into(), false)]
    {
        world.register_as(cseq, "a", &through(&proxy), tcp(7)).unwrap();
        assert_eq!(world.registrar.flow_closed(world.now, &tcp(7)).is_empty(), stays, "{proxy}");
        let left = world.registrar.lookup(world.now, &world.aor);
        assert_eq!(
            left.iter().map(|binding| binding.flow.connection).collect::<Vec<_>>(),
            [None].repeat(usize::from(stays))
        );
    }
    world.register_as(4, "a", &through(&own.to_string()), tcp(7)).unwrap();
    assert!(world.registrar.flow_closed(world.now, &tcp(7)).is_empty());
    let target = world.registrar.lookup(world.now, &world.aor)[0].target();
    assert_eq!((target.remote.port(), target.connection), (5060, None), "where the proxy listens");
}

#[test]
fn a_phone_that_reconnected_keeps_its_binding() {
    let mut world = World::new();
    world.register_as(1, "a", ONE, tcp(7)).unwrap();
    world.register_as(2, "a", ONE, tcp(8)).unwrap();
    assert!(world.registrar.flow_closed(world.now, &tcp(7)).is_empty());
    assert_eq!(world.registrar.lookup(world.now, &world.aor)[0].flow, tcp(8));
    assert_eq!(world.registrar.flow_closed(world.now, &tcp(8)).len(), 1);
}

#[test]
fn what_is_stored_can_be_restored() {
    let mut world = World::new();
    let agent = "User-Agent: Telefoon 1.0";
    let registered = world.register(&format!("{ONE};q=0.7;expires=100\n{TWO};expires=300\n{agent}")).unwrap();
    let stored = registered.changes.into_iter().map(|change| match change {
        BindingChange::Put(stored) => stored,
        BindingChange::Remove { .. } => panic!("nothing was removed"),
    });
    let mut later = World::new();
    later.registrar.restore(
        world.now,
        stored.map(|mut stored| {
            stored.remaining = stored.remaining.saturating_sub(Duration::from_secs(100));
            stored.age += Duration::from_secs(100);
            stored
        }),
    );
    assert_eq!(later.registrar.deadline(), Some(world.now + Duration::from_secs(200)));
    let found = later.registrar.lookup(world.now, &world.aor);
    assert_eq!(found.len(), 1);
    let before = world.registrar.lookup(world.now, &world.aor);
    let same = Binding { expires: before[0].expires, since: before[0].since, ..found[0].clone() };
    assert_eq!(same, *before[0]);
    assert_eq!(found[0].age(world.now), Duration::from_secs(100));
    assert_eq!(found[0].user_agent.as_deref(), Some("Telefoon 1.0"));
}

#[test]
fn a_binding_is_as_old_as_its_first_register() {
    let mut world = World::new();
    let device = format!("{ONE};+sip.instance=\"<urn:uuid:1>\"");
    let age =
        |world: &World| world.registrar.lookup(world.now, &world.aor).first().map(|it| it.age(world.now));
    world.register(&device).unwrap();
    world.pass(30);
    world.register(&device).unwrap();
    assert_eq!(age(&world), Some(Duration::from_secs(30)), "a refresh makes it no younger");
    world.pass(10);
    world.register(&format!("{TWO};+sip.instance=\"<urn:uuid:1>\"")).unwrap();
    assert_eq!(age(&world), Some(Duration::from_secs(40)), "nor does the same phone at another address");
    world.register(&format!("{TWO};expires=0;+sip.instance=\"<urn:uuid:1>\"")).unwrap();
    world.register(&device).unwrap();
    assert_eq!(age(&world), Some(Duration::ZERO), "it had gone");
}

#[test]
fn ten_thousand_phones_that_come_and_go_leave_nothing() {
    let mut world = World::new();
    for number in 0..10_000 {
        world.aor = Aor::new(&format!("{number}@kantoor"));
        world.register(ONE).unwrap();
    }
    for number in 0..10_000 {
        world.aor = Aor::new(&format!("{number}@kantoor"));
        world.register(&format!("{ONE};expires=0")).unwrap();
    }
    assert!(world.registrar.is_empty());
    assert!(world.registrar.agenda_len() <= 64);
    world.pass(10_000);
    world.registrar.expire(world.now);
    assert_eq!(world.registrar.deadline(), None);
}

/// What a registered phone costs, in bytes of heap: the value itself, its texts (each with the two counters of an `Arc`
/// and the rounding of an allocator), its places in the table and in the agenda, at their average fill.
#[test]
fn a_binding_and_its_address_of_record_take_less_than_600_bytes() {
    let allocated = |bytes: usize| (bytes + 8).next_multiple_of(16);
    let mut world = World::new();
    world.aor = Aor::new("201@hoofdkantoor.example");
    let agent = "User-Agent: Yealink SIP-T46S 66.86.0.15";
    let call_id = "3848276298220188511@192.168.1.101";
    world.register_as(1, call_id, &format!("{ONE};line=8fa1b2c3\n{agent}"), udp()).unwrap();
    let (aor, binding) = world.registrar.iter().next().unwrap();
    let texts = [aor.as_str(), &binding.contact, &binding.call_id, binding.user_agent.as_deref().unwrap()];
    let texts: usize = texts.iter().map(|text| allocated(text.len() + 16)).sum();
    let value = allocated(size_of::<Binding>());
    let total = texts + value + Registrar::bytes_of_a_record() * 3 / 2;
    assert!(total <= 600, "{total}");
}

mod random {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

        /// The changes alone, replayed, are the table; a refused REGISTER changes nothing; the deadline is never late.
        #[test]
        fn the_changes_are_the_table(
            steps in prop::collection::vec((0..6usize, 0..5u32, 0..4usize, 0..3u64, 0..200u64), 1..60)
        ) {
            let mut world = World::with(RegistrarSettings { max_contacts: 3, ..RegistrarSettings::default() });
            let mut stored = std::collections::BTreeMap::new();
            for (contact, cseq, expires, connection, wait) in steps {
                let lines = match contact {
                    0 => "Contact: *\nExpires: 0".to_owned(),
                    1 => String::new(),
                    _ => format!("Contact: <sip:201@10.0.0.{contact}>;expires={}", [0, 60, 100, 7][expires]),
                };
                let flow = if connection == 0 { udp() } else { tcp(connection) };
                let before = world.contacts();
                let changes = match world.register_as(cseq, "call", &lines, flow) {
                    Ok(registered) => registered.changes,
                    Err(_) => {
                        prop_assert_eq!(before, world.contacts());
                        Vec::new()
                    }
                };
                let mut all = changes;
                if wait > 150 {
                    all.extend(world.registrar.flow_closed(world.now, &flow));
                }
                world.pass(wait);
                let first = world.registrar.iter().map(|(_, binding)| binding.expires).min();
                prop_assert!(first.is_none() || world.registrar.deadline() <= first, "a late deadline");
                all.extend(world.registrar.expire(world.now));
                for change in all {
                    match change {
                        BindingChange::Put(binding) => drop(stored.insert(binding.contact.clone(), binding)),
                        BindingChange::Remove { contact, .. } => {
                            prop_assert!(stored.remove(&contact).is_some(), "removed twice");
                        }
                    }
                }
                let mut table: Vec<_> = world.registrar.iter().map(|(_, binding)| binding.contact.clone()).collect();
                table.sort();
                prop_assert_eq!(table, stored.keys().cloned().collect::<Vec<_>>());
                prop_assert_eq!(world.registrar.len(), stored.len());
            }
        }
    }
}

#[test]
fn a_registrar_that_was_frozen_is_the_same_and_still_reports_what_ends() {
    let mut world = World::new();
    for (cseq, host, expires) in [(1, 1, 600), (2, 2, 60), (3, 3, 600)] {
        let line =
            format!("Contact: <sip:201@192.0.2.{host}>;expires={expires};q=0.{host}\nUser-Agent: toestel");
        world.register_as(cseq, "call-1", &line, if host == 3 { tcp(9) } else { udp() }).unwrap();
    }
    world.pass(60);
    let before = world.contacts();
    let freeze = |registrar: &Registrar| {
        crate::plain::at(world.now, || serde_json::to_string(&registrar.freeze(world.now))).unwrap()
    };
    let frozen = freeze(&world.registrar);
    let bindings = crate::plain::at(world.now, || serde_json::from_str(&frozen)).unwrap();
    let mut thawed = Registrar::thaw(world.now, bindings, RegistrarSettings::default());
    assert_eq!(freeze(&thawed), frozen);
    assert_eq!((thawed.len(), thawed.deadline()), (3, world.registrar.deadline()));
    assert_eq!(thawed.expire(world.now), world.registrar.expire(world.now));
    assert_eq!(thawed.flow_closed(world.now, &tcp(9)), world.registrar.flow_closed(world.now, &tcp(9)));
    world.registrar = thawed;
    assert_ne!(world.contacts(), before);
    assert_eq!(world.registrar.len(), 1);
}
