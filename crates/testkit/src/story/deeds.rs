//! What phones do and suffer in a story.

use std::net::SocketAddr;
use std::time::Duration;

use kiestoon_call::Input;
use kiestoon_sip::{Flow, Message, Method, Request};

use super::{PhoneId, Story};
use crate::net::Reach;
use crate::phone::{Fax, Flowing, Phone};

impl Story {
    /// Lets every phone register one contact, and waits until all have.
    pub fn register_all(&mut self) {
        for index in 0..self.phones.len() {
            if !self.phone(PhoneId(index)).profile.carrier {
                self.register(PhoneId(index));
            }
        }
        self.run(if self.lossy { Duration::from_secs(20) } else { Duration::from_secs(1) });
        for phone in self.phones.iter().filter(|phone| !phone.profile.carrier) {
            assert!(!phone.registered().is_empty(), "{} could not register", phone.name);
        }
    }

    /// Lets a phone register one contact for the time of its profile.
    pub fn register(&mut self, phone: PhoneId) {
        let expires = self.phone(phone).profile.expires;
        self.act(phone, |phone, now| phone.register(now, 1, expires));
    }

    /// Lets a phone register several contacts for so many seconds.
    pub fn register_contacts(&mut self, phone: PhoneId, contacts: u32, expires: u32) {
        self.act(phone, |phone, now| phone.register(now, contacts, expires));
    }

    /// Lets a phone remove its contact.
    pub fn unregister(&mut self, phone: PhoneId) {
        self.act(phone, |phone, now| phone.register(now, 1, 0));
    }

    /// Lets a phone remove every contact of its extension with `*`.
    pub fn unregister_all(&mut self, phone: PhoneId) {
        self.act(phone, Phone::unregister_all);
    }

    /// Lets a phone ask which contacts are registered.
    pub fn query_registrations(&mut self, phone: PhoneId) {
        self.act(phone, Phone::query_registrations);
    }

    /// A phone dials a number.
    pub fn call(&mut self, phone: PhoneId, number: &str) {
        self.act(phone, |phone, now| phone.call(now, number, false, &|_| {}));
    }

    /// A phone dials a number without an offer in its INVITE.
    pub fn call_with_late_offer(&mut self, phone: PhoneId, number: &str) {
        self.act(phone, |phone, now| phone.call(now, number, true, &|_| {}));
    }

    /// A phone dials a number with an INVITE that the test has changed.
    pub fn call_with(&mut self, phone: PhoneId, number: &str, tweak: impl Fn(&mut Request)) {
        self.act(phone, |phone, now| phone.call(now, number, false, &tweak));
    }

    /// A phone gives up the call that it is setting up.
    pub fn cancel(&mut self, phone: PhoneId) {
        self.act(phone, Phone::cancel);
    }

    /// A phone hangs up: BYE, CANCEL or 603, as its call stands.
    pub fn hang_up(&mut self, phone: PhoneId) {
        self.act(phone, Phone::hang_up);
    }

    /// A phone hangs up every call that it has.
    pub fn hang_up_all(&mut self, phone: PhoneId) {
        self.act(phone, Phone::hang_up_all);
    }

    /// A phone puts the other side on hold.
    pub fn hold(&mut self, phone: PhoneId) {
        self.act(phone, |phone, now| phone.hold(now, Flowing::SendOnly));
    }

    /// A phone takes the other side back.
    pub fn resume(&mut self, phone: PhoneId) {
        self.act(phone, |phone, now| phone.hold(now, Flowing::SendRecv));
    }

    /// A phone offers a fax (T.38) in place of the audio, or audio again.
    pub fn fax(&mut self, phone: PhoneId, fax: Option<Fax>) {
        self.act(phone, |phone, now| phone.fax(now, fax));
    }

    /// A phone offers its session once more.
    pub fn reinvite(&mut self, phone: PhoneId) {
        self.act(phone, |phone, now| phone.reinvite(now, false));
    }

    /// A phone sends a re-INVITE without an offer.
    pub fn reinvite_without_offer(&mut self, phone: PhoneId) {
        self.act(phone, |phone, now| phone.reinvite(now, true));
    }

    /// A browser begins ICE anew by a re-INVITE.
    pub fn restart_ice(&mut self, phone: PhoneId) {
        self.act(phone, Phone::restart_ice);
    }

    /// A phone offers its session once more with these payload types alone.
    pub fn speak(&mut self, phone: PhoneId, payloads: &[u8]) {
        self.act(phone, |phone, now| phone.speak(now, payloads));
    }

    /// A phone sends an UPDATE without a session description.
    pub fn update(&mut self, phone: PhoneId) {
        self.act(phone, |phone, now| phone.update(now, None));
    }

    /// A phone sends an UPDATE that the test has changed, with an offer of what it has or without.
    pub fn update_with(&mut self, phone: PhoneId, offers: bool, tweak: impl Fn(&mut Request)) {
        self.act(phone, |phone, now| phone.update_with(now, offers, &tweak));
    }

    /// A phone offers, by UPDATE, to let sound flow this way; before the answer as well.
    pub fn update_to(&mut self, phone: PhoneId, flowing: Flowing) {
        self.act(phone, |phone, now| phone.update(now, Some(flowing)));
    }

    /// A phone sends a request within its call.
    pub fn send_in_call(&mut self, phone: PhoneId, method: Method, kind: &str, body: &str) {
        self.act(phone, |phone, now| phone.send_in_call(now, method, kind, body));
    }

    /// A phone sends a request outside any call; to the PBX itself where the number is empty.
    pub fn send(&mut self, phone: PhoneId, method: Method, number: &str, tweak: impl Fn(&mut Request)) {
        self.act(phone, |phone, now| phone.send(now, method, number, &tweak));
    }

    /// A phone sends a text to a number.
    pub fn send_text(&mut self, phone: PhoneId, number: &str, text: &str) {
        self.send(phone, Method::Message, number, |request| {
            request.set_body("text/plain", text.to_owned());
        });
    }

    /// A phone forgets the challenges it has met, as after a restart.
    pub fn forget_challenges(&mut self, phone: PhoneId) {
        self.act(phone, |phone, _| phone.forget_challenges());
    }

    /// A phone sends, as a new transaction, the last request of a method that the network saw it send.
    pub fn replay(&mut self, phone: PhoneId, method: &Method) {
        let ip = self.phone(phone).flow.local.ip();
        let sent =
            self.net.ladder.rungs().filter(|rung| rung.from == ip).filter_map(|rung| match &rung.message {
                Some(Message::Request(request)) if request.method == *method => Some(request.clone()),
                _ => None,
            });
        let request = sent.last().expect("the phone has sent such a request");
        self.act(phone, |phone, now| phone.replay(now, request.clone()));
    }

    /// The last 200 to an INVITE that the network saw a phone send comes with another session description.
    pub fn answer_otherwise(&mut self, phone: PhoneId, change: impl Fn(&str) -> String) {
        let ip = self.phone(phone).flow.local.ip();
        let sent =
            self.net.ladder.rungs().filter(|rung| rung.from == ip).filter_map(|rung| match &rung.message {
                Some(Message::Response(response))
                    if response.status.is_success() && response.cseq.method == Method::Invite =>
                {
                    Some(response.clone())
                }
                _ => None,
            });
        let mut response = sent.last().expect("the phone has sent such a response");
        let body = change(&String::from_utf8_lossy(&response.body));
        response.set_body("application/sdp", body);
        self.send_bytes(phone, &response.to_bytes());
    }

    /// A phone sends bytes as they are.
    pub fn send_bytes(&mut self, phone: PhoneId, bytes: &[u8]) {
        let flow = self.phone(phone).flow;
        self.net.send(self.clock.now(), &flow, &bytes.to_vec().into());
    }

    /// A phone keeps its flow alive (RFC 5626): CRLFs over a connection, a STUN request over UDP.
    pub fn keep_alive(&mut self, phone: PhoneId) {
        let flow = self.phone(phone).flow;
        let flow = Flow { local: flow.remote, remote: flow.local, ..flow };
        self.tell_pbx(Input::KeptAlive { flow });
    }

    /// The DNS leads the name of a phone to these addresses, and then to its own.
    pub fn lead_to(&mut self, phone: PhoneId, first: &[SocketAddr]) {
        let host = self.phone(phone).profile.host.clone().expect("a phone with a name");
        let own = self.phone(phone).flow.local;
        self.pbx().names.insert(host, [first, &[own]].concat());
    }

    /// A phone's battery dies: it says nothing more, and nobody is told.
    pub fn kill(&mut self, phone: PhoneId) {
        let ip = self.phone(phone).flow.local.ip();
        self.net.set_reach(ip, Reach::Silent);
        self.remark(format!("{} dies", self.phone(phone).name));
        self.act(phone, |phone, _| phone.die());
    }

    /// A phone's program ends on a living machine: what is sent to it comes back as unreachable.
    pub fn crash(&mut self, phone: PhoneId) {
        let flow = self.phone(phone).flow;
        self.remark(format!("{} crashes", self.phone(phone).name));
        self.net.close(self.clock.now(), &flow);
        self.net.set_reach(flow.local.ip(), Reach::Refusing);
        self.act(phone, |phone, _| phone.die());
    }

    /// A phone's program ends and begins again at once: it knows nothing of its calls any more. It registers when the story
    /// says so, counting from 1 again: under the Call-ID that it had or another.
    pub fn reboot(&mut self, phone: PhoneId, same_call_id: bool) {
        let flow = self.phone(phone).flow;
        self.remark(format!("{} begins again", self.phone(phone).name));
        self.net.close(self.clock.now(), &flow);
        self.net.set_reach(flow.local.ip(), Reach::Plugged);
        self.forgetful.insert(flow.local.ip());
        self.act(phone, |phone, _| phone.boot(same_call_id));
        if flow.transport.is_reliable() {
            let local = SocketAddr::new(flow.local.ip(), flow.local.port() + 1);
            let flow = self.open_flow(flow.transport, local, local.is_ipv6());
            self.act(phone, |phone, _| phone.flow = flow);
        }
    }

    /// The connections that the PBX has opened to a host close, as where a router on the way begins again.
    pub fn lose_connections_to(&mut self, host: PhoneId) {
        let ip = self.phone(host).flow.local.ip();
        self.remark(format!("{} closes what was opened to it", self.phone(host).name));
        self.net.close_all_to(self.clock.now(), ip);
    }

    /// The connection of a TCP phone closes; it opens a new one. A UDP phone is seen from another port, as behind a NAT that
    /// has forgotten it.
    pub fn reconnect(&mut self, phone: PhoneId) {
        let flow = self.phone(phone).flow;
        self.net.close(self.clock.now(), &flow);
        let local = SocketAddr::new(flow.local.ip(), flow.local.port() + 1);
        let flow = self.open_flow(flow.transport, local, local.is_ipv6());
        self.act(phone, |phone, _| phone.flow = flow);
    }
}
