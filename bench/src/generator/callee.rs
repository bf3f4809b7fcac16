//! The side that is asked: answers every INVITE at once with 180 and 200, and every BYE with 200.

use super::message::{CALL_ID, CSEQ, FROM, Message, RECORD_ROUTE, TO, VIA, tag};
use super::page::Page;
use super::phones::{Phones, T1};
use super::sdp;
use super::slab::Key;
use super::story::Dialog;
use super::timers::Due;

/// A call that was answered, until its BYE.
pub(crate) struct Answered {
    pub(super) endpoint: usize,
    pub(super) user: u32,
    acknowledged: bool,
    retransmissions: u32,
    /// The 200, for when its ACK does not come.
    text: String,
    /// What a request of ours in this call takes, where its story has one.
    pub(super) dialog: Option<Box<Dialog>>,
}

impl Phones {
    /// None when the request lacks what a response must carry.
    pub(crate) fn request(&mut self, endpoint: usize, message: &Message<'_>) -> Option<()> {
        let call_id = message.first(CALL_ID)?;
        match message.method() {
            "INVITE" => self.invited(endpoint, call_id, message),
            "ACK" => {
                let key = self.dialogs.get(call_id).copied();
                if let Some((key, answered)) = key.and_then(|key| Some((key, self.answered.get_mut(key)?))) {
                    answered.acknowledged = true;
                    self.tell_callee(key);
                }
                Some(())
            }
            "BYE" => {
                if let Some(key) = self.dialogs.remove(call_id) {
                    self.answered.remove(key);
                } else {
                    self.broken_off(call_id);
                }
                self.send(endpoint, &write_response(message, "200 OK", "", "", "")?);
                Some(())
            }
            _ => {
                if message.method() == "NOTIFY" {
                    self.notified(message);
                }
                self.send(endpoint, &write_response(message, "200 OK", "", "", "")?);
                Some(())
            }
        }
    }

    /// A user's RTP goes where the other side's session description says.
    pub(crate) fn heard_where(&mut self, user: u32, body: &str) {
        if let Some(page) = self.pages.get(&user) {
            page.meet(body);
        }
        let fallback = self.settings.host;
        if let Some(destination) = self.destinations.get_mut(user as usize) {
            *destination = sdp::destination(body, fallback).or(*destination);
        }
    }

    /// The 200 again, or an end to waiting.
    pub(crate) fn answer_again(&mut self, key: Key, now: u64) {
        let Some(answered) = self.answered.get_mut(key).filter(|answered| !answered.acknowledged) else {
            return;
        };
        answered.retransmissions += 1;
        if answered.retransmissions > 6 {
            self.answered.remove(key);
            return;
        }
        let pause = T1 << answered.retransmissions.min(3);
        let answered = &*answered;
        if let Some(endpoint) = self.endpoints.get(answered.endpoint) {
            endpoint.send(&answered.text, self.server);
        }
        self.tally.counts.answer_retransmissions += 1;
        self.timers.arm(now + pause, Due::Answer(key));
    }

    fn invited(&mut self, endpoint: usize, call_id: &str, message: &Message<'_>) -> Option<()> {
        let known = self.dialogs.get(call_id).copied().and_then(|key| self.answered.get(key));
        let within = message.first(TO).and_then(tag).is_some();
        if let Some(known) = known.filter(|_| !within) {
            self.send(endpoint, &known.text);
            self.tally.counts.duplicate_invites += 1;
            return Some(());
        }
        let user = self.asked_for(endpoint, message.start)?;
        let contact = format!("Contact: {}\r\n", self.contact_at(endpoint, user));
        let body = self.describe(user, SESSION, true);
        if within {
            self.send(endpoint, &write_response(message, "200 OK", "", &contact, &body)?);
            return Some(());
        }
        self.heard_where(user, message.body);
        if self.pages.get(&user).is_some_and(Page::only_rings) {
            self.send(endpoint, &write_response(message, "180 Ringing", "rings", &contact, "")?);
            return Some(());
        }
        let (acknowledged, retransmissions, text, dialog) = Default::default();
        let answered = Answered { endpoint, user, acknowledged, retransmissions, text, dialog };
        let Some(key) = self.answered.insert(answered) else {
            self.tally.counts.not_started += 1;
            return Some(());
        };
        let tag = format!("s{:x}-{:x}", key.index, key.generation);
        self.send(endpoint, &write_response(message, "180 Ringing", &tag, &contact, "")?);
        let text = write_response(message, "200 OK", &tag, &contact, &body)?;
        self.send(endpoint, &text);
        let dialog = self.dialog_of(user, message, &tag);
        let answered = self.answered.get_mut(key)?;
        answered.text = text;
        answered.dialog = dialog;
        self.dialogs.insert(call_id.into(), key);
        self.timers.arm(crate::clock::now() + T1, Due::Answer(key));
        Some(())
    }
}

/// All our sessions have this number: nothing ever changes in them.
const SESSION: u32 = 1;

/// A response with the copied headers of RFC 3261 section 8.2.6.2. `tag` is added to a To without one.
fn write_response(
    message: &Message<'_>,
    status: &str,
    tag_: &str,
    extra: &str,
    body: &str,
) -> Option<String> {
    let mut text = format!("SIP/2.0 {status}\r\n");
    for (name, title) in [(VIA, "Via"), (RECORD_ROUTE, "Record-Route")] {
        for value in message.all(name) {
            text.extend([title, ": ", value, "\r\n"]);
        }
    }
    let to = message.first(TO)?;
    let own_tag = if tag(to).is_some() || tag_.is_empty() { String::new() } else { format!(";tag={tag_}") };
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    text.push_str(&format!(
        "From: {from}\r\nTo: {to}{own_tag}\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\n{extra}{kind}Content-Length: {length}\r\n\r\n{body}",
        from = message.first(FROM)?,
        call_id = message.first(CALL_ID)?,
        cseq = message.first(CSEQ)?,
        length = body.len(),
    ));
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_copies_what_it_must() {
        let invite = b"INVITE sip:1@h SIP/2.0\r\nVia: a\r\nVia: b\r\nRecord-Route: <sip:p;lr>\r\nf: <sip:2@h>;tag=x\r\n\
            To: <sip:1@h>\r\nCall-ID: c\r\nCSeq: 2 INVITE\r\nContent-Length: 0\r\n\r\n";
        let message = Message::read(invite).unwrap();
        let text = write_response(&message, "180 Ringing", "t", "Contact: <sip:1@h>\r\n", "").unwrap();
        let expected = "SIP/2.0 180 Ringing\r\nVia: a\r\nVia: b\r\nRecord-Route: <sip:p;lr>\r\nFrom: <sip:2@h>;tag=x\r\n\
            To: <sip:1@h>;tag=t\r\nCall-ID: c\r\nCSeq: 2 INVITE\r\nContact: <sip:1@h>\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(text, expected);
    }
}
