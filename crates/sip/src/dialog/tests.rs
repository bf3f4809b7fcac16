//! RFC 3261 section 12: how dialogs are made, what requests in them look like, what is refused.

use bytes::Bytes;

use super::*;
use crate::flow::{ConnectionId, Flow, Transport};
use crate::header::{HeaderName, NameAddr};
use crate::message::{Message, Method, Request, Response, StatusCode};

fn invite(lines: &str) -> Request {
    let lines: String = lines.lines().map(|line| format!("{}\r\n", line.trim())).collect();
    let text = format!(
        "INVITE sip:bob@b.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bKa\r\n\
         From: Alice <sip:alice@a.example>;tag=alice\r\nTo: <sip:bob@b.example>\r\n\
         Call-ID: c1\r\nCSeq: 314 INVITE\r\n{lines}Content-Length: 0\r\n\r\n"
    );
    match Message::parse(&Bytes::from(text)).unwrap() {
        Message::Request(request) => request,
        Message::Response(_) => unreachable!(),
    }
}

/// The parser lets no such Contact in; a message that was built may have one.
fn unreadable() -> Request {
    let mut request = invite("");
    request.headers.push(HeaderName::Contact, "<sip:");
    request
}

const CONTACT: &str = "Contact: <sip:alice@192.0.2.1:5070>";

/// Bob's answer, with his tag and Contact.
fn answer(status: u16, tag: &str) -> Response {
    let mut response = invite(CONTACT).response(StatusCode::new(status).unwrap());
    response.to.params.set("tag", tag);
    response.headers.push(HeaderName::Contact, format!("<sip:bob@{tag}.example>"));
    response
}

fn flow() -> Flow {
    let (local, remote) = ("192.0.2.9:5060".parse().unwrap(), "192.0.2.1:5070".parse().unwrap());
    Flow { transport: Transport::Udp, local, remote, connection: None }
}

fn contact() -> NameAddr {
    NameAddr::parse("<sip:pbx@192.0.2.9>").unwrap()
}

fn routes(request: &Request) -> Vec<String> {
    request.headers.route().unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn the_uas_takes_the_route_set_in_order_and_the_contact_as_target() {
    let request = invite(&format!("Record-Route: <sip:p1.example;lr>, <sip:p2.example;lr>\n{CONTACT}"));
    let mut dialog = Dialog::uas(&request, "bob", contact(), flow()).unwrap();
    assert_eq!(
        (&*dialog.id().call_id, &*dialog.id().local_tag, &*dialog.id().remote_tag),
        ("c1", "bob", "alice")
    );
    assert_eq!((dialog.role(), dialog.phase()), (DialogRole::Uas, DialogPhase::Early));
    dialog.confirm();
    assert_eq!(dialog.phase(), DialogPhase::Confirmed);
    let bye = dialog.request(Method::Bye);
    assert_eq!(bye.uri.to_string(), "sip:alice@192.0.2.1:5070");
    assert_eq!(routes(&bye), ["<sip:p1.example;lr>", "<sip:p2.example;lr>"]);
    assert_eq!(bye.from.tag(), Some("bob"));
    assert_eq!(bye.to, request.from);
    assert_eq!((bye.cseq.number, &bye.cseq.method, bye.max_forwards), (1, &Method::Bye, Some(70)));
    assert_eq!(dialog.request(Method::Info).cseq.number, 2);
    assert_eq!(dialog.next_hop().to_string(), "sip:p1.example;lr");
}

#[test]
fn the_uac_takes_the_route_set_reversed() {
    let mut response = answer(200, "bob");
    response.headers.push(HeaderName::RecordRoute, "<sip:p2.example;lr>, <sip:p1.example;lr>");
    let mut dialog = Dialog::uac(&invite(CONTACT), &response, flow()).unwrap();
    assert_eq!((dialog.role(), dialog.phase()), (DialogRole::Uac, DialogPhase::Confirmed));
    assert_eq!(dialog.id(), &DialogId::of_response(&response).unwrap());
    let reinvite = dialog.request(Method::Invite);
    assert_eq!(routes(&reinvite), ["<sip:p1.example;lr>", "<sip:p2.example;lr>"]);
    assert_eq!((reinvite.uri.to_string(), reinvite.cseq.number), ("sip:bob@bob.example".into(), 315));
    assert_eq!(reinvite.headers.get(&HeaderName::Contact), Some("<sip:alice@192.0.2.1:5070>"));
    assert_eq!(reinvite.to.tag(), Some("bob"));
    assert!(!dialog.request(Method::Bye).headers.contains(&HeaderName::Contact));
}

#[test]
fn a_strict_router_takes_the_place_of_the_request_uri() {
    let request =
        invite(&format!("Record-Route: <sip:old.example;method=INVITE>, <sip:p2.example;lr>\n{CONTACT}"));
    let mut dialog = Dialog::uas(&request, "bob", contact(), flow()).unwrap();
    let bye = dialog.request(Method::Bye);
    assert_eq!(bye.uri.to_string(), "sip:old.example");
    assert_eq!(routes(&bye), ["<sip:p2.example;lr>", "<sip:alice@192.0.2.1:5070>"]);
}

#[test]
fn the_ack_has_the_number_of_its_invite() {
    let mut dialog = Dialog::uac(&invite(CONTACT), &answer(200, "bob"), flow()).unwrap();
    let _ = dialog.request(Method::Info);
    let ack = dialog.ack(314);
    assert_eq!((ack.method, ack.cseq.number, ack.cseq.method), (Method::Ack, 314, Method::Ack));
    assert_eq!((ack.uri.to_string(), ack.to.tag()), ("sip:bob@bob.example".into(), Some("bob")));
    assert_eq!(dialog.local_cseq(), 315);
}

#[test]
fn a_lower_cseq_is_out_of_order() {
    let mut dialog = Dialog::uas(&invite(CONTACT), "bob", contact(), flow()).unwrap();
    let with = |cseq| {
        let mut request = invite(CONTACT);
        request.cseq.number = cseq;
        request
    };
    assert_eq!(dialog.receive(&with(400)), Ok(()));
    assert_eq!(dialog.receive(&with(399)), Err(OutOfOrder { highest: 400, received: 399 }));
    assert_eq!(dialog.receive(&with(401)), Ok(()));
    // The caller's first request in a dialog that we made may have any number.
    let mut ours = Dialog::uac(&invite(CONTACT), &answer(200, "bob"), flow()).unwrap();
    assert_eq!(ours.receive(&with(1)), Ok(()));
    assert!(ours.receive(&with(0)).is_err());
}

#[test]
fn the_target_is_refreshed_by_a_contact_only() {
    let mut dialog = Dialog::uas(&invite(CONTACT), "bob", contact(), flow()).unwrap();
    dialog.refresh_target(&invite("Contact: <sip:alice@192.0.2.77>").headers).unwrap();
    assert_eq!(dialog.remote_target().to_string(), "sip:alice@192.0.2.77");
    dialog.refresh_target(&invite("").headers).unwrap();
    assert_eq!(dialog.remote_target().to_string(), "sip:alice@192.0.2.77");
    assert!(dialog.refresh_target(&unreadable().headers).is_err());
    assert_eq!(dialog.remote_target().to_string(), "sip:alice@192.0.2.77");
}

#[test]
fn what_makes_no_dialog_says_why() {
    let uas = |lines: &str| Dialog::uas(&invite(lines), "bob", contact(), flow()).map(|_| ()).unwrap_err();
    assert_eq!(uas(""), DialogError::NoContact);
    let refused = Dialog::uas(&unreadable(), "bob", contact(), flow()).map(|_| ()).unwrap_err();
    assert!(matches!(refused, DialogError::Unreadable(_)), "{refused:?}");
    let uac = |response: &Response| Dialog::uac(&invite(CONTACT), response, flow()).map(|_| ()).unwrap_err();
    assert_eq!(uac(&answer(100, "bob")), DialogError::Status(100));
    assert_eq!(uac(&answer(486, "bob")), DialogError::Status(486));
    let mut untagged = answer(180, "bob");
    untagged.to.params.remove("tag");
    assert_eq!(uac(&untagged), DialogError::NoTag);
    let mut lonely = answer(200, "bob");
    lonely.headers.remove(&HeaderName::Contact);
    assert_eq!(uac(&lonely), DialogError::NoContact);
}

#[test]
fn a_provisional_response_without_contact_makes_an_early_dialog() {
    let mut ringing = answer(180, "bob");
    ringing.headers.remove(&HeaderName::Contact);
    let mut dialog = Dialog::uac(&invite(CONTACT), &ringing, flow()).unwrap();
    assert_eq!(dialog.remote_target().to_string(), "sip:bob@b.example");
    dialog.update(&answer(200, "bob")).unwrap();
    assert_eq!(dialog.remote_target().to_string(), "sip:bob@bob.example");
}

#[test]
fn a_caller_without_a_tag_is_one_of_rfc_2543() {
    let mut request = invite(CONTACT);
    request.from.params.remove("tag");
    let dialog = Dialog::uas(&request, "bob", contact(), flow()).unwrap();
    assert_eq!(&*dialog.id().remote_tag, "");
    let mut bye = request;
    bye.to.params.set("tag", "bob");
    assert_eq!(DialogId::of_request(&bye).as_ref(), Some(dialog.id()));
}

#[test]
fn a_2xx_settles_the_route_set_of_an_early_dialog() {
    let mut early = answer(180, "one");
    early.headers.push(HeaderName::RecordRoute, "<sip:early.example;lr>");
    let mut dialog = Dialog::uac(&invite(CONTACT), &early, flow()).unwrap();
    let mut accepted = answer(200, "one");
    accepted.headers.push(HeaderName::RecordRoute, "<sip:late.example;lr>");
    dialog.update(&accepted).unwrap();
    assert_eq!(dialog.phase(), DialogPhase::Confirmed);
    assert_eq!(dialog.route_set()[0].to_string(), "<sip:late.example;lr>");
}

#[test]
fn a_dialog_that_was_frozen_is_the_same() {
    let request = invite(&format!(
        "{CONTACT};transport=udp;x=1\nRecord-Route: <sip:p1.example;lr>, <sip:[2001:db8::1]:5070;lr>\nX-Other: 1"
    ));
    let uas = Dialog::uas(&request, "ours", NameAddr::parse("<sip:pbx.example>").unwrap(), flow()).unwrap();
    let mut uac = Dialog::uac(&request, &answer(180, "bob"), flow()).unwrap();
    uac.request(Method::Other("FOO".into()));
    for dialog in [uas, uac] {
        let frozen = serde_json::to_string(&dialog).unwrap();
        assert_eq!(serde_json::from_str::<Dialog>(&frozen).unwrap(), dialog);
    }
    let frozen = crate::plain::at(instant(), || serde_json::to_string(&request)).unwrap();
    let thawed: Request = crate::plain::at(instant(), || serde_json::from_str(&frozen)).unwrap();
    assert_eq!((thawed.to_bytes(), &thawed), (request.to_bytes(), &request));
}

#[expect(clippy::disallowed_methods, reason = "a test has to count from some instant")]
fn instant() -> std::time::Instant {
    std::time::Instant::now()
}

/// A dialog over a connection that the peer opened.
fn over(transport: Transport, lines: &str) -> Dialog {
    let (local, remote) = ("192.0.2.9:5060".parse().unwrap(), "192.0.2.1:49152".parse().unwrap());
    let flow = Flow { transport, local, remote, connection: Some(ConnectionId(7)) };
    Dialog::uas(&invite(lines), "bob", contact(), flow).unwrap()
}

#[test]
fn a_lost_connection_is_left_for_where_the_next_hop_listens() {
    let left = |transport, lines: &str, lost| {
        let mut dialog = over(transport, lines);
        let before = dialog.flow();
        dialog.leave_connection(ConnectionId(lost));
        let after = dialog.flow();
        (after != before).then(|| {
            assert_eq!(
                (after.connection, after.local, after.remote.ip()),
                (None, before.local, before.remote.ip())
            );
            after.remote.port()
        })
    };
    let routed = |route: &str| format!("Record-Route: {route}\nContact: <sip:alice@192.0.2.1:5070>");
    let tcp = Transport::Tcp;
    assert_eq!(left(tcp, CONTACT, 7), Some(5070), "the peer itself");
    assert_eq!(left(tcp, CONTACT, 8), None, "of another connection");
    assert_eq!(left(tcp, "Contact: <sip:alice@10.1.2.3:5070>", 7), None, "behind NAT");
    assert_eq!(left(tcp, "Contact: <sip:alice@phone.invalid>", 7), None);
    assert_eq!(left(tcp, &routed("<sip:192.0.2.1;lr>"), 7), Some(5060), "its proxy");
    assert_eq!(left(tcp, &routed("<sip:192.0.2.1:5080;transport=tcp;lr>"), 7), Some(5080));
    assert_eq!(left(tcp, &routed("<sip:192.0.2.1:5080;transport=udp;lr>"), 7), None);
    assert_eq!(left(tcp, &routed("<sip:198.51.100.1;lr>"), 7), None, "a proxy that is elsewhere");
    assert_eq!(left(Transport::Tls, CONTACT, 7), None, "without a name nobody proves it");
}
