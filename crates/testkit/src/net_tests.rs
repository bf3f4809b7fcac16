//! What the network promises: the same seed the same fate, loss and order on datagrams, neither on connections.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use kiestoon_sip::{Flow, Message, Transport};

use super::*;
use crate::clock::millis;

const A: &str = "10.0.0.21:5060";
const B: &str = "10.0.0.22:5060";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn net(seed: u64, link: Link) -> (Clock, Network) {
    let clock = Clock::new();
    let mut net = Network::new(clock, Chance::new(seed));
    net.set_link(link);
    net.host(&[address(A).ip()], "a");
    net.host(&[address(B).ip()], "b");
    (clock, net)
}

fn options(number: u32) -> Bytes {
    let text = format!(
        "OPTIONS sip:b SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.21;branch=z9hG4bK{number}\r\nFrom: <sip:a>;tag=1\r\n\
         To: <sip:b>\r\nCall-ID: c\r\nCSeq: {number} OPTIONS\r\nContent-Length: 0\r\n\r\n"
    );
    text.into()
}

fn arrived(clock: &mut Clock, net: &mut Network) -> Vec<u32> {
    let mut numbers = Vec::new();
    clock.advance(Duration::from_secs(10));
    while let Some(arrival) = net.arrive(clock.now()) {
        if let Arrival::Message { bytes, .. } = arrival {
            numbers.push(Message::parse(&bytes).unwrap().cseq().number);
        }
    }
    numbers
}

fn send(clock: &Clock, net: &mut Network, flow: &Flow, count: u32) {
    for number in 1..=count {
        net.send(clock.now() + millis(u64::from(number)), flow, &options(number));
    }
}

#[test]
fn datagrams_are_lost_reordered_and_doubled_by_the_seed() {
    let bad = Link { loss: 200, duplicate: 100, jitter: millis(50), ..Link::default() };
    let tell = |seed| {
        let (mut clock, mut net) = net(seed, bad);
        let flow =
            Flow { transport: Transport::Udp, local: address(A), remote: address(B), connection: None };
        send(&clock, &mut net, &flow, 500);
        arrived(&mut clock, &mut net)
    };
    let once = tell(7);
    assert_eq!(once, tell(7));
    assert_ne!(once, tell(8));
    assert!((370..510).contains(&once.len()), "{} of 500 with one in five lost", once.len());
    assert!(!once.is_sorted());
}

#[test]
fn a_connection_keeps_its_order_and_loses_nothing() {
    let bad = Link { loss: 200, duplicate: 100, jitter: millis(50), ..Link::default() };
    let (mut clock, mut net) = net(1, bad);
    let id = net.connect(Transport::Tcp, address(A), address(B));
    let flow =
        Flow { transport: Transport::Tcp, local: address(A), remote: address(B), connection: Some(id) };
    send(&clock, &mut net, &flow, 200);
    assert_eq!(arrived(&mut clock, &mut net), (1..=200).collect::<Vec<_>>());
}

#[test]
fn a_closed_connection_is_told_to_both_sides() {
    let (mut clock, mut net) = net(1, Link::default());
    let id = net.connect(Transport::Tcp, address(A), address(B));
    let flow =
        Flow { transport: Transport::Tcp, local: address(A), remote: address(B), connection: Some(id) };
    net.close(clock.now(), &flow);
    clock.advance(millis(10));
    assert!(matches!(net.arrive(clock.now()), Some(Arrival::Failed { flow }) if flow.local == address(B)));
    net.send(clock.now(), &flow, &options(1));
    assert!(matches!(net.arrive(clock.now()), Some(Arrival::Failed { flow }) if flow.local == address(A)));
    assert!(net.arrive(clock.now()).is_none());
}

#[test]
fn nothing_arrives_before_its_time_nor_at_a_dead_host() {
    let (mut clock, mut net) = net(1, Link::default());
    let flow = Flow { transport: Transport::Udp, local: address(A), remote: address(B), connection: None };
    net.send(clock.now(), &flow, &options(1));
    assert!(net.arrive(clock.now()).is_none());
    assert_eq!(net.next(), Some(clock.now() + millis(5)));
    net.set_reach(address(B).ip(), Reach::Silent);
    clock.advance(millis(5));
    assert!(net.arrive(clock.now()).is_none());
    net.set_reach(address(B).ip(), Reach::Refusing);
    net.send(clock.now(), &flow, &options(2));
    clock.advance(millis(10));
    assert!(matches!(net.arrive(clock.now()), Some(Arrival::Failed { flow: back }) if back == flow));
}
