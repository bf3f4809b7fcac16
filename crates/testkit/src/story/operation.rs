//! What happens to the PBX in a story: its operator, its directory, its process.

use kiestoon_call::{Input, Trunk};
use kiestoon_sip::Flow;

use super::{Story, dialplan_of, trunk_of};
use crate::pbx::{Pbx, STORY_BEGINS};

impl Story {
    /// Gives the switch an input that comes from within the PBX: a new snapshot, an operator's command.
    pub fn tell_pbx(&mut self, input: Input) {
        let now = self.clock.now();
        self.pbx().handle(now, input);
        self.flush();
    }

    /// What the PBX's wall clock shows, in seconds since 1970.
    pub fn unix_secs(&self) -> u64 {
        u64::try_from(STORY_BEGINS / 1_000_000).expect("after 1970") + self.clock.elapsed().as_secs()
    }

    /// A certificate, in PEM, can be fetched at this URL; None: nobody answers there.
    pub fn publish(&mut self, url: &str, certificate: Option<&str>) {
        self.pbx().certificates.insert(url.to_owned(), certificate.map(str::to_owned));
    }

    /// From now on the PBX has, or has not, room for new requests.
    pub fn set_full(&mut self, full: bool) {
        self.pbx().full = full;
    }

    /// The PBX's process is killed and started again: connections close, calls are cut, bindings come from the journal.
    pub fn restart_pbx(&mut self) {
        let now = self.clock.now();
        for flow in self.phones.iter().map(|phone| phone.flow).collect::<Vec<_>>() {
            self.net.close(now, &Flow { local: flow.remote, remote: flow.local, ..flow });
        }
        let before = self.pbx.take().expect("a PBX that runs");
        self.remark("the PBX is restarted".to_owned());
        let seed = self.chance.seed();
        let mut pbx = Pbx::new(now, self.settings.clone(), &self.directory, seed);
        pbx.take_over(now, before);
        self.pbx = Some(pbx);
        self.flush();
    }

    /// Swaps the dialplan in a new snapshot.
    pub fn reload(&mut self, rules: &str) {
        self.directory.dialplan = dialplan_of(rules);
        self.swap();
    }

    /// Has the trunk of this name as [`Story::trunk`] would make it, in a new snapshot.
    pub fn trunk_anew(&mut self, name: &str, change: impl FnOnce(&mut Trunk)) {
        self.directory.trunks.retain(|trunk| &*trunk.name != name);
        self.directory.trunks.push(trunk_of(name, change));
        self.swap();
    }

    /// Has no trunk of this name any more, in a new snapshot: it is disabled, or removed.
    pub fn remove_trunk(&mut self, name: &str) {
        self.directory.trunks.retain(|trunk| &*trunk.name != name);
        self.swap();
    }

    pub(super) fn swap(&mut self) {
        self.directory.revision += 1;
        let snapshot = self.directory.snapshot();
        self.remark("new snapshot".to_owned());
        self.tell_pbx(Input::Snapshot(snapshot));
    }

    /// Switches an extension off, or on again, in a new snapshot.
    pub fn set_enabled(&mut self, number: &str, enabled: bool) {
        self.directory.disabled.retain(|known| known != number);
        if !enabled {
            self.directory.disabled.push(number.to_owned());
        }
        self.swap();
    }

    /// Removes an extension in a new snapshot.
    pub fn remove_extension(&mut self, number: &str) {
        self.directory.numbers.retain(|known| known != number);
        self.swap();
    }
}
