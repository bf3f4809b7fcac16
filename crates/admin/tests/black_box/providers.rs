//! Webhooks of providers: what they have signed is taken once; anything else is 401 and leaves nothing but a line in the log.

use crate::browser::{Browser, read_until};
use crate::house::House;
use crate::signer::{HOST, Signed, now, standard, telnyx, telnyx_key, twilio, twilio_json};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const OTHER_TOKEN: &str = "fedcba9876543210fedcba9876543210";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW_SECRET: &str = "whsec_plJ3nmyCDGBKInavdOK15jsl6Q6fQGTo";

/// Two organisations, each with a trunk of every kind.
fn house() -> House {
    let house = House::of_two();
    let (_, key) = telnyx_key();
    let trunks = |organisation: &str, token: &str, secret: &str| {
        let trunk = |name: &str, more: &str| {
            format!(
                "[[trunk]]\norganisation = \"{organisation}\"\nname = \"{name}\"\nhost = \"127.0.0.2\"\n\
                 options = \"off\"\n{more}\n"
            )
        };
        [
            trunk("twil", &format!("webhook = \"twilio\"\nwebhook_secret = \"{token}\"")),
            trunk("teln", &format!("webhook = \"telnyx\"\nwebhook_key = \"{key}\"")),
            trunk("voys", &format!("webhook_secret = {secret}")),
            trunk("bare", ""),
        ]
        .concat()
    };
    let kantoor = trunks("kantoor", TOKEN, &format!("[\"{SECRET}\", \"{NEW_SECRET}\"]"));
    let winkel = trunks("winkel", OTHER_TOKEN, "\"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"");
    std::fs::write(house.path("trunks.toml"), kantoor + &winkel).unwrap();
    house.kiestoon(&["import", "trunks.toml"]);
    house
}

fn status(id: &str) -> [(&str, &str); 4] {
    [("CallSid", id), ("CallStatus", "completed"), ("CallDuration", "42"), ("From", "+31 20 é")]
}

const BODY: &str = r#"{"type":"call.ended","data":{"call_id":"x1","status":"completed"}}"#;
const TELNYX_BODY: &str = r#"{"data":{"event_type":"call.hangup","id":"e1","payload":{"call_leg_id":"l1"}}}"#;

#[test]
fn what_its_provider_has_signed_is_taken_once() {
    let house = house();
    let kees = Browser::of(&house, "kees");
    let count = |provider: &str, result: &str| {
        let name = format!("kiestoon_provider_webhooks_total{{provider=\"{provider}\",result=\"{result}\"}}");
        kees.metric(&name).unwrap()
    };
    let mut events = kees.events();
    read_until(&mut events, ":");

    let one = twilio(TOKEN, "/webhooks/kantoor/twil", &status("CA1"));
    assert_eq!(one.send(&house), 200);
    let told = read_until(&mut events, "provider.status");
    assert!(told.contains("event: provider\n"), "{told}");
    assert_eq!(one.send(&house), 401, "replayed");
    assert_eq!(one.with("I-Twilio-Idempotency-Token", "another").send(&house), 401, "nobody has signed that");
    assert_eq!(twilio(TOKEN, "/webhooks/kantoor/twil", &status("CA2")).send(&house), 200);
    let json = r#"{"CallSid":"CA3","CallStatus":"busy"}"#;
    assert_eq!(twilio_json(TOKEN, "/webhooks/kantoor/twil", json).send(&house), 200);
    assert_eq!((count("twilio", "kept"), count("twilio", "replayed")), (3, 2));

    let (pair, _) = telnyx_key();
    let path = "/webhooks/kantoor/teln";
    let one = telnyx(&pair, path, now(), TELNYX_BODY);
    assert_eq!((one.send(&house), one.send(&house)), (200, 401));
    assert_eq!(
        telnyx(&pair, path, now() - 2, TELNYX_BODY).send(&house),
        200,
        "it tries again with a new time"
    );
    assert_eq!((count("telnyx", "kept"), count("telnyx", "known"), count("telnyx", "replayed")), (1, 1, 1));

    let path = "/webhooks/kantoor/voys";
    let one = standard(SECRET, path, "msg_1", now(), BODY);
    assert_eq!((one.send(&house), one.send(&house)), (200, 401));
    assert_eq!(standard(SECRET, path, "msg_1", now() - 2, BODY).send(&house), 200, "likewise");
    assert_eq!(standard(NEW_SECRET, path, "msg_2", now(), BODY).send(&house), 200, "while secrets change");
    assert_eq!((count("standard", "kept"), count("standard", "known")), (2, 1));
    assert_eq!(standard(SECRET, path, "msg_3", now(), "{}").send(&house), 400, "signed, and no event");
    assert_eq!(count("standard", "unreadable"), 1);

    // The path of the seeds: the trunk is named beside it.
    let alias = "/api/telephony/webhooks/call-events";
    assert_eq!(
        standard(SECRET, &format!("{alias}?organisation=kantoor&trunk=voys"), "msg_4", now(), BODY)
            .send(&house),
        200
    );
    assert_eq!(standard(SECRET, alias, "msg_5", now(), BODY).send(&house), 401, "nobody knows which");
}

#[test]
fn anything_else_is_401_and_nothing_is_kept() {
    let house = house();
    let (pair, _) = telnyx_key();
    let [twil, teln, voys] = ["twil", "teln", "voys"].map(|name| format!("/webhooks/kantoor/{name}"));
    let by_twilio = twilio(TOKEN, &twil, &status("CA1"));
    let by_telnyx = telnyx(&pair, &teln, now(), TELNYX_BODY);
    let by_standard = standard(SECRET, &voys, "msg_1", now(), BODY);
    let refused: Vec<(&str, Signed)> = vec![
        ("unsigned", by_twilio.clone().without("X-Twilio-Signature")),
        ("tampered", by_twilio.clone().saying(&by_twilio.body.replace("completed", "busy"))),
        ("one more parameter", by_twilio.clone().saying(&format!("{}&Price=0", by_twilio.body))),
        ("another URL", by_twilio.clone().to(&format!("{twil}?x=1"))),
        ("another host", by_twilio.clone().with("Host", "evil.example.com")),
        ("another trunk", by_twilio.clone().to(&voys)),
        ("another organisation", by_twilio.clone().to("/webhooks/winkel/twil")),
        ("another organisation's token", twilio(OTHER_TOKEN, &twil, &status("CA1"))),
        ("a body that is not signed", by_twilio.clone().with("Content-Type", "application/json")),
        (
            "a day ago",
            twilio(TOKEN, &twil, &[("CallSid", "CA1"), ("Timestamp", "Fri, 20 Nov 2020 10:00:00 +0000")]),
        ),
        ("unsigned", by_telnyx.clone().without("telnyx-signature-ed25519")),
        ("without its time", by_telnyx.clone().without("telnyx-timestamp")),
        ("another time", by_telnyx.clone().with("telnyx-timestamp", &(now() - 1).to_string())),
        ("tampered", by_telnyx.clone().saying(&TELNYX_BODY.replace("l1", "l2"))),
        ("too old", telnyx(&pair, &teln, now() - 302, TELNYX_BODY)),
        ("of tomorrow", telnyx(&pair, &teln, now() + 310, TELNYX_BODY)),
        ("unsigned", by_standard.clone().without("webhook-signature")),
        ("an id with a full stop", standard(SECRET, &voys, "msg.1", now(), BODY)),
        ("another id", by_standard.clone().with("webhook-id", "msg_2")),
        ("tampered", by_standard.clone().saying(&BODY.replace("completed", "busy"))),
        ("too old", standard(SECRET, &voys, "msg_1", now() - 302, BODY)),
        ("another organisation", by_standard.clone().to("/webhooks/winkel/voys")),
        ("no secret", by_standard.clone().to("/webhooks/kantoor/bare")),
        ("no trunk", by_standard.clone().to("/webhooks/kantoor/none")),
        ("no organisation", by_standard.clone().to("/webhooks/none/voys")),
    ];
    for (why, request) in &refused {
        assert_eq!(request.send(&house), 401, "{why}: {}", request.path);
    }
    let kees = Browser::of(&house, "kees");
    let text = kees.get("/metrics").body;
    let kept: Vec<&str> = text.lines().filter(|line| line.contains("result=\"kept\"")).collect();
    assert!(kept.len() == 4 && kept.iter().all(|line| line.ends_with(" 0")), "{kept:?}");
    let log = house.log();
    assert_eq!(log.matches("webhook refused").count(), refused.len(), "{log}");
    for word in ["no_key", "unsigned", "stale", "wrong", "webhook_id", "no_such_trunk"] {
        assert!(log.contains(&format!("why=\"{word}\"")), "{word}");
    }
    assert!(!log.contains(TOKEN) && !log.contains("whsec_"), "no secret is in the log");
    // The real ones are taken after all that: none of them was used up.
    for request in [by_twilio, by_telnyx, by_standard] {
        assert_eq!(request.send(&house), 200);
    }
}

#[test]
fn bodies_parameters_and_unsigned_requests_are_bounded() {
    let house = house();
    let path = "/webhooks/kantoor/twil";
    let names: Vec<String> = (0..257).map(|number| format!("P{number}")).collect();
    let many = |count: usize| {
        let pairs: Vec<_> = names.iter().take(count).map(|name| (name.as_str(), "1")).collect();
        twilio(TOKEN, path, &pairs)
    };
    assert_eq!(many(256).send(&house), 200);
    assert_eq!(many(257).send(&house), 401);
    let long = |length: usize| twilio(TOKEN, path, &[("A", &"a".repeat(length - 2))]);
    assert_eq!(long(65_536).send(&house), 200);
    assert_eq!(long(65_537).send(&house), 413);
    // One of these was refused before; the limit is 60 in a minute.
    let unsigned = many(1).without("X-Twilio-Signature");
    for number in 1..60 {
        assert_eq!(unsigned.send(&house), 401, "{number}");
    }
    assert_eq!(unsigned.send(&house), 429);
    let lines = || house.log().matches("webhook refused").count();
    let before = lines();
    // Behind the same address may stand others, whose webhooks are signed.
    assert_eq!(many(2).send(&house), 200);
    assert_eq!(many(2).send(&house), 429, "replayed");
    assert_eq!(many(3).with("X-Twilio-Signature", "AAAA").send(&house), 429, "signed wrongly");
    assert_eq!(many(4).to("/webhooks/kantoor/none").send(&house), 429);
    assert_eq!(many(5).send(&house), 200);
    assert_eq!(lines(), before, "the log has had enough of that address");
    let kees = Browser::of(&house, "kees");
    let limited = kees.metric("kiestoon_provider_webhooks_total{provider=\"unknown\",result=\"limited\"}");
    assert_eq!(limited.unwrap(), 4);
}

#[test]
fn behind_a_proxy_the_url_is_the_one_that_the_world_sees() {
    let house = House::new();
    house.configure("admin", &format!("public_url = \"http://{HOST}\"\n"));
    let house = house.opened();
    let add = ["trunk", "add", "twil", "host=127.0.0.2", "addresses=127.0.0.2", "webhook=twilio"];
    house.kiestoon(&[&add[..], &[&format!("webhook_secret={TOKEN}")]].concat());
    let shown = house.kiestoon(&["trunk", "show", "twil"]);
    assert!(shown.contains(&format!("http://{HOST}/webhooks/default/twil")), "{shown}");
    assert!(shown.contains("webhook_secret") && !shown.contains(TOKEN), "{shown}");
    let one = twilio(TOKEN, "/webhooks/default/twil", &status("CA1"));
    assert_eq!(one.with("Host", "127.0.0.1:8080").send(&house), 200);
}
