//! Test calls over trunks. Who tests a trunk makes the call, over sockets of its own; here it is granted, counted, charged to the
//! organisation and recorded like any other call out. A call for help is never a test.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kiestoon_dialplan::{CallFacts, Country};
use kiestoon_media::{CallKey, LegId};
use kiestoon_sip::Flow;
use rand_core::Rng as _;

use super::{Output, Switch};
use crate::cdr::{Cdr, CdrLeg, CdrRecord, End, LegTrunk, Side};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::id::{self, CallId};
use crate::outcome::Outcome;
use crate::reason::EndReason;
use crate::rights::{self, CallOut, Charged, Class, Why};
use crate::snapshot::Organisation;
use crate::trunk::Trunk;
use crate::trunk::channels::Channel;

/// A test call that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct TestCall<'a> {
    /// The slug of the organisation.
    pub organisation: &'a str,
    /// The trunk, which may be one that carries no other calls yet.
    pub trunk: &'a Trunk,
    /// The number, as it is dialled.
    pub number: &'a str,
    /// The way to the host that is called.
    pub flow: &'a Flow,
}

/// Why a test call may not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTestCall {
    /// It is no number that can be dialled.
    NotANumber,
    /// Help is called by it: in the country of the trunk, or by a rule of the dialplan.
    Emergency,
    /// The PBX is about to stop.
    Draining,
    /// As many calls are going on as there may be.
    TooManyCalls,
    /// The organisation is gone.
    NoOrganisation,
    /// A limit of the trunk keeps it back.
    Limited(EndReason),
    /// The organisation may not call a number of this class.
    Refused(Why, Class),
}

/// Those that go on.
#[derive(Debug, Default)]
pub(super) struct TestCalls(Vec<Running>);

#[derive(Debug)]
struct Running {
    key: CallKey,
    cdr: Cdr,
    channel: Channel,
    /// The id of the trunk.
    trunk: Arc<str>,
    /// When it is over whatever happens, and why.
    until: Instant,
    late: EndReason,
}

impl TestCalls {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.iter().map(|running| running.until).min()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn of(&mut self, call: CallId) -> Option<&mut Running> {
        self.0.iter_mut().find(|running| running.cdr.record.id == call)
    }

    fn take(&mut self, is_it: impl Fn(&Running) -> bool) -> Option<Running> {
        let at = self.0.iter().position(is_it)?;
        Some(self.0.swap_remove(at))
    }
}

impl Running {
    fn leg(&self) -> LegId {
        id::leg(self.key, 0)
    }
}

impl Switch {
    /// Whether a test call may be made. From then on it counts, until [`Self::end_test_call`] or its deadline. A refusal is told. Drain
    /// [`poll`](Self::poll) afterwards, as after the other two.
    ///
    /// # Errors
    /// Why it may not.
    pub fn begin_test_call(&mut self, now: Instant, asked: &TestCall<'_>) -> Result<CallId, NoTestCall> {
        self.x.now = now;
        let snapshot = Arc::clone(&self.x.snapshot);
        let of = snapshot.organisations().iter().find(|of| &*of.slug == asked.organisation);
        let of = of.ok_or(NoTestCall::NoOrganisation)?;
        let number = dialled(asked.number).ok_or(NoTestCall::NotANumber)?;
        let asked = TestCall { number: &number, ..*asked };
        if self.is_for_help(of, &asked) {
            return Err(NoTestCall::Emergency);
        }
        if self.draining {
            return Err(NoTestCall::Draining);
        }
        if self.calls.len().saturating_add(self.test_calls.0.len()) >= self.x.settings.limits.calls {
            return Err(NoTestCall::TooManyCalls);
        }
        self.grant_test_call(of, &asked)
    }

    fn grant_test_call(&mut self, of: &Organisation, asked: &TestCall<'_>) -> Result<CallId, NoTestCall> {
        self.last_call += 1;
        let key = CallKey(self.last_call);
        let leg = id::leg(key, 0);
        let mut cdr = self.x.test_record(of, asked, leg);
        let call = cdr.record.id;
        // Rights are judged first: a test that is refused takes no turn of the trunk from a real call.
        let (ledger, said) = (self.x.ledger.clone(), self.x.outputs.len());
        let number = &*asked.trunk.number_form.judged(asked.trunk.country, asked.number);
        let granted = self.x.grant(&CallOut {
            leg,
            call,
            organisation: Some(of),
            charged: &Charged::Organisation,
            from: "",
            number,
            trunk: asked.trunk,
            is_for_help: false,
        });
        let granted = granted
            .map_err(|refusal| NoTestCall::Refused(refusal.why, Class::of(asked.trunk.country, number)));
        if granted.is_ok()
            && let Some(limit) = self.x.keeps_back(asked.trunk)
        {
            // It is given back whole, as after a rehearsal: no call was made.
            self.x.ledger = ledger;
            self.x.outputs.truncate(said);
            self.x.count_limited(asked.trunk);
            return Err(NoTestCall::Limited(limit));
        }
        self.x.keep_accounts();
        let charged_to = Some(granted?.charged().word().into());
        cdr.record.legs.iter_mut().for_each(|entry| entry.charged_to = charged_to.clone());
        let channel = Channel::of_test(leg, Arc::clone(&asked.trunk.id));
        self.x.standings.channels.begin(&channel);
        self.x.outputs.push_back(Output::Cdr(Box::new(cdr.record.clone())));
        self.x.event(Event::CallStarted {
            call,
            organisation: of.slug.clone(),
            from: "".into(),
            dialled: asked.number.into(),
            route: None,
        });
        let (trunk, until) = (Arc::clone(&asked.trunk.id), self.x.now + LONGEST);
        let late = EndReason::RingTimeout;
        self.test_calls.0.push(Running { key, cdr, channel, trunk, until, late });
        Ok(call)
    }

    /// Somebody has answered a test call: it costs from now on. False where it cannot be paid, or is over: it has to be hung up.
    pub fn test_call_answered(&mut self, now: Instant, call: CallId) -> bool {
        self.x.now = now;
        let Some(running) = self.test_calls.of(call) else { return false };
        let (leg, clock) = (running.leg(), self.x.clock);
        running.cdr.answers(now, &clock);
        running.cdr.record.legs.iter_mut().for_each(|entry| entry.status = Some(200));
        let record = running.cdr.record.clone();
        let number = record.to_number.clone();
        self.x.outputs.push_back(Output::Cdr(Box::new(record)));
        self.x.event(Event::CallAnswered { call, number });
        let is_paid = self.x.leg_answered(leg).is_ok();
        self.x.keep_accounts();
        is_paid
    }

    /// A test call is over; `status` is the final one of its INVITE, where there was one. One that is over already is left alone.
    pub fn end_test_call(&mut self, now: Instant, call: CallId, status: Option<u16>) {
        self.x.now = now;
        let Some(running) = self.test_calls.take(|running| running.cdr.record.id == call) else { return };
        let end = match status {
            _ if running.cdr.is_answered() => EndReason::HangupCaller.into(),
            // It was given up, as one that rings for as long as the dialplan lets it.
            Some(487) => EndReason::NoAnswer.into(),
            Some(status) => Outcome::of_status(status).end,
            None => EndReason::Unavailable.into(),
        };
        self.x.end_test_call(running, status, end);
    }

    /// The PBX stops: who tests hangs up by himself, and what is still there soon is nobody's. [`Input::Tick`](crate::Input::Tick) ends it.
    pub fn hurry_test_calls(&mut self, now: Instant) {
        for running in &mut self.test_calls.0 {
            running.until = running.until.min(now + STOPPING);
            running.late = EndReason::Shutdown;
        }
    }

    /// Ends those that nobody has ended.
    pub(super) fn end_late_test_calls(&mut self) {
        let now = self.x.now;
        while let Some(running) = self.test_calls.take(|running| running.until <= now) {
            let late = running.late;
            self.x.end_test_call(running, None, late.into());
        }
    }

    /// Nobody pays for a call any more: it is over, where it is a test.
    pub(super) fn test_call_unpaid(&mut self, key: CallKey, reason: EndReason) {
        if let Some(running) = self.test_calls.take(|running| running.key == key) {
            self.x.end_test_call(running, None, reason.into());
        }
    }

    /// Whether help is called by a number, in any form that it may go out in.
    fn is_for_help(&self, of: &Organisation, asked: &TestCall<'_>) -> bool {
        let (country, number) = (asked.trunk.country, asked.number);
        let written = asked.trunk.number_form.write(country, number);
        let forms = [number.to_owned(), written, country.e164(number), country.national(number)];
        let readings: BTreeSet<String> = forms.iter().flat_map(|form| readings(country, form)).collect();
        readings
            .iter()
            .any(|reading| rights::is_for_help(country, reading) || self.is_ruled_for_help(of, reading))
    }

    /// Whether a rule of emergency numbers takes a number, in any context.
    fn is_ruled_for_help(&self, of: &Organisation, number: &str) -> bool {
        let plan = self.x.snapshot.plans().of(&of.slug);
        let (at, overrides) = (self.x.timestamp(), self.x.overrides(&of.id));
        let mut contexts = plan.contexts();
        contexts.any(|(context, _)| {
            let facts = CallFacts { context, from: "", from_name: "", dialled: number, at, overrides };
            plan.decide(&facts).is_some_and(|decision| decision.emergency)
        })
    }
}

impl Exchange {
    /// The record of a test call: nobody's but the organisation's.
    fn test_record(&mut self, of: &Organisation, asked: &TestCall<'_>, leg: LegId) -> Cdr {
        let mut random = [0; 10];
        self.rng.fill_bytes(&mut random);
        let started_at = self.clock.micros(self.now);
        let over = Some(Box::new(LegTrunk::new(Arc::clone(&asked.trunk.name))));
        let record = CdrRecord {
            id: CallId::new(started_at, random),
            organisation: Arc::clone(&of.id),
            from_number: "".into(),
            from_name: "".into(),
            extension: "".into(),
            dialled: asked.number.into(),
            to_number: Some(asked.trunk.country.e164(asked.number).into()),
            context: CONTEXT.into(),
            route: None,
            dialplan_hash: self.snapshot.plans().of(&of.slug).hash().into(),
            started_at,
            ringing_at: None,
            answered_at: None,
            linked: None,
            end: None,
            legs: vec![CdrLeg { over, ..CdrLeg::new(leg, Side::Callee, asked.number, asked.flow) }],
            way: Vec::new(),
            emergency: false,
        };
        Cdr::new(record, self.now)
    }

    fn end_test_call(&mut self, mut running: Running, status: Option<u16>, end: End) {
        let (now, clock, leg) = (self.now, self.clock, running.leg());
        self.leg_over(leg);
        running.cdr.note_costs(self.ledger.costs(running.key));
        self.standings.channels.end(&running.channel);
        let status = if running.cdr.is_answered() { Some(200) } else { status };
        if let Some(entry) = running.cdr.leg(leg) {
            entry.status = status;
        }
        self.count_test_call(&running.trunk, status);
        running.cdr.ends(now, &clock, end);
        let record = running.cdr.record;
        let sip_code = record.end.map_or(0, |end| end.sip_code);
        let (call, reason) = (record.id, end.reason);
        self.outputs.push_back(Output::Cdr(Box::new(record)));
        self.event(Event::CallEnded { call, reason, sip_code });
        self.keep_accounts();
    }
}

/// A number without what people write between its digits; None for what is none.
fn dialled(text: &str) -> Option<String> {
    let number: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.')).collect();
    let digits = number.strip_prefix('+').unwrap_or(&number);
    let is_number = !digits.is_empty()
        && digits.len() <= LONGEST_NUMBER
        && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '*' | '#'));
    is_number.then_some(number)
}

/// What an exchange may read in a number: all of it, what stands between the signs of a service (`112#`), and what is left of that without
/// the country's own code and the zeros before it (`+31112`, `0031112`, `0112`).
fn readings(country: &Country, form: &str) -> Vec<String> {
    let parts = form.split(['*', '#']).flat_map(|part| {
        let bare = part.trim_start_matches('+');
        let own = bare.trim_start_matches('0');
        let without_code = own.strip_prefix(country.code()).unwrap_or(own).trim_start_matches('0');
        let significant = country.significant(part).unwrap_or_default();
        let short = significant.trim_start_matches('0').to_owned();
        [bare.to_owned(), own.to_owned(), without_code.to_owned(), significant, short]
    });
    parts.chain([form.to_owned()]).filter(|reading| !reading.is_empty()).collect()
}

/// In the record: no context of the dialplan has a name like it.
const CONTEXT: &str = "trunk test";
/// Digits of a number; those of the public network are 15 at most.
const LONGEST_NUMBER: usize = 32;
/// From the grant on. Who tests is done long before.
const LONGEST: Duration = Duration::from_secs(180);
/// For a CANCEL or a BYE of who tests. A stop waits for little longer.
const STOPPING: Duration = Duration::from_secs(2);
