//! Two organisations with the same numbers on one PBX: nobody sees anything of the other, however it is asked for.

use std::net::UdpSocket;
use std::time::Duration;

use kiestoon_sip::Method;
use kiestoon_sip::digest::{Challenge, Secret, answer};

use crate::browser::{Browser, read_until};
use crate::house::{House, wait_for};
use crate::page::Page;

/// What stands in `field` of each item of a list.
fn listed(browser: &Browser<'_>, path: &str, field: &str) -> Vec<String> {
    let items = browser.get(path).json()["items"].clone();
    items.as_array().unwrap().iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

#[test]
fn lists_and_events_are_of_ones_own() {
    let house = House::of_two();
    let [kees, anna, willem, bea] = ["kees", "anna", "willem", "bea"].map(|login| Browser::of(&house, login));
    let all = [&kees, &anna, &willem, &bea];
    let mut streams = all.map(|browser| {
        let mut events = browser.events();
        read_until(&mut events, ":");
        events
    });
    let counts = all.map(|browser| listed(browser, "/api/v1/extensions", "number").len());
    assert_eq!(counts, [2, 1, 2, 1]);

    let (mut of_anna, mut of_bea) = (Page::open(&anna), Page::open(&bea));
    of_bea.register();
    of_anna.register();
    for (browser, organisation) in all.into_iter().zip(["kantoor", "kantoor", "winkel", "winkel"]) {
        assert_eq!(listed(browser, "/api/v1/registrations", "organisation"), [organisation]);
    }
    let registered = willem.get("/api/v1/registrations").json()["items"][0].clone();
    assert_eq!(registered["user_agent"], "Bladeraar");
    assert!(registered["since"].as_str().is_some_and(|since| since.starts_with("20")), "{registered}");

    call_bea(&house);
    for browser in [&willem, &bea] {
        wait_for("the call", || listed(browser, "/api/v1/calls", "organisation") == ["winkel"]);
    }
    for browser in [&kees, &anna] {
        assert!(listed(browser, "/api/v1/calls", "id").is_empty(), "it is none of theirs");
    }

    // What comes last ends the look: all before it has been seen.
    drop((of_bea, of_anna));
    for (stream, (own, other)) in streams.iter_mut().zip([
        ("kantoor", "winkel"),
        ("kantoor", "winkel"),
        ("winkel", "kantoor"),
        ("winkel", "kantoor"),
    ]) {
        let seen = read_until(stream, "\"contacts\":0");
        assert!(seen.contains(&format!("\"organisation\":\"{own}\"")), "{seen}");
        assert!(!seen.contains(other), "{seen}");
    }
}

/// 202 of winkel calls 201 there; nobody answers.
fn call_bea(house: &House) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let own = socket.local_addr().unwrap();
    let sdp = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {} RTP/AVP 8\r\n",
        own.port()
    );
    let ask = |cseq: u32, more: &str| {
        let invite = format!(
            "INVITE sip:201@winkel.example SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{cseq};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:202@winkel.example>;tag=a\r\nTo: <sip:201@winkel.example>\r\n\
             Call-ID: winkel\r\nCSeq: {cseq} INVITE\r\nContact: <sip:202@{own}>\r\n{more}\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        );
        socket.send_to(invite.as_bytes(), house.sip()).unwrap();
        let mut answer = vec![0; 4_096];
        let read = socket.recv(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[..read]).into_owned()
    };
    let challenged = ask(1, "");
    let line = challenged.lines().find_map(|line| line.strip_prefix("Proxy-Authenticate: "));
    let challenge = Challenge::parse(line.unwrap_or_else(|| panic!("{challenged}"))).unwrap();
    let (secret, uri) = (Secret::Password("winkel202"), "sip:201@winkel.example");
    let signed = answer(&challenge, "202", secret, &Method::Invite, uri, 1, "c0ffee").unwrap();
    let answered = ask(2, &format!("Proxy-Authorization: {signed}\r\n"));
    assert!(answered.starts_with("SIP/2.0 1"), "{answered}");
}

#[test]
fn a_stream_that_was_cut_is_taken_up_again() {
    let house = House::of_two();
    let bea = Browser::of(&house, "bea");
    let mut first = bea.events();
    read_until(&mut first, ":");
    let mut page = Page::open(&bea);
    page.register();
    read_until(&mut first, "\"contacts\":1");
    drop(first);
    wait_for("end of the stream", || bea.metric("kiestoon_admin_event_streams") == Some(0));
    let mut second = bea.events();
    read_until(&mut second, ":");
    assert_eq!(listed(&bea, "/api/v1/registrations", "number"), ["201"], "what was missed shows here");
    drop(page);
    read_until(&mut second, "\"contacts\":0");
}
