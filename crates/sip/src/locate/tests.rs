use super::*;

/// Answers from a list of names; what is not in it does not exist.
struct Zone(Vec<(Question, Answer)>);

impl Zone {
    fn locate(&self, uri: &str) -> Vec<String> {
        self.locate_with(uri, &[Transport::Udp, Transport::Tcp, Transport::Tls], &mut || 0).0
    }

    fn locate_with(
        &self,
        uri: &str,
        can: &[Transport],
        random: &mut impl FnMut() -> u64,
    ) -> (Vec<String>, Vec<Question>) {
        let uri = crate::uri::Uri::parse(uri).unwrap();
        let mut locate = Locate::new(Query::of(uri.as_sip().unwrap()), can);
        let mut asked = Vec::new();
        while let Some(question) = locate.question() {
            let known = self.0.iter().find(|(known, _)| *known == question);
            let nothing = match &question {
                Question::Naptr(_) => Answer::Naptr(Vec::new()),
                Question::Srv(_) => Answer::Srv(Vec::new()),
                Question::Addresses(_) => Answer::Addresses(Vec::new()),
            };
            locate.answer(known.map_or(nothing, |(_, answer)| answer.clone()), random);
            asked.push(question);
        }
        let shown = |target: Target| format!("{} {}", target.transport, target.address);
        (locate.targets().into_iter().map(shown).collect(), asked)
    }
}

fn naptr(order: u16, service: &str, replacement: &str) -> Naptr {
    Naptr {
        order,
        preference: 10,
        flags: "s".into(),
        service: service.into(),
        replacement: replacement.into(),
    }
}

fn srv(priority: u16, weight: u16, port: u16, target: &str) -> Srv {
    Srv { priority, weight, port, target: target.into() }
}

fn host(name: &str, ip: &str) -> (Question, Answer) {
    (Question::Addresses(name.into()), Answer::Addresses(vec![ip.parse().unwrap()]))
}

fn example() -> Zone {
    Zone(vec![
        (
            Question::Naptr("example.com".into()),
            Answer::Naptr(vec![
                naptr(90, "SIP+D2U", "_sip._udp.example.com"),
                naptr(50, "SIPS+D2T", "_sips._tcp.example.com"),
                naptr(60, "SIP+D2S", "_sip._sctp.example.com"),
                naptr(70, "E2U+sip", "elsewhere.example.com"),
            ]),
        ),
        (
            Question::Srv("_sips._tcp.example.com".into()),
            Answer::Srv(vec![srv(1, 0, 5061, "b.example.com"), srv(0, 0, 5071, "a.example.com")]),
        ),
        (Question::Srv("_sip._udp.example.com".into()), Answer::Srv(vec![srv(0, 0, 5060, "a.example.com")])),
        (Question::Srv("_sip._tcp.example.com".into()), Answer::Srv(vec![srv(0, 0, 5080, "a.example.com")])),
        host("a.example.com", "192.0.2.1"),
        host("b.example.com", "2001:db8::2"),
        host("plain.example", "192.0.2.9"),
    ])
}

#[test]
fn naptr_and_srv_give_the_order() {
    assert_eq!(
        example().locate("sip:bob@example.com"),
        ["tls 192.0.2.1:5071", "tls [2001:db8::2]:5061", "udp 192.0.2.1:5060"]
    );
    let (targets, _) =
        example().locate_with("sip:bob@example.com", &[Transport::Udp, Transport::Tcp], &mut || 0);
    assert_eq!(targets, ["udp 192.0.2.1:5060"]);
}

#[test]
fn sips_is_never_located_without_tls() {
    assert_eq!(example().locate("sips:bob@example.com"), ["tls 192.0.2.1:5071", "tls [2001:db8::2]:5061"]);
    let (targets, _) = example().locate_with("sips:bob@plain.example", &[Transport::Udp], &mut || 0);
    assert_eq!(targets, [""; 0]);
    assert_eq!(example().locate("sips:bob@plain.example"), ["tls 192.0.2.9:5061"]);
}

#[test]
fn a_transport_in_the_uri_skips_naptr() {
    let (targets, asked) = example().locate_with(
        "sip:bob@example.com;transport=tcp",
        &[Transport::Udp, Transport::Tcp],
        &mut || 0,
    );
    assert_eq!(targets, ["tcp 192.0.2.1:5080"]);
    assert_eq!(asked.first(), Some(&Question::Srv("_sip._tcp.example.com".into())));
}

#[test]
fn a_port_in_the_uri_skips_srv() {
    let (targets, asked) = example().locate_with("sip:bob@a.example.com:5099", &[Transport::Udp], &mut || 0);
    assert_eq!(targets, ["udp 192.0.2.1:5099"]);
    assert_eq!(asked, [Question::Addresses("a.example.com".into())]);
}

#[test]
fn a_literal_address_needs_nobody() {
    let can = [Transport::Udp, Transport::Tcp];
    let none = Vec::<Question>::new();
    for (uri, target) in [
        ("sip:bob@192.0.2.7", "udp 192.0.2.7:5060"),
        ("sip:bob@[2001:db8::7]:5070;transport=tcp", "tcp [2001:db8::7]:5070"),
    ] {
        assert_eq!(example().locate_with(uri, &can, &mut || 0), (vec![target.to_owned()], none.clone()));
    }
}

#[test]
fn a_name_without_service_records_is_a_host() {
    let (targets, asked) =
        example().locate_with("sip:bob@plain.example", &[Transport::Udp, Transport::Tcp], &mut || 0);
    assert_eq!(targets, ["udp 192.0.2.9:5060"]);
    assert_eq!(asked.len(), 4, "{asked:?}");
}

#[test]
fn a_service_that_is_denied_is_not_tried() {
    let zone = Zone(vec![
        (Question::Srv("_sip._udp.no.example".into()), Answer::Srv(vec![srv(0, 0, 0, ".")])),
        host("no.example", "192.0.2.3"),
    ]);
    assert_eq!(zone.locate("sip:bob@no.example"), [""; 0]);
}

#[test]
fn weights_share_the_calls_and_priorities_come_first() {
    let zone = Zone(vec![
        (
            Question::Srv("_sip._udp.many.example".into()),
            Answer::Srv(vec![
                srv(10, 0, 5060, "last.example"),
                srv(1, 75, 5060, "often.example"),
                srv(1, 25, 5060, "seldom.example"),
            ]),
        ),
        host("often.example", "192.0.2.1"),
        host("seldom.example", "192.0.2.2"),
        host("last.example", "192.0.2.3"),
    ]);
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state >> 33
    };
    let mut often = 0;
    for _ in 0..1_000 {
        let (targets, _) =
            zone.locate_with("sip:bob@many.example;transport=udp", &[Transport::Udp], &mut random);
        assert_eq!(targets.len(), 3);
        assert_eq!(targets[2], "udp 192.0.2.3:5060");
        often += usize::from(targets[0] == "udp 192.0.2.1:5060");
    }
    assert!((650..850).contains(&often), "{often}");
}

#[test]
fn a_domain_cannot_make_us_ask_or_try_without_end() {
    let names: Vec<String> = (0..100).map(|n| format!("h{n}.example")).collect();
    let records = names.iter().map(|name| srv(0, 1, 5060, name)).collect();
    let mut zone = vec![(Question::Srv("_sip._udp.big.example".into()), Answer::Srv(records))];
    let many: Vec<IpAddr> = (0..100).map(|n| IpAddr::from([192, 0, 2, n])).collect();
    zone.extend(
        names.iter().map(|name| (Question::Addresses(name.as_str().into()), Answer::Addresses(many.clone()))),
    );
    let (targets, asked) =
        Zone(zone).locate_with("sip:bob@big.example;transport=udp", &[Transport::Udp], &mut || 7);
    assert!(targets.len() <= MOST_TARGETS && asked.len() <= MOST_QUESTIONS);
}
