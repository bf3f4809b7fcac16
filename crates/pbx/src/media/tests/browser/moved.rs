//! A leg that goes over to another call, on the same thread or another, is the same to its browser or phone.

use super::*;

const OTHER: CallKey = CallKey(2);

fn with_threads(threads: usize) -> Bench {
    Bench::with(EngineConfig {
        threads,
        ports: free_range(),
        webrtc_port: Some(0),
        ..EngineConfig::default()
    })
}

/// A phone in the other call, with leg 3.
fn phone_of_other_call(bench: &mut Bench) -> Phone {
    let phone = Phone::new(bench.open(OTHER, 3).unwrap());
    bench.describe(3, &phone, Direction::SendRecv);
    phone
}

/// Takes leg 1 over to the other call as leg 4: how many packets it had heard in the first.
fn take_over(bench: &mut Bench) -> u64 {
    bench.perform(MediaCommand::Move { leg: LegId(1), to: LegId(4), call: OTHER });
    let MediaEvent::Closed { leg: LegId(1), quality } = bench.event() else { panic!("not closed") };
    bench.perform(MediaCommand::Connect { a: LegId(4), b: LegId(3) });
    quality.inbound.packets
}

#[test]
fn a_browser_goes_over_without_another_handshake() {
    for threads in [1, 2] {
        let mut bench = with_threads(threads);
        let (mut browser, phone) = pair(&mut bench);
        let other = phone_of_other_call(&mut bench);
        talk(&mut browser, &phone, 1);
        // It looks at another way, too, of the other family.
        let (aside, way) = (UdpSocket::bind("[::1]:0").unwrap(), ("::1", browser.door().port()));
        assert_eq!(browser.check_at(&aside, way, &browser.local.credentials(), 1), Some(200));
        assert!(take_over(&mut bench) >= 1);
        browser.describe(&mut bench, 4);
        talk(&mut browser, &other, 100);
        phone.hears_nothing();
        // Its transport knows where it is now.
        let better = socket();
        assert_eq!(browser.check(&better, &browser.local.credentials(), u32::MAX), Some(200));
        browser.socket = better;
        talk(&mut browser, &other, 200);
        bench.perform(MediaCommand::Close { leg: LegId(2) });
        assert!(matches!(bench.event(), MediaEvent::Closed { leg: LegId(2), .. }));
        talk(&mut browser, &other, 300);
        bench.perform(MediaCommand::Close { leg: LegId(4) });
        let MediaEvent::Closed { leg: LegId(4), quality } = bench.event() else { panic!("not closed") };
        assert!(quality.srtp.is_some() && quality.forged == 0);
        let ours = browser.local.credentials();
        assert_eq!(browser.check(&browser.socket, &ours, 1), None, "forgotten");
        assert_eq!(bench.engine.open_legs(), 1);
    }
}

#[test]
fn a_phone_keeps_its_port_and_is_counted_anew() {
    for threads in [1, 2] {
        let mut bench = with_threads(threads);
        let (phone, left) = bench.bridge();
        let other = phone_of_other_call(&mut bench);
        assert_eq!((phone.send(1), phone.send(2)), (left.hear().0, left.hear().0));
        assert_eq!(take_over(&mut bench), 2);
        bench.describe(4, &phone, Direction::SendRecv);
        assert_eq!(phone.send(3), other.hear().0);
        assert_eq!((other.send(9), phone.local.rtp), phone.hear());
        left.hears_nothing();
        let ports = bench.engine.port_pairs();
        bench.perform(MediaCommand::Close { leg: LegId(4) });
        let MediaEvent::Closed { leg: LegId(4), quality } = bench.event() else { panic!("not closed") };
        assert_eq!((quality.inbound.packets, quality.outbound.packets), (1, 1));
        // The thread gives them back once it has said so.
        let end = Instant::now() + PATIENCE;
        while bench.engine.port_pairs() != ports - 1 {
            assert!(Instant::now() < end, "its ports are kept");
            std::thread::yield_now();
        }
    }
}

#[test]
fn what_is_gone_cannot_go_over() {
    let mut bench = with_threads(1);
    let _phone = bench.phone(1);
    let over = MediaCommand::Move { leg: LegId(1), to: LegId(4), call: OTHER };
    bench.perform(MediaCommand::Close { leg: LegId(1) });
    assert!(matches!(bench.event(), MediaEvent::Closed { .. }));
    assert_eq!(bench.engine.perform(over), Some(MediaEvent::Failed { leg: LegId(4) }));
}
