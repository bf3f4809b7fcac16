//! Checks of ICE made by hand, with the crate's STUN.
use webrtc::{
    ice::{
        control::{AttrControlled, AttrControlling},
        priority::PriorityAttr,
    },
    stun::{
        agent::TransactionId,
        attributes::ATTR_USERNAME,
        error_code::ErrorCodeAttribute,
        fingerprint::FINGERPRINT,
        integrity::MessageIntegrity,
        message::{BINDING_ERROR, BINDING_REQUEST, BINDING_SUCCESS, Getter as _, Message, Setter},
        textattrs::Username,
    },
};

/// The value of an attribute in a session description.
pub(super) fn attribute<'a>(description: &'a str, name: &str) -> &'a str {
    let start = format!("a={name}:");
    description.lines().find_map(|line| line.strip_prefix(&start)).expect("the attribute").trim()
}

/// A check of the peer described in `from`, towards the side described in `to`, which is told what role the peer has.
pub(super) fn check(from: &str, to: &str, password: &str, controls: bool) -> Vec<u8> {
    let name = format!("{}:{}", attribute(to, "ice-ufrag"), attribute(from, "ice-ufrag"));
    let role: Box<dyn Setter> =
        if controls { Box::new(AttrControlling(u64::MAX)) } else { Box::new(AttrControlled(u64::MAX)) };
    let mut message = Message::new();
    let built = message.build(&[
        Box::new(BINDING_REQUEST),
        Box::new(TransactionId::new()),
        Box::new(Username::new(ATTR_USERNAME, name)),
        role,
        Box::new(PriorityAttr(1)),
        Box::new(MessageIntegrity::new_short_term_integrity(password.into())),
        Box::new(FINGERPRINT),
    ]);
    built.unwrap();
    message.raw
}

/// What a response says, if this is one that its sender could make: 200, or the number of the error.
pub(super) fn answered(datagram: &[u8], password: &str) -> Option<u16> {
    let mut message = Message::new();
    message.unmarshal_binary(datagram).unwrap();
    let mut error = ErrorCodeAttribute::default();
    let code = match message.typ {
        BINDING_SUCCESS => 200,
        BINDING_ERROR => error.get_from(&message).map(|()| error.code.0).unwrap(),
        _ => return None,
    };
    MessageIntegrity::new_short_term_integrity(password.into()).check(&mut message).unwrap();
    Some(code)
}
