//! What a test says of its story.

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
        faults.extend(self.phones.iter().filter(|phone| !phone.is_dead()).flat_map(Phone::leftovers));
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
        let dead: Vec<_> =
            self.phones.iter().filter(|phone| phone.is_dead()).map(|phone| phone.flow.local.ip()).collect();
        faults.extend(audit::faults(&self.net.ladder, &addresses(), &dead, self.lossy));
        faults
    }
}
