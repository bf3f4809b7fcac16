//! The table of bindings and the three things that change it: a REGISTER, the passing of time, a lost connection.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::flow::{ConnectionId, Flow};
use crate::header::HeaderName;
use crate::message::Request;
use crate::uri::Uri;

use super::request::{Wanted, Wish};
use super::{Aor, Binding, BindingChange, RegisterRefused, Registered, RegistrarSettings, StoredBinding};

/// All bindings of all addresses of record.
#[derive(Debug)]
pub struct Registrar {
    settings: RegistrarSettings,
    records: HashMap<Aor, Record>,
    connections: BTreeSet<(ConnectionId, Aor)>,
    agenda: BinaryHeap<Reverse<(Instant, Aor)>>,
    bindings: usize,
}

#[derive(Debug)]
struct Record {
    bindings: Vec<Binding>,
    /// The entry of the agenda that counts for it: never after its first binding ends.
    armed: Instant,
}

impl Registrar {
    /// A registrar without bindings.
    #[must_use]
    pub fn new(settings: RegistrarSettings) -> Self {
        Self {
            settings,
            records: HashMap::new(),
            connections: BTreeSet::new(),
            agenda: BinaryHeap::new(),
            bindings: 0,
        }
    }

    /// Performs a REGISTER for an address of record that its sender may register (RFC 3261 section 10.3, steps 6 to 8).
    /// `longest` cuts what is granted, in seconds, below the minimum too: a sender whose right to register ends then is not
    /// asked to ask for more.
    ///
    /// # Errors
    /// See [`RegisterRefused`]. Nothing has changed then.
    pub fn register(
        &mut self,
        now: Instant,
        aor: &Aor,
        request: &Request,
        flow: Flow,
        longest: Option<u32>,
    ) -> Result<Registered, RegisterRefused> {
        let max_expires = self.settings.max_expires.min(longest.unwrap_or(u32::MAX));
        let wish = Wish::of(request, &RegistrarSettings { max_expires, ..self.settings })?;
        let bindings = self.records.get(aor).map_or(&[][..], |record| &record.bindings);
        let (current, over): (Vec<Binding>, Vec<Binding>) =
            bindings.iter().cloned().partition(|binding| binding.expires > now);
        let mut changes: Vec<BindingChange> = over.iter().map(|binding| removal(aor, binding)).collect();
        let (mut path, mut outbound) = (None, false);
        let after = match wish {
            // What has ended is left to `expire`.
            Wish::Query => {
                let contacts = contacts(&current, now);
                return Ok(Registered { contacts, changes: Vec::new(), path: Vec::new(), outbound: false });
            }
            Wish::RemoveAll => {
                for binding in &current {
                    check_order(binding, request)?;
                    changes.push(removal(aor, binding));
                }
                Vec::new()
            }
            Wish::Bind(wanted) => {
                outbound = wanted.iter().any(|contact| contact.flow_id().is_some());
                path = wanted.iter().find_map(|contact| contact.extra.as_ref()).map(|e| e.path.clone());
                let by = Registering { now, aor, request, flow };
                by.apply(&current, wanted, self.settings.max_contacts, &mut changes)?
            }
        };
        let contacts = contacts(&after, now);
        self.replace(aor, after);
        Ok(Registered { contacts, changes, path: path.unwrap_or_default(), outbound })
    }

    /// The bindings of an address of record, the most preferred first, and the latest first among equals.
    #[must_use]
    pub fn lookup(&self, now: Instant, aor: &Aor) -> Vec<&Binding> {
        let bindings = self.records.get(aor).map_or(&[][..], |record| &record.bindings);
        let mut live: Vec<_> = bindings.iter().rev().filter(|binding| binding.expires > now).collect();
        live.sort_by_key(|binding| Reverse(binding.q));
        live
    }

    /// Removes the bindings that have ended.
    pub fn expire(&mut self, now: Instant) -> Vec<BindingChange> {
        let mut changes = Vec::new();
        while self.agenda.peek().is_some_and(|Reverse((at, _))| *at <= now) {
            let Some(Reverse((at, aor))) = self.agenda.pop() else { break };
            if self.records.get(&aor).is_some_and(|record| record.armed == at) {
                self.end_old_ones(now, &aor, &mut changes);
                self.rearm(&aor);
            }
        }
        self.shrink();
        changes
    }

    /// A connection was lost: the bindings that were made over it cannot be reached any more, and are removed. Their phones
    /// register again over a new connection. Those behind a proxy stay, for a connection to it can be opened. Datagram flows
    /// change nothing.
    pub fn flow_closed(&mut self, now: Instant, flow: &Flow) -> Vec<BindingChange> {
        let mut changes = Vec::new();
        let Some(connection) = flow.connection else { return changes };
        let first = (connection, Aor::new(""));
        let lost: Vec<Aor> = self
            .connections
            .range(first..)
            .take_while(|(of, _)| *of == connection)
            .map(|(_, aor)| aor.clone())
            .collect();
        for aor in lost {
            let over_it = |binding: &Binding| binding.flow.connection == Some(connection);
            self.leave_to_proxies(&aor, over_it);
            self.end(now, &aor, over_it, &mut changes);
        }
        changes
    }

    /// Removes all bindings of an address of record that exists no more.
    pub fn remove(&mut self, now: Instant, aor: &Aor) -> Vec<BindingChange> {
        let mut changes = Vec::new();
        self.end(now, aor, |_| true, &mut changes);
        changes
    }

    /// Takes bindings back from a store, at start. Those that have ended meanwhile are left out.
    pub fn restore(&mut self, now: Instant, stored: impl IntoIterator<Item = StoredBinding>) {
        for binding in stored {
            if !binding.remaining.is_zero() {
                self.put(now, binding);
            }
        }
    }

    /// All bindings as plain data, in an order that [`thaw`](Self::thaw) keeps.
    #[must_use]
    pub fn freeze(&self, now: Instant) -> Vec<StoredBinding> {
        self.iter().map(|(aor, binding)| binding.stored(aor, now)).collect()
    }

    /// The registrar that was frozen. What has ended meanwhile is there still, for [`expire`](Self::expire) to report.
    #[must_use]
    pub fn thaw(now: Instant, frozen: Vec<StoredBinding>, settings: RegistrarSettings) -> Self {
        let mut registrar = Self::new(settings);
        for binding in frozen {
            registrar.put(now, binding);
        }
        registrar
    }

    /// When [`expire`](Self::expire) has to be called next: never later than the first binding ends.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.agenda.peek().map(|Reverse((at, _))| *at)
    }

    /// All bindings, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&Aor, &Binding)> {
        self.records
            .iter()
            .flat_map(|(aor, record)| record.bindings.iter().map(move |binding| (aor, binding)))
    }

    /// How many bindings there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bindings
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bindings == 0
    }

    #[cfg(test)]
    pub(super) fn bytes_of_a_record() -> usize {
        size_of::<(Aor, Record)>() + 1 + size_of::<Reverse<(Instant, Aor)>>()
    }

    #[cfg(test)]
    pub(super) fn agenda_len(&self) -> usize {
        self.agenda.len()
    }

    fn leave_to_proxies(&mut self, aor: &Aor, over_it: impl Fn(&Binding) -> bool) {
        let Some(record) = self.records.get(aor) else { return };
        let is_left = |binding: &Binding| over_it(binding) && binding.is_led_by_proxy();
        if !record.bindings.iter().any(is_left) {
            return;
        }
        let mut after = record.bindings.clone();
        for binding in after.iter_mut().filter(|binding| is_left(binding)) {
            binding.flow.connection = None;
        }
        self.replace(aor, after);
    }

    fn put(&mut self, now: Instant, binding: StoredBinding) {
        let StoredBinding {
            aor,
            contact,
            q,
            call_id,
            cseq,
            age,
            remaining,
            flow,
            user_agent,
            instance,
            extra,
        } = binding;
        // A clock that cannot go back so far begins here.
        let since = now.checked_sub(age).unwrap_or(now);
        let Some(expires) = now.checked_add(remaining) else { return };
        let mut after: Vec<Binding> =
            self.records.get(&aor).map(|record| record.bindings.clone()).unwrap_or_default();
        let reg_id = extra.as_ref().and_then(|extra| extra.reg_id);
        after.retain(|other| other.contact != contact || other.reg_id() != reg_id);
        after.reserve_exact(1);
        after.push(Binding { contact, q, call_id, cseq, since, expires, flow, user_agent, instance, extra });
        self.replace(&aor, after);
    }

    fn end_old_ones(&mut self, now: Instant, aor: &Aor, changes: &mut Vec<BindingChange>) {
        self.end(now, aor, |binding| binding.expires <= now, changes);
    }

    fn end(
        &mut self,
        now: Instant,
        aor: &Aor,
        is_over: impl Fn(&Binding) -> bool,
        changes: &mut Vec<BindingChange>,
    ) {
        let Some(record) = self.records.get(aor) else { return };
        if !record.bindings.iter().any(&is_over) {
            return;
        }
        let (over, live): (Vec<Binding>, Vec<Binding>) = record.bindings.iter().cloned().partition(is_over);
        changes.extend(over.iter().map(|binding| removal(aor, binding)));
        keep_siblings(now, aor, &over, &live, changes);
        self.replace(aor, live);
    }

    /// The one place where the table changes.
    fn replace(&mut self, aor: &Aor, after: Vec<Binding>) {
        let first = after.iter().map(|binding| binding.expires).min();
        let before = self.records.get_mut(aor);
        let old = before.as_ref().map_or(&[][..], |record| &record.bindings);
        for connection in old.iter().filter_map(|binding| binding.flow.connection) {
            if !uses(&after, connection) {
                self.connections.remove(&(connection, aor.clone()));
            }
        }
        for connection in after.iter().filter_map(|binding| binding.flow.connection) {
            if !uses(old, connection) {
                self.connections.insert((connection, aor.clone()));
            }
        }
        self.bindings = (self.bindings + after.len()).saturating_sub(old.len());
        match (before, first) {
            (_, None) => drop(self.records.remove(aor)),
            (Some(record), Some(first)) => {
                record.bindings = after;
                if first < record.armed {
                    record.armed = first;
                    self.agenda.push(Reverse((first, aor.clone())));
                }
            }
            (None, Some(first)) => {
                self.records.insert(aor.clone(), Record { bindings: after, armed: first });
                self.agenda.push(Reverse((first, aor.clone())));
            }
        }
        self.compact();
    }

    /// Its entry of the agenda was taken: the next one.
    fn rearm(&mut self, aor: &Aor) {
        let Some(record) = self.records.get_mut(aor) else { return };
        if let Some(first) = record.bindings.iter().map(|binding| binding.expires).min() {
            record.armed = first;
            self.agenda.push(Reverse((first, aor.clone())));
        }
    }

    /// Phones that come and go leave outdated entries behind; they may not outnumber the records.
    fn compact(&mut self) {
        if self.agenda.len() > 64 + 2 * self.records.len() {
            let records = &self.records;
            self.agenda
                .retain(|Reverse((at, aor))| records.get(aor).is_some_and(|record| record.armed == *at));
            self.agenda.shrink_to_fit();
        }
    }

    fn shrink(&mut self) {
        if self.records.capacity() > 1024 && self.records.len().saturating_mul(8) < self.records.capacity() {
            self.records.shrink_to(self.records.len().saturating_mul(2));
        }
    }
}

/// One REGISTER with contacts.
struct Registering<'a> {
    now: Instant,
    aor: &'a Aor,
    request: &'a Request,
    flow: Flow,
}

impl Registering<'_> {
    /// The bindings after it. An update is decided against the bindings before the request, so that two
    /// equivalent contacts in one request do not stand in each other's way: the last one counts.
    fn apply(
        &self,
        current: &[Binding],
        wanted: Vec<Wanted>,
        max_contacts: usize,
        changes: &mut Vec<BindingChange>,
    ) -> Result<Vec<Binding>, RegisterRefused> {
        let mut after = Vec::with_capacity(current.len().saturating_add(1).min(max_contacts));
        after.extend_from_slice(current);
        for contact in wanted {
            let old = current.iter().find(|binding| contact.means(binding));
            if let Some(old) = old {
                check_order(old, self.request)?;
            }
            if let Some(place) = after.iter().position(|binding| contact.means(binding)) {
                let replaced = after.remove(place);
                if contact.seconds == 0 || *replaced.contact != *contact.text {
                    changes.push(removal(self.aor, &replaced));
                }
            }
            if contact.seconds > 0 {
                let binding = self.binding(contact, old);
                changes.push(BindingChange::Put(binding.stored(self.aor, self.now)));
                after.push(binding);
            }
        }
        let gone: Vec<Binding> =
            current.iter().filter(|old| old.reg_id().is_some() && !after.contains(old)).cloned().collect();
        keep_siblings(self.now, self.aor, &gone, &after, changes);
        if after.len() > max_contacts.max(current.len()) {
            return Err(RegisterRefused::TooManyContacts(max_contacts));
        }
        after.shrink_to_fit();
        Ok(after)
    }

    /// A refresh repeats nearly every text of the old binding, so those are shared instead of copied.
    fn binding(&self, wanted: Wanted, old: Option<&Binding>) -> Binding {
        let agent =
            self.request.headers.get(&HeaderName::UserAgent).map(|agent| shortened(agent, MAX_USER_AGENT));
        let instance = wanted.instance.as_deref().map(|instance| shortened(instance, MAX_INSTANCE));
        Binding {
            contact: shared(old.map(|old| &old.contact), &wanted.text),
            q: wanted.q,
            call_id: shared(old.map(|old| &old.call_id), &self.request.call_id),
            cseq: self.request.cseq.number,
            since: old.map_or(self.now, |old| old.since),
            expires: self.now + Duration::from_secs(wanted.seconds.into()),
            flow: self.flow,
            user_agent: agent.map(|agent| shared(old.and_then(|old| old.user_agent.as_ref()), agent)),
            instance: instance.map(|instance| shared(old.and_then(|old| old.instance.as_ref()), instance)),
            extra: wanted.extra,
        }
    }
}

impl Wanted {
    /// Whether a binding is the one that this Contact is about: an equivalent URI, or the same device, which has then
    /// come back under another address.
    fn means(&self, binding: &Binding) -> bool {
        let instance = self.instance.as_deref().map(|instance| shortened(instance, MAX_INSTANCE));
        if let Some(flow) = self.flow_id() {
            return binding.reg_id() == Some(flow) && instance == binding.instance.as_deref();
        }
        let same_device =
            self.reg_id.is_none() && self.instance.is_some() && instance == binding.instance.as_deref();
        *binding.contact == *self.text
            || same_device
            || Uri::parse(&binding.contact).is_ok_and(|uri| uri.equivalent(&self.uri))
    }
}

/// RFC 3261 section 10.3 steps 6 and 7: within one Call-ID only a higher CSeq may change a binding.
fn check_order(binding: &Binding, request: &Request) -> Result<(), RegisterRefused> {
    let (stored, received) = (binding.cseq, request.cseq.number);
    if *binding.call_id == *request.call_id && received <= stored {
        return Err(RegisterRefused::OutOfOrder { stored, received });
    }
    Ok(())
}

/// A store knows a binding by its contact, which two flows of one device may share: the one that stays is put down again.
fn keep_siblings(
    now: Instant,
    aor: &Aor,
    gone: &[Binding],
    live: &[Binding],
    changes: &mut Vec<BindingChange>,
) {
    let kept = live
        .iter()
        .filter(|live| live.reg_id().is_some() && gone.iter().any(|gone| gone.contact == live.contact));
    changes.extend(kept.map(|binding| BindingChange::Put(binding.stored(aor, now))));
}

fn removal(aor: &Aor, binding: &Binding) -> BindingChange {
    BindingChange::Remove { aor: aor.clone(), contact: binding.contact.clone() }
}

fn uses(bindings: &[Binding], connection: ConnectionId) -> bool {
    bindings.iter().any(|binding| binding.flow.connection == Some(connection))
}

fn shared(old: Option<&Arc<str>>, text: &str) -> Arc<str> {
    old.filter(|old| ***old == *text).map_or_else(|| text.into(), Arc::clone)
}

fn shortened(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

fn contacts(bindings: &[Binding], now: Instant) -> Vec<String> {
    bindings.iter().map(|binding| contact(binding, now)).collect()
}

fn contact(binding: &Binding, now: Instant) -> String {
    let remaining = binding.remaining(now);
    let seconds = remaining.as_secs() + u64::from(remaining.subsec_nanos() > 0);
    let mut value = String::with_capacity(binding.contact.len() + 32);
    let _ = write!(value, "<{}>;expires={seconds}", binding.contact);
    if binding.q < 1000 {
        let _ = write!(value, ";q=0.{:03}", binding.q);
    }
    if let Some(instance) = &binding.instance {
        let _ = write!(value, ";+sip.instance=\"{}\"", instance.replace(['"', '\\'], ""));
    }
    if let Some(reg_id) = binding.reg_id() {
        let _ = write!(value, ";reg-id={reg_id}");
    }
    value
}

/// Bounds of what a binding keeps of a request, in bytes.
const MAX_USER_AGENT: usize = 64;
const MAX_INSTANCE: usize = 128;
