//! Random histories: nothing panics, everything ends in time, nothing is left, and the user hears exactly one end of
//! every request. A layer that is frozen and thawed before every step lives the same life.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Send { invite: bool, reliable: bool },
    Answer { which: usize, status: u16 },
    Cancel { which: usize },
    Receive { method: usize, branch: usize, reliable: bool },
    Respond { which: usize, status: u16, stateless: bool },
    Retransmit { which: usize },
    FlowFailed { reliable: bool },
    Wait { milliseconds: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let status = prop::sample::select(vec![100, 180, 183, 200, 202, 302, 401, 486, 487, 503, 603]);
    prop_oneof![
        4 => (any::<bool>(), any::<bool>()).prop_map(|(invite, reliable)| Step::Send { invite, reliable }),
        6 => (0..8usize, status.clone()).prop_map(|(which, status)| Step::Answer { which, status }),
        2 => (0..8usize).prop_map(|which| Step::Cancel { which }),
        6 => (0..6usize, 0..5usize, any::<bool>())
            .prop_map(|(method, branch, reliable)| Step::Receive { method, branch, reliable }),
        6 => (0..8usize, status, any::<bool>())
            .prop_map(|(which, status, stateless)| Step::Respond { which, status, stateless }),
        1 => (0..8usize).prop_map(|which| Step::Retransmit { which }),
        1 => any::<bool>().prop_map(|reliable| Step::FlowFailed { reliable }),
        4 => prop_oneof![0..100u64, 400..40_000u64].prop_map(|milliseconds| Step::Wait { milliseconds }),
    ]
}

/// What the user of the layer has seen and may act on.
#[derive(Default)]
struct User {
    clients: Vec<ClientId>,
    servers: Vec<(ServerId, Request)>,
    sent: Vec<Bytes>,
    /// How often each client transaction came to an end.
    ends: HashMap<ClientId, usize>,
    /// All outputs.
    log: Vec<String>,
}

impl User {
    fn drain(&mut self, layer: &mut TransactionLayer) {
        while let Some(output) = layer.poll() {
            self.log.push(format!("{output:?}"));
            match output {
                TransactionOutput::Transmit { bytes, .. } => {
                    if matches!(Message::parse(&bytes), Ok(Message::Request(_))) {
                        self.sent.push(bytes);
                    }
                }
                TransactionOutput::Request { id, request, .. } => self.servers.push((id, request)),
                TransactionOutput::Response { id, response, .. } => {
                    let further_2xx = response.status.is_success() && self.ends.contains_key(&id);
                    if response.status.is_final() && !further_2xx {
                        *self.ends.entry(id).or_default() += 1;
                    }
                }
                TransactionOutput::Failed { id, .. } => *self.ends.entry(id).or_default() += 1,
                TransactionOutput::Ack { .. }
                | TransactionOutput::Cancelled { .. }
                | TransactionOutput::Ended { .. } => {}
            }
        }
    }

    fn act(&mut self, layer: &mut TransactionLayer, now: Instant, step: &Step) {
        match step {
            Step::Send { invite, reliable } => {
                let text = request(if *invite { "INVITE" } else { "OPTIONS" }, "z9hG4bKx");
                let Message::Request(mut request) = message(&text) else { unreachable!() };
                request.via.clear();
                let flow = if *reliable { tcp() } else { udp() };
                self.clients.push(layer.request(now, request, flow, flow.local));
            }
            Step::Answer { which, status } => {
                let Some(bytes) = self.sent.iter().rev().nth(*which) else { return };
                let Ok(Message::Request(request)) = Message::parse(bytes) else { return };
                let response = request.response(StatusCode::new(*status).unwrap());
                layer.receive(now, Message::Response(response), udp());
            }
            Step::Cancel { which } => {
                if let Some(id) = self.clients.iter().rev().nth(*which) {
                    layer.cancel(now, *id);
                }
            }
            Step::Receive { method, branch, reliable } => {
                let method = ["INVITE", "ACK", "CANCEL", "BYE", "REGISTER", "MESSAGE"][*method];
                let branch = ["z9hG4bKa", "z9hG4bKb", "z9hG4bKc", "1", "2"][*branch];
                layer.receive(now, message(&request(method, branch)), if *reliable { tcp() } else { udp() });
            }
            Step::Respond { which, status, stateless } => {
                let Some((id, request)) = self.servers.iter().rev().nth(*which) else { return };
                let response = request.response(StatusCode::new(*status).unwrap());
                if *stateless {
                    layer.respond_stateless(now, *id, &response);
                } else {
                    layer.respond(now, *id, response);
                }
            }
            Step::Retransmit { which } => {
                if let Some((id, _)) = self.servers.iter().rev().nth(*which) {
                    layer.retransmit(now, *id);
                }
            }
            Step::FlowFailed { reliable } => layer.flow_failed(now, &if *reliable { tcp() } else { udp() }),
            Step::Wait { .. } => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn everything_ends_and_leaves_nothing(steps in prop::collection::vec(step(), 1..60)) {
        let stayed = history(&steps, false)?;
        prop_assert_eq!(stayed, history(&steps, true)?);
    }
}

fn history(steps: &[Step], is_handed_over: bool) -> Result<Vec<String>, TestCaseError> {
    let timers = Timers::default();
    let rng = ChaCha12Rng::seed_from_u64(7);
    let limits = TransactionLimits { transactions: 20, retained_bytes: 4000 };
    let mut layer = TransactionLayer::new(timers, rng, limits);
    let mut user = User::default();
    let mut now = instant();
    for step in steps {
        if is_handed_over {
            layer = handed_over(layer, now);
        }
        user.act(&mut layer, now, step);
        user.drain(&mut layer);
        if let Step::Wait { milliseconds } = step {
            let until = now + Duration::from_millis(*milliseconds);
            while let Some(deadline) = layer.deadline().filter(|deadline| *deadline <= until) {
                prop_assert!(deadline >= now);
                now = deadline;
                layer.tick(now);
                user.drain(&mut layer);
            }
            now = until;
        }
    }
    // Without further input: Timer C, then the CANCEL's 64*T1.
    let last = now + timers.timer_c + timers.transaction();
    while let Some(deadline) = layer.deadline() {
        prop_assert!(deadline <= last, "a transaction outlives its timers");
        layer.tick(deadline);
        user.drain(&mut layer);
    }
    prop_assert!(layer.is_empty() && layer.paths_are_empty());
    for id in &user.clients {
        prop_assert_eq!(user.ends.get(id).copied(), Some(1), "the ends of {:?}", id);
    }
    Ok(user.log)
}

/// The same layer in another process. Entropy alone is not handed over; a copy of it makes the two lives comparable.
fn handed_over(layer: TransactionLayer, now: Instant) -> TransactionLayer {
    let frozen = crate::plain::at(now, || serde_json::to_string(&layer)).unwrap();
    let thawed: FrozenTransactions = crate::plain::at(now, || serde_json::from_str(&frozen)).unwrap();
    TransactionLayer::thaw(now, thawed, layer.timers, layer.rng, layer.limits)
}
