//! What a test says of its story.

use std::collections::HashSet;

use kiestoon_sip::{Message, Method};

use super::{PhoneId, Story};
use crate::pbx::addresses;
use crate::phone::Phone;
use crate::witness::{CdrWitness, Witness};
use crate::{agreement, audit};

impl Story {
    /// Looks at a phone.
    pub fn expect(&self, phone: PhoneId) -> Witness<'_> {
        Witness::new(self, self.phone(phone))
    }

    /// Looks at the record of the one call of this story.
    pub fn expect_cdr(&self) -> CdrWitness<'_> {
        let ended: Vec<_> = self.the_pbx().ended().collect();
        match ended.as_slice() {
            [one] => CdrWitness::new(one),
            many => panic!("{} finished call records where one was expected: {many:#?}", many.len()),
        }
    }

    /// Looks at the record of the n-th call that ended, from 0.
    pub fn expect_nth_cdr(&self, nth: usize) -> CdrWitness<'_> {
        let count = self.the_pbx().ended().count();
        let found = self.the_pbx().ended().nth(nth);
        CdrWitness::new(found.unwrap_or_else(|| panic!("only {count} finished call records")))
    }

    /// Nothing is left of any call, in the switch or in a phone, and nobody has broken a rule on the way.
    pub fn expect_nothing_left(&self) {
        let mut faults = self.faults();
        faults.extend(self.the_pbx().leftovers(self.clock.now()));
        // A late copy of an INVITE rings a phone that has forgotten that it was cancelled.
        let sound = |phone: &&Phone| !phone.is_dead() && !self.forgetful.contains(&phone.flow.local.ip());
        faults.extend(self.phones.iter().filter(sound).flat_map(Phone::leftovers));
        if self.net.flying() > 0 {
            faults.push(format!("net: {} messages under way", self.net.flying()));
        }
        assert!(faults.is_empty(), "left behind, or against the rules:\n{}", faults.join("\n"));
    }

    /// After a quiet while: the switch and the phones believe the same of every answered call, and who should hear whom
    /// does.
    pub fn expect_agreement(&self) {
        let faults = agreement::faults(self);
        assert!(faults.is_empty(), "the switch and the phones differ:\n{}", faults.join("\n"));
    }

    /// Whether [`Self::expect_agreement`] holds now.
    pub fn agrees(&self) -> bool {
        agreement::faults(self).is_empty()
    }

    /// The calls of a phone looked so on the wire, registrations and retransmissions left out: one message a line, `> INVITE` from
    /// the phone, `< 180 INVITE` to it; `+sdp` behind those that hold a session description.
    pub fn expect_flow(&self, phone: PhoneId, drawn: &str) {
        self.expect_messages(phone, drawn, |method| *method != Method::Register);
    }

    /// The same for its registrations.
    pub fn expect_registrations(&self, phone: PhoneId, drawn: &str) {
        self.expect_messages(phone, drawn, |method| *method == Method::Register);
    }

    fn expect_messages(&self, phone: PhoneId, drawn: &str, wanted: impl Fn(&Method) -> bool) {
        let drawn: Vec<&str> = drawn.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let host = self.address(phone);
        let mut seen = HashSet::new();
        let rungs = self.net.ladder.rungs().filter(|rung| rung.from == host || rung.to == host);
        let found: Vec<String> = rungs
            .filter_map(|rung| {
                let message = rung.message.as_ref()?;
                let is_new = wanted(&message.cseq().method) && seen.insert(message.to_bytes());
                is_new.then(|| line_of(if rung.from == host { '>' } else { '<' }, message))
            })
            .collect();
        let name = &self.phone(phone).name;
        assert!(
            found == drawn,
            "{name} should have seen\n  {}\nbut saw\n  {}",
            drawn.join("\n  "),
            found.join("\n  ")
        );
    }

    /// Rules that have been broken so far, in words.
    pub fn faults(&self) -> Vec<String> {
        let pbx = self.the_pbx();
        let phones = self.phones.iter().flat_map(|phone| phone.complaints().iter().cloned());
        let mut faults: Vec<String> = phones.collect();
        faults.extend(pbx.complaints.iter().cloned());
        faults.extend(pbx.engine.complaints.iter().map(|text| format!("media: {text}")));
        faults.extend(
            pbx.cdr_faults()
                .into_iter()
                .filter(|fault| !fault.contains("no finished record") || pbx.switch.status().calls == 0),
        );
        let dead = self.phones.iter().filter(|phone| phone.is_dead()).map(|phone| phone.flow.local.ip());
        let dead: Vec<_> = dead.chain(self.forgetful.iter().copied()).collect();
        faults.extend(audit::faults(&self.net.ladder, self.clock.elapsed(), &addresses(), &dead, self.lossy));
        faults
    }
}

fn line_of(arrow: char, message: &Message) -> String {
    let (text, body) = match message {
        Message::Request(request) => (request.method.to_string(), &request.body),
        Message::Response(response) => {
            (format!("{} {}", response.status.code(), response.cseq.method), &response.body)
        }
    };
    let sdp = if body.starts_with(b"v=0") { " +sdp" } else { "" };
    format!("{arrow} {text}{sdp}")
}
