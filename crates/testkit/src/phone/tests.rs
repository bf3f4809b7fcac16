//! Phones that call each other directly: the witnesses are checked before they testify about the PBX.

use std::net::SocketAddr;
use std::time::Duration;

use kiestoon_sip::{Flow, Message, Method, Transport};

use super::{Ended, LineState, Phone, Place, Profile, phone};
use crate::chance::Chance;
use crate::clock::{Clock, millis, secs};
use crate::net::{Arrival, Link, Network};
use crate::what::What;

struct Pair {
    clock: Clock,
    net: Network,
    phones: [Phone; 2],
}

impl Pair {
    fn new(seed: u64, link: Link, callee: Profile) -> Self {
        let clock = Clock::new();
        let mut net = Network::new(clock, Chance::new(seed));
        net.set_link(link);
        let addresses: [SocketAddr; 2] =
            ["10.0.0.21:5060", "10.0.0.22:5060"].map(|text| text.parse().unwrap());
        net.host(&[addresses[0].ip()], "201");
        net.host(&[addresses[1].ip()], "202");
        let make = |profile: Profile, here: usize| {
            let place = Place {
                name: profile.number.clone(),
                domain: "kantoor.example".to_owned(),
                password: "geheim".to_owned(),
                flow: Flow {
                    transport: Transport::Udp,
                    local: addresses[here],
                    remote: addresses[1 - here],
                    connection: None,
                },
                address: addresses[here],
                chance: Chance::new(seed + 1 + here as u64),
            };
            Phone::new(profile, place)
        };
        let phones = [make(phone("201"), 0), make(callee, 1)];
        Self { clock, net, phones }
    }

    fn run(&mut self, duration: Duration) {
        let end = self.clock.now() + duration;
        loop {
            let now = self.clock.now();
            for phone in &mut self.phones {
                phone.tick(now);
                while let Some((flow, bytes)) = phone.poll() {
                    self.net.send(now, &flow, &bytes);
                }
            }
            if let Some(Arrival::Message { flow, bytes }) = self.net.arrive(now) {
                let message = Message::parse(&bytes).unwrap();
                let phone = self.phones.iter_mut().find(|phone| phone.flow.local == flow.local).unwrap();
                phone.receive(now, message, flow);
                continue;
            }
            let next = self.phones.iter().filter_map(Phone::deadline).chain(self.net.next()).min();
            match next.filter(|next| *next <= end) {
                Some(next) => self.clock.run_until(next),
                None => break,
            }
        }
        self.clock.run_until(end);
    }

    fn call(&mut self, late: bool) {
        self.phones[0].call(self.clock.now(), "202", late, &|_| {});
    }

    fn states(&self) -> [LineState; 2] {
        [0, 1].map(|index: usize| self.phones[index].last_call().map(|(_, state)| state).unwrap())
    }

    fn expect_quiet(&mut self) {
        self.run(secs(60));
        for phone in &self.phones {
            assert_eq!(phone.leftovers(), Vec::<String>::new(), "{}", self.net.ladder.draw());
            assert_eq!(phone.complaints(), Vec::<String>::new(), "{}", self.net.ladder.draw());
        }
    }
}

#[test]
fn a_call_is_made_held_and_ended() {
    let mut pair = Pair::new(1, Link::default(), phone("202"));
    pair.call(false);
    pair.run(secs(3));
    assert_eq!(pair.states(), [LineState::Talking; 2]);
    pair.phones[0].hold(pair.clock.now(), super::Flowing::SendOnly);
    pair.run(secs(1));
    assert_eq!(pair.phones[1].sessions().unwrap().0.flowing, super::Flowing::RecvOnly);
    pair.phones[1].hang_up(pair.clock.now());
    pair.expect_quiet();
    assert_eq!(pair.states(), [LineState::Ended(Ended::ByThem), LineState::Ended(Ended::ByUs)]);
}

#[test]
fn a_late_offer_is_answered_in_the_ack() {
    let mut pair = Pair::new(2, Link::default(), phone("202"));
    pair.call(true);
    pair.run(secs(3));
    assert_eq!(pair.states(), [LineState::Talking; 2]);
    assert!(pair.phones[1].sessions().unwrap().1.is_some());
    pair.phones[0].hang_up(pair.clock.now());
    pair.expect_quiet();
}

#[test]
fn a_ringing_call_is_cancelled() {
    let mut pair = Pair::new(3, Link::default(), phone("202").never_answers());
    pair.call(false);
    pair.run(secs(1));
    pair.phones[0].cancel(pair.clock.now());
    pair.expect_quiet();
    assert_eq!(pair.states(), [LineState::Ended(Ended::Cancelled); 2]);
}

#[test]
fn a_lossy_link_is_survived() {
    for seed in 0..50 {
        let link = Link { loss: 200, duplicate: 50, jitter: millis(50), ..Link::default() };
        let mut pair = Pair::new(seed, link, phone("202"));
        pair.call(false);
        pair.run(secs(40));
        assert_eq!(pair.states(), [LineState::Talking; 2], "seed {seed}\n{}", pair.net.ladder.draw());
        pair.phones[1].hang_up(pair.clock.now());
        pair.expect_quiet();
    }
}

#[test]
fn a_rule_drops_the_ack_and_the_200_comes_again() {
    let mut pair = Pair::new(4, Link::default(), phone("202"));
    pair.net.drop_next(2, What::request("ACK"), false);
    pair.call(false);
    pair.run(secs(10));
    assert_eq!(pair.states(), [LineState::Talking; 2]);
    let drawing = pair.net.ladder.draw();
    assert_eq!(drawing.matches("[dropped by the story]").count(), 2, "{drawing}");
    assert_eq!(drawing.matches("200 OK (1 INVITE)").count(), 3, "{drawing}");
    pair.phones[0].hang_up(pair.clock.now());
    pair.expect_quiet();
}

#[test]
fn glare_between_two_phones_is_settled() {
    let mut pair = Pair::new(5, Link::default(), phone("202"));
    pair.call(false);
    pair.run(secs(3));
    let now = pair.clock.now();
    pair.phones[0].reinvite(now, false);
    pair.phones[1].reinvite(now, false);
    pair.run(secs(10));
    let refused = pair.phones[0].responses().filter(|response| response.status.code() == 491).count();
    assert!(refused >= 1);
    assert!(pair.phones.iter().all(|phone| {
        let last = phone.responses().filter(|response| response.cseq.method == Method::Invite).last();
        last.is_some_and(|response| response.status.is_success())
    }));
    pair.phones[0].hang_up(pair.clock.now());
    pair.expect_quiet();
}
