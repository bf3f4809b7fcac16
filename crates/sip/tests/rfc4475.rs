//! The 49 torture messages of RFC 4475: valid ones are read, written and read again as the same values; invalid ones are
//! refused for the right reason with the right status.

mod fixtures;

use kiestoon_sip::{Contacts, HeaderName, Method, Reason, Transport, Uri, ViaTransport};

use Verdict::{Refused, Silent, Valid};
use fixtures::{Verdict, check, read, request, response};

#[rustfmt::skip]
const MESSAGES: [(&str, Verdict); 49] = [
    // 3.1.1 valid messages
    ("wsinv", Valid),
    ("intmeth", Valid),
    ("esc01", Valid),
    ("escnull", Valid),
    ("esc02", Valid),
    ("lwsdisp", Valid),
    ("longreq", Valid),
    ("dblreq", Valid),
    ("semiuri", Valid),
    ("transports", Valid),
    ("mpart01", Valid),
    ("unreason", Valid),
    ("noreason", Valid),
    // 3.1.2 invalid messages
    ("badinv01", Refused(400, "Bad Via header: expected a token, at byte")),
    ("clerr", Refused(400, "Bad Content-Length header: 9999 bytes declared, 154 present")),
    ("ncl", Refused(400, "Bad Content-Length header: expected a number of bytes")),
    ("scalar02", Refused(400, "Bad CSeq header: expected a number below 2^31, at byte 174")),
    ("scalarlg", Silent("Bad CSeq header: expected a number below 2^31")), // a response: dropped
    ("quotbal", Refused(400, "Bad To header: the quoted string does not end, at byte 41")),
    ("ltgtruri", Refused(400, "Bad start line: expected a URI scheme, at byte 7")),
    ("lwsruri", Refused(400, "Bad start line: expected SIP/2.0, at byte 29")),
    ("lwsstart", Refused(400, "Bad start line: expected SIP/2.0")),
    ("trws", Refused(400, "Bad start line: expected SIP/2.0, at byte 38")),
    ("escruri", Refused(400, "Bad start line: expected a Request-URI without headers, at byte 7")),
    // The Date is of no use to us, and the RFC allows an element to take the message: it is not read.
    ("baddate", Valid),
    ("regbadct", Refused(400, "Bad Contact header: expected angle brackets around a URI with a question mark")),
    ("badaspec", Refused(400, "Bad To header: expected a URI scheme")),
    ("baddn", Refused(400, "Bad From header: expected a URI scheme")),
    ("badvers", Refused(505, "Bad start line: only SIP/2.0 is spoken here, at byte 33")),
    ("mismatch01", Refused(400, "Bad CSeq header: its method is not that of the request line")),
    ("mismatch02", Refused(400, "Bad CSeq header: its method is not that of the request line")),
    ("bigcode", Silent("Bad start line: expected a status code from 100 to 699, at byte 8")),
    // 3.2 transaction layer
    ("badbranch", Valid),
    // 3.3 application layer: the syntax is right or right enough
    ("insuf", Refused(400, "Bad From header: it is missing")),
    ("unkscm", Valid),
    ("novelsc", Valid),
    ("unksm2", Valid),
    ("bext01", Valid),
    ("invut", Valid),
    ("regaut01", Valid),
    ("multi01", Refused(400, "Bad CSeq header: it occurs more than once")),
    ("mcl01", Refused(400, "Bad Content-Length header: it occurs more than once")),
    ("bcast", Valid),
    ("zeromf", Valid),
    ("cparam01", Valid),
    ("cparam02", Valid),
    ("regescrt", Valid),
    ("sdp01", Valid),
    // 3.4 backward compatibility
    ("inv2543", Valid),
];

#[test]
fn every_message_is_taken_or_refused_as_the_rfc_says() {
    for (name, verdict) in &MESSAGES {
        check("rfc4475", name, verdict);
    }
}

#[test]
fn the_table_names_every_file() {
    fixtures::assert_complete("rfc4475", MESSAGES.iter().map(|(name, _)| *name));
}

#[test]
fn wsinv_white_space_and_folding_do_not_matter() {
    let invite = request("rfc4475", "wsinv");
    assert_eq!(invite.method, Method::Invite);
    assert_eq!(invite.uri.to_string(), "sip:vivekg@chair-dnrc.example.com;unknownparam");
    assert_eq!(invite.to.tag(), Some("1918181833n"));
    assert_eq!(invite.from.display.as_deref(), Some(r#"J Rosenberg \""#));
    assert_eq!(invite.from.tag(), Some("98asjd8"));
    assert_eq!(invite.max_forwards, Some(68));
    assert_eq!(invite.cseq.number, 9);
    let branches: Vec<_> = invite.via.iter().filter_map(|via| via.branch()).collect();
    assert_eq!(branches, ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"]);
    assert_eq!(invite.headers.get(&HeaderName::Subject), Some(""));
    let unusual = HeaderName::Other("UnknownHeaderWithUnusualValue".into());
    assert_eq!(invite.headers.get(&unusual), Some(";;,,;;,;"));
    let fangled = HeaderName::Other("newfangledheader".into());
    assert_eq!(invite.headers.get(&fangled), Some("newfangled value continued newfangled value"));
    let contact = invite.headers.contact().unwrap().unwrap();
    assert_eq!(contact.display.as_deref(), Some(r#"Quoted string """#));
    assert_eq!(contact.params.get("newparam"), Some("newvalue"));
    assert_eq!(contact.q(), Some(330));
    let route = invite.headers.route().unwrap();
    assert!(matches!(&route[0].uri, Uri::Sip(uri) if uri.is_loose_router()));
    assert_eq!(invite.body.len(), 150);
}

#[test]
fn intmeth_unusual_characters_are_kept_but_controls_are_not() {
    let odd = request("rfc4475", "intmeth");
    assert_eq!(odd.method.as_str(), "!interesting-Method0123456789_*+`.%indeed'~");
    let uri = odd.uri.as_sip().unwrap();
    assert_eq!(uri.user.as_deref(), Some("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"));
    assert_eq!(uri.password.as_deref(), Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"));
    assert_eq!(odd.to.display.as_deref(), Some("BEL: NUL: DEL:"));
    assert_eq!(odd.from.display.as_deref(), Some("token1~` token2'+_ token3*%!.-"));
    assert_eq!(odd.from.params.get("fromParam''~+*_!.-%"), Some("работающий"));
    assert_eq!(odd.from.tag(), Some("_token~1'+`*%!-."));
    assert_eq!(&*odd.call_id, r#"intmeth.word%ZK-!.*_+'@word`~)(><:\/"][?}{"#);
    assert_eq!(odd.max_forwards, Some(255));
    let written = odd.to_bytes();
    assert!(!written.iter().any(|b| matches!(b, 0 | 7 | 0x7f)));
}

#[test]
fn esc01_escapes_are_undone_once() {
    let invite = request("rfc4475", "esc01");
    assert_eq!(invite.uri.user(), Some("sips:user@example.com"));
    assert_eq!(invite.uri.to_string(), "sip:sips%3Auser%40example.com@example.net");
    assert_eq!(invite.to.uri.user(), Some("user"));
    assert_eq!(invite.from.uri.user(), Some("I have spaces"));
    let contact = invite.headers.contact().unwrap().unwrap().uri;
    let contact = contact.as_sip().unwrap();
    assert_eq!(contact.user.as_deref(), Some("caller"));
    assert!(contact.is_loose_router());
    assert_eq!(contact.params.get("name"), Some("value%2541"));
}

#[test]
fn escnull_nul_stays_escaped_and_tells_contacts_apart() {
    let register = request("rfc4475", "escnull");
    assert_eq!(register.to.uri.user(), Some("null-%00-null"));
    let Contacts::List(contacts) = register.headers.contacts().unwrap() else { panic!("a list") };
    assert_eq!(contacts.len(), 2);
    assert!(!contacts[0].uri.equivalent(&contacts[1].uri));
}

#[test]
fn esc02_methods_and_header_names_have_no_escapes() {
    let odd = request("rfc4475", "esc02");
    assert_eq!(odd.method, Method::Other("RE%47IST%45R".into()));
    assert_eq!(odd.to.display.as_deref(), Some("%Z%45"));
    assert_eq!(odd.headers.get_all(&HeaderName::Contact).count(), 2);
    assert!(odd.headers.contains(&HeaderName::Other("C%6Fntact".into())));
}

#[test]
fn lwsdisp_no_space_before_the_bracket() {
    assert_eq!(request("rfc4475", "lwsdisp").from.display.as_deref(), Some("caller"));
}

#[test]
fn longreq_long_values_are_taken_whole() {
    let invite = request("rfc4475", "longreq");
    assert_eq!(invite.via.len(), 34);
    assert_eq!(invite.from.tag().map(str::len), Some(155));
    assert_eq!(invite.call_id.len(), "longreq.one".len() + 120 + "longcallid".len());
}

#[test]
fn dblreq_the_second_request_of_a_datagram_is_ignored() {
    let register = request("rfc4475", "dblreq");
    assert_eq!(register.method, Method::Register);
    assert!(register.body.is_empty());
}

#[test]
fn semiuri_the_user_part_has_the_semicolon() {
    let options = request("rfc4475", "semiuri");
    let uri = options.uri.as_sip().unwrap();
    assert_eq!(uri.user.as_deref(), Some("user;par=u@example.net"));
    assert!(uri.params.is_empty());
    assert_eq!(options.headers.tokens(&HeaderName::Accept).count(), 6);
}

#[test]
fn transports_known_and_unknown() {
    let options = request("rfc4475", "transports");
    let transports: Vec<_> = options.via.iter().map(|via| via.transport.clone()).collect();
    let expected = [
        ViaTransport::Known(Transport::Udp),
        ViaTransport::Other("SCTP".into()),
        ViaTransport::Known(Transport::Tls),
        ViaTransport::Other("UNKNOWN".into()),
        ViaTransport::Known(Transport::Tcp),
    ];
    assert_eq!(transports, expected);
}

#[test]
fn mpart01_the_binary_body_is_whole() {
    let message = request("rfc4475", "mpart01");
    assert_eq!(message.body.len(), 553);
    assert!(message.body.contains(&0));
}

#[test]
fn unreason_and_noreason() {
    assert!(response("rfc4475", "unreason").reason.starts_with("= 2**3 * 5**2 но сто девяносто девять"));
    let trying = response("rfc4475", "noreason");
    assert_eq!((trying.status.code(), &*trying.reason), (100, ""));
}

#[test]
fn badbranch_the_bare_cookie_identifies_no_transaction() {
    assert_eq!(request("rfc4475", "badbranch").via[0].rfc3261_branch(), None);
}

#[test]
fn insuf_the_answer_goes_by_the_via() {
    let refused = read("rfc4475", "insuf").unwrap_err();
    assert_eq!(refused.error.reason, Reason::Missing);
    let answer = refused.response().unwrap();
    assert_eq!(answer.via[0].branch(), Some("z9hG4bKkdj.insuf"));
    assert_eq!(answer.cseq.number, 193_942);
    assert!(answer.to.tag().is_some());
    assert!(!String::from_utf8_lossy(&answer.to_bytes()).contains("Call-ID"));
}

#[test]
fn unknown_schemes_are_opaque() {
    assert_eq!(request("rfc4475", "unkscm").uri.scheme(), "nobodyknowsthisscheme");
    assert_eq!(request("rfc4475", "novelsc").uri.to_string(), "soap.beep://192.0.2.103:3002");
    let register = request("rfc4475", "unksm2");
    assert_eq!(register.to.uri.to_string(), "isbn:2983792873");
    assert_eq!(register.from.uri.to_string(), "http://www.example.com");
    assert_eq!(register.headers.contact().unwrap().unwrap().uri.scheme(), "name");
}

#[test]
fn what_the_application_refuses_can_be_seen() {
    let options = request("rfc4475", "bext01");
    assert_eq!(
        options.headers.require().collect::<Vec<_>>(),
        ["nothingSupportsThis", "nothingSupportsThisEither"]
    );
    assert_eq!(options.headers.proxy_require().count(), 2);
    assert_eq!(request("rfc4475", "invut").headers.content_type(), Some("application/unknownformat"));
    assert_eq!(request("rfc4475", "zeromf").max_forwards, Some(0));
    assert_eq!(request("rfc4475", "sdp01").headers.get(&HeaderName::Accept), Some("text/nobodyKnowsThis"));
    let authorization =
        request("rfc4475", "regaut01").headers.get(&HeaderName::Authorization).map(str::to_owned);
    assert_eq!(authorization.as_deref(), Some("NoOneKnowsThisScheme opaque-data=here"));
}

#[test]
fn bcast_the_response_is_not_for_us_alone() {
    assert_eq!(response("rfc4475", "bcast").via.len(), 2);
}

#[test]
fn cparam_brackets_decide_whose_the_parameter_is() {
    let bare = request("rfc4475", "cparam01").headers.contact().unwrap().unwrap();
    assert!(bare.params.contains("unknownparam"));
    let inside = request("rfc4475", "cparam02").headers.contact().unwrap().unwrap();
    assert!(inside.params.is_empty() && inside.uri.as_sip().unwrap().params.contains("unknownparam"));
}

#[test]
fn regescrt_uri_headers_are_kept() {
    let contact = request("rfc4475", "regescrt").headers.contact().unwrap().unwrap().uri;
    assert_eq!(contact.as_sip().unwrap().headers.get("Route"), Some("<sip:sip.example.com>"));
    assert_eq!(contact.to_string(), "sip:user@example.com?Route=%3Csip:sip.example.com%3E");
}

#[test]
fn inv2543_no_tag_no_branch_no_max_forwards() {
    let invite = request("rfc4475", "inv2543");
    assert_eq!((invite.max_forwards, invite.from.tag(), invite.via[0].branch()), (None, None, None));
    assert_eq!(invite.to.params.get("user"), Some("phone"));
    assert_eq!(invite.body.len(), 105);
}
