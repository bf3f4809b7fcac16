//! ICE begins anew in mid-call (RFC 8445 section 9, RFC 8839 section 4.4.3.1.1), on another path.
use kiestoon_media::webrtc::Kind;

use super::check::attribute;
use super::office::{self, TONES, body};
use super::peer::Peer;
use super::wire::Wire;
use crate::pbx::wait_for;

#[test]
fn sound_goes_on_by_another_path_without_another_handshake() {
    let pbx = office::start();
    let mut page = office::page(&pbx, "201");
    let peer = Peer::new(TONES[0], None);
    let call = page.invite("*43", &peer.offer());
    let former = Wire::to(body(&call));
    peer.take(&former.described(body(&call)));
    peer.expect(TONES[0]);

    let again = page.reinvite(&call, &peer.restart());
    for name in ["ice-ufrag", "ice-pwd"] {
        assert_ne!(attribute(&call, name), attribute(&again, name));
    }
    assert_eq!(attribute(&call, "fingerprint"), attribute(&again, "fingerprint"));
    // The crate stops listening to what a description of two sections does not name, and goes on with what it does: this is to be the
    // same stream as before.
    let ssrc = u32::from_be_bytes(*former.came(Kind::Media)[0][8..].first_chunk().unwrap());
    let named = body(&again).replace("a=rtcp-mux\r\n", &format!("a=rtcp-mux\r\na=ssrc:{ssrc} cname:pbx\r\n"));
    let wire = Wire::to(&named);
    peer.take(&wire.described(&named));
    wait_for("speech by the other path", super::PATIENCE, || wire.came(Kind::Media).len() > 5);
    drop(former);
    peer.expect(TONES[0]);
    assert!(wire.came(Kind::Dtls).is_empty(), "the keys are those of before");
    page.hang_up(&call);
    assert_eq!(pbx.history(1)[0]["end_reason"], "hangup_caller");
}
