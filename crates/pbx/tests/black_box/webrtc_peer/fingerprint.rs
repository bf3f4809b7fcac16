//! A certificate that is not the one which signalling spoke of (RFC 8122 section 5): somebody stands between.
use super::office::{self, TONES, body};
use super::peer::Peer;
use crate::pbx::wait_for;

#[test]
fn ends_its_call_before_any_sound_and_no_other() {
    let pbx = office::start();
    let mut page = office::page(&pbx, "201");
    let peer = Peer::new(TONES[0], None);
    let call = office::echo(&mut page, &peer);
    peer.expect(TONES[0]);

    let mut other = office::page(&pbx, "202");
    for setup in ["actpass", "passive"] {
        let impostor = Peer::new(TONES[1], None);
        let offer = impostor.offer().replace("a=setup:actpass", &format!("a=setup:{setup}"));
        let refused = other.invite("*43", &with_another_fingerprint(&offer));
        impostor.take(body(&refused));
        let bye = other.expect("BYE ");
        other.accept(&bye, "");
        assert!(impostor.heard().is_empty());
    }
    let ended = pbx.history(2);
    for ended in &ended {
        assert_eq!(ended["end_reason"], "media_failed", "{ended:#}");
    }
    let said = "the certificate has another fingerprint than the session description says";
    wait_for("the reason in the log", super::PATIENCE, || pbx.log().matches(said).count() == 2);
    peer.expect(TONES[0]);
    page.hang_up(&call);
}

fn with_another_fingerprint(offer: &str) -> String {
    let line = |line: &str| match line.strip_prefix("a=fingerprint:sha-256 ") {
        Some(_) => format!("a=fingerprint:sha-256 {}\r\n", ["AB"; 32].join(":")),
        None => format!("{line}\r\n"),
    };
    offer.lines().map(line).collect()
}
