//! How a phone itself keeps its way open: STUN on the SIP port shows it where it is seen, and on TCP an empty line is
//! answered by one (RFC 5626 sections 3.5.1 and 4.4).
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use crate::hand_made::{HandMade, header};
use crate::masquerade::MASQUERADE;
use crate::pbx::Pbx;
use crate::symmetric::SYMMETRIC;
use crate::world::{Place, World, inside};

#[test]
fn stun_through_the_nat() {
    inside("keep_alives::stun_through_the_nat", || {
        let world = World::new(SYMMETRIC);
        let _pbx = Pbx::start(&world, "");
        let mut phone = HandMade::new(&world, Place::Inside1, "201");
        let mut binding = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
        binding.extend(*b"transaction1");
        let answer = phone.exchange(&binding);
        assert_eq!((&answer[..2], &answer[8..20]), (&[1, 1][..], &b"transaction1"[..]));
        // XOR-MAPPED-ADDRESS is the one attribute: type, length, family, port, address.
        assert_eq!(answer[20..26], [0, 0x20, 0, 8, 0, 1]);
        let port = u16::from_be_bytes([answer[26] ^ 0x21, answer[27] ^ 0x12]);
        let ip = [answer[28] ^ 0x21, answer[29] ^ 0x12, answer[30] ^ 0xa4, answer[31] ^ 0x42];
        assert_eq!(SocketAddr::from((ip, 0)).ip().to_string(), Place::Router.address());
        let options = phone.options(0, "");
        let via = header(&phone.ask(&options), "Via").to_owned();
        assert!(via.contains(&format!("rport={port}")), "SIP sees the same: {port}, {via}");
        assert!(via.contains(&format!("received={}", Place::Router.address())), "{via}");
    });
}

#[test]
fn an_empty_line_on_tcp() {
    inside("keep_alives::an_empty_line_on_tcp", || {
        let world = World::new(MASQUERADE);
        let _pbx = Pbx::start(&world, "");
        let pbx = SocketAddr::new(Place::Pbx.address().parse().unwrap(), 5060);
        let mut stream = world.connect(Place::Inside1, pbx).expect("a connection through the NAT");
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        for _ in 0..2 {
            stream.write_all(b"\r\n\r\n").unwrap();
            let mut pong = [0; 2];
            stream.read_exact(&mut pong).unwrap();
            assert_eq!(&pong, b"\r\n");
        }
        let mut phone = HandMade::new(&world, Place::Inside1, "201");
        let options = phone.options(0, "").replace("SIP/2.0/UDP", "SIP/2.0/TCP");
        stream.write_all(options.as_bytes()).unwrap();
        let mut start = [0; 11];
        stream.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"SIP/2.0 200", "the connection still carries requests");
    });
}
