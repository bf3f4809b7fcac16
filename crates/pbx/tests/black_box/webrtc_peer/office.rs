//! Two pages of one PBX, each with a peer connection.
use std::thread;

use super::peer::Peer;
use crate::page::{OWN, Page};
use crate::pbx::Pbx;

const DIALPLAN: &str = r#"
version = 1
[[context.intern]]
match = "_2XX"
do = [{ dial = "ext:${number}", timeout = "25s" }]
[[context.intern]]
match = "*43"
do = [{ echo = true }]
"#;

/// What is said by 201 and by 202.
pub(super) const TONES: [f64; 2] = [440.0, 1_000.0];

pub(super) fn start() -> Pbx {
    let mut pbx = Pbx::new(&["201", "202"], DIALPLAN);
    pbx.configure(&format!(
        "[sip.ws]\nlisten = [\"{}\"]\norigins = [\"https://pbx.example\"]\n",
        pbx.address_over("ws")
    ));
    pbx.run();
    pbx
}

pub(super) fn page(pbx: &Pbx, number: &'static str) -> Page {
    let mut page = Page::open(pbx, number, OWN);
    assert!(page.register().starts_with("SIP/2.0 200 "));
    page
}

pub(super) fn body(message: &str) -> &str {
    message.split_once("\r\n\r\n").unwrap().1
}

/// Calls the echo with this offer: the call.
pub(super) fn echo(page: &mut Page, peer: &Peer) -> String {
    let call = page.invite("*43", &peer.offer());
    peer.take(body(&call));
    call
}

/// 202 is called by 201, which offers `offer`, and answers with what `answer` makes of the PBX's offer: the call, on either side.
pub(super) fn call(
    [caller, callee]: [&mut Page; 2],
    offer: &str,
    answer: impl FnOnce(&str) -> String + Send,
) -> String {
    thread::scope(|scope| {
        scope.spawn(move || {
            let invite = callee.expect("INVITE ");
            callee.accept(&invite, &answer(body(&invite)));
            callee.expect("ACK ");
        });
        caller.invite("202", offer)
    })
}
