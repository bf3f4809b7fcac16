//! Two layers with a network between them that loses, delays and reorders: one request arrives once, and its final response is
//! reported once.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::dialog::{AckStep, AckWait};

/// A network whose whims were drawn beforehand. Of three datagrams in one direction at least one arrives.
struct Network {
    whims: Vec<(bool, u64)>,
    sent: usize,
    lost_in_a_row: [usize; 2],
    flying: BTreeMap<(Instant, usize), (bool, Bytes)>,
}

impl Network {
    fn send(&mut self, now: Instant, to_server: bool, bytes: Bytes) {
        let (lost, delay) = self.whims[self.sent % self.whims.len()];
        self.sent += 1;
        let row = &mut self.lost_in_a_row[usize::from(to_server)];
        if lost && *row < 2 {
            *row += 1;
            return;
        }
        *row = 0;
        self.flying.insert((now + Duration::from_millis(delay), self.sent), (to_server, bytes));
    }
}

/// Both ends and their users.
struct Ends {
    client: TransactionLayer,
    server: TransactionLayer,
    status: u16,
    /// The 2xx of the server waits for its ACK.
    unacked: Option<(ServerId, AckWait)>,
    requests: usize,
    finals: usize,
    further_2xx: usize,
    acks: usize,
}

impl Ends {
    fn drain(&mut self, now: Instant, network: &mut Network) {
        while let Some(output) = self.client.poll() {
            match output {
                TransactionOutput::Transmit { bytes, .. } => network.send(now, true, bytes),
                TransactionOutput::Response { response, .. } if response.status.is_success() => {
                    if self.finals > 0 {
                        self.further_2xx += 1;
                    } else {
                        self.finals += 1;
                    }
                    if response.cseq.method == crate::message::Method::Invite {
                        let Message::Request(mut ack) = message(&request("ACK", "z9hG4bKx")) else {
                            panic!()
                        };
                        ack.via.clear();
                        self.client.ack(now, ack, udp(), udp().local);
                    }
                }
                TransactionOutput::Response { response, .. } if response.status.is_final() => {
                    self.finals += 1
                }
                TransactionOutput::Response { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        while let Some(output) = self.server.poll() {
            match output {
                TransactionOutput::Transmit { bytes, .. } => network.send(now, false, bytes),
                TransactionOutput::Request { id, request, .. } => {
                    self.requests += 1;
                    let response = request.response(StatusCode::new(self.status).unwrap());
                    self.server.respond(now, id, response);
                    if self.status == 200 && request.method == crate::message::Method::Invite {
                        self.unacked = Some((id, AckWait::new(now, &Timers::default())));
                    }
                }
                TransactionOutput::Ack { .. } => {
                    self.acks += 1;
                    self.unacked = None;
                }
                // The few ACKs that are asked for may all be lost.
                TransactionOutput::Ended { reason: EndedReason::NoAck, .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let wait = self.unacked.map(|(_, wait)| wait.deadline());
        [self.client.deadline(), self.server.deadline(), wait].into_iter().flatten().min()
    }

    fn tick(&mut self, now: Instant) {
        self.client.tick(now);
        self.server.tick(now);
        let Some((id, wait)) = &mut self.unacked else { return };
        match wait.tick(now) {
            AckStep::Wait => {}
            AckStep::Resend => self.server.retransmit(now, *id),
            AckStep::GiveUp => self.unacked = None,
        }
    }
}

proptest! {
    #[test]
    fn one_request_one_final_response(
        whims in prop::collection::vec((any::<bool>(), 0..700u64), 1..40),
        method in prop::sample::select(vec!["INVITE", "OPTIONS", "MESSAGE"]),
        status in prop::sample::select(vec![200, 486]),
    ) {
        let mut now = instant();
        let layer = |seed| {
            TransactionLayer::new(Timers::default(), ChaCha12Rng::seed_from_u64(seed), TransactionLimits::default())
        };
        let mut ends = Ends {
            client: layer(1),
            server: layer(2),
            status,
            unacked: None,
            requests: 0,
            finals: 0,
            further_2xx: 0,
            acks: 0,
        };
        let mut network = Network { whims, sent: 0, lost_in_a_row: [0; 2], flying: BTreeMap::new() };
        let Message::Request(mut first) = message(&request(method, "z9hG4bKx")) else { panic!() };
        first.via.clear();
        ends.client.request(now, first, udp(), udp().local);
        ends.drain(now, &mut network);
        loop {
            let arrival = network.flying.first_key_value().map(|(key, _)| *key);
            let Some(next) = [arrival.map(|(at, _)| at), ends.deadline()].into_iter().flatten().min() else { break };
            now = next;
            if let Some(((at, _), (to_server, bytes))) = network.flying.pop_first() {
                if at <= now {
                    let end = if to_server { &mut ends.server } else { &mut ends.client };
                    end.receive(now, Message::parse(&bytes).unwrap(), udp());
                } else {
                    network.flying.insert((at, arrival.unwrap().1), (to_server, bytes));
                }
            }
            ends.tick(now);
            ends.drain(now, &mut network);
        }
        prop_assert_eq!((ends.requests, ends.finals), (1, 1));
        let accepted = method == "INVITE" && status == 200;
        prop_assert!(accepted || (ends.further_2xx, ends.acks) == (0, 0));
        prop_assert!(ends.client.is_empty() && ends.server.is_empty());
    }
}
