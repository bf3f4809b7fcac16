//! The one way to a leg over a trunk.

use std::sync::Arc;

use kiestoon_media::LegId;
use serde::{Deserialize, Serialize};

use super::charged::Charged;
use super::class::{self, Class};
use super::forms::Forms;
use super::hold::HoldReason;
use super::ledger::{Line, State};
use super::meter;
use super::profile::{Destinations, Profile};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::id::{self, CallId};
use crate::reason::EndReason;
use crate::snapshot::Organisation;
use crate::trunk::Trunk;
use crate::trunk::rates::Rate;

/// What is asked for: a leg over a trunk.
pub(crate) struct CallOut<'a> {
    pub(crate) leg: LegId,
    pub(crate) call: CallId,
    /// The organisation as it is now; None where it is gone.
    pub(crate) organisation: Option<&'a Organisation>,
    pub(crate) charged: &'a Charged,
    /// Who called.
    pub(crate) from: &'a str,
    /// The number, as it is dialled.
    pub(crate) number: &'a str,
    pub(crate) trunk: &'a Trunk,
    /// Whether a rule of emergency numbers calls it.
    pub(crate) is_for_help: bool,
}

/// That a leg over a trunk may be made. Nothing but [`Exchange::grant`] makes one.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Granted {
    charged: Charged,
    is_for_help: bool,
}

/// That it may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) why: Why,
}

/// Why a call out is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// Whoever is charged may not call this class of numbers.
    NoRight,
    /// Not at this hour.
    Closed,
    /// The number may not be called.
    Blocked,
    /// As many calls are out as there may be.
    Calls,
    /// As many have begun this minute as may.
    Rate,
    /// The budget is spent.
    Spend,
    /// There is a budget, and nobody knows what this international or premium number costs.
    NoRate,
    /// Whoever is charged is on hold.
    Held,
    /// Whoever is charged is not there any more.
    Gone,
}

/// A number that is to be called, as it is judged.
struct Judged<'a> {
    profile: &'a Profile,
    class: Class,
    is_closed: bool,
    /// In E.164 where it has that form.
    number: String,
    rate: Option<Rate>,
}

impl Granted {
    /// Who is charged.
    pub(crate) fn charged(&self) -> &Charged {
        &self.charged
    }

    /// Whether it was made for an emergency: it is not counted.
    pub(crate) fn is_for_help(&self) -> bool {
        self.is_for_help
    }
}

impl Why {
    /// The word of the log, the event and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoRight => "no_right",
            Self::Closed => "closed",
            Self::Blocked => "blocked",
            Self::Calls => "calls",
            Self::Rate => "rate",
            Self::Spend => "spend",
            Self::NoRate => "no_rate",
            Self::Held => "held",
            Self::Gone => "gone",
        }
    }

    /// The end of a call that comes to it.
    pub(crate) fn reason(self) -> EndReason {
        match self {
            Self::NoRight | Self::Closed | Self::Blocked | Self::Gone => EndReason::Forbidden,
            Self::Calls | Self::Rate | Self::Spend | Self::NoRate => EndReason::LimitReached,
            Self::Held => EndReason::Held,
        }
    }
}

impl Exchange {
    /// Whether a leg over a trunk may be made, at the cost of whom. From then on it counts; a refusal is told. An emergency call
    /// passes, and counts for nothing.
    pub(crate) fn grant(&mut self, asked: &CallOut<'_>) -> Result<Granted, Refusal> {
        let is_for_help = asked.is_for_help || class::is_for_help(asked.trunk.country, asked.number);
        let granted = Granted { charged: asked.charged.clone(), is_for_help };
        if is_for_help {
            return Ok(granted);
        }
        let class = Class::of(asked.trunk.country, asked.number);
        let judged = match self.judge(asked, class) {
            Ok(judged) => judged,
            Err(why) => return Err(self.refuse_out(asked, class, why)),
        };
        if let Err(why) = self.count(asked, &judged) {
            return Err(self.refuse_out(asked, class, why));
        }
        Ok(granted)
    }

    fn refuse_out(&mut self, asked: &CallOut<'_>, class: Class, why: Why) -> Refusal {
        self.event(Event::CallOutRefused {
            call: asked.call,
            organisation: asked.organisation.map(|own| own.slug.clone()).unwrap_or_default(),
            from: asked.from.into(),
            charged: asked.charged.clone(),
            number: asked.number.into(),
            class,
            why,
        });
        Refusal { why }
    }

    /// Whether whoever is charged may call the number at all, now.
    fn judge<'a>(&self, asked: &CallOut<'a>, class: Class) -> Result<Judged<'a>, Why> {
        let organisation = asked.organisation.ok_or(Why::Gone)?;
        let profile = asked.charged.profile(organisation).ok_or(Why::Gone)?;
        let is_closed = self.is_closed(organisation, profile);
        if class::has_too_many_keys(asked.number) {
            return Err(Why::Blocked);
        }
        let forms = Forms::of(asked.trunk.country, asked.number);
        match Destinations::say(&[&profile.destinations, &organisation.profile.destinations], &forms) {
            Some(true) => {}
            Some(false) => return Err(Why::Blocked),
            None if profile.rights_now(is_closed).has(class) => {}
            None if profile.rights.has(class) => return Err(Why::Closed),
            None => return Err(Why::NoRight),
        }
        let rate = organisation.rates.of(&asked.trunk.name, &forms);
        Ok(Judged { profile, class, is_closed, number: forms.known().to_owned(), rate })
    }

    /// Whether it is outside the hours of a profile.
    pub(super) fn is_closed(&self, organisation: &Organisation, profile: &Profile) -> bool {
        let plan = self.snapshot.plans().of(&organisation.slug);
        profile.is_closed(plan, self.timestamp(), self.overrides(&organisation.id))
    }

    /// Counts the leg, where there is room for it.
    fn count(&mut self, asked: &CallOut<'_>, judged: &Judged<'_>) -> Result<(), Why> {
        let Some(organisation) = asked.organisation else { return Err(Why::Gone) };
        let (id, call) = (&organisation.id, id::call_of(asked.leg));
        let is_again = self.ledger.has_called(call, asked.charged, &judged.number);
        let is_risky = judged.class.is_risky();
        if is_risky && self.ledger.account(id, asked.charged).held.is_some() {
            return Err(Why::Held);
        }
        if !is_again {
            self.has_room(asked, organisation, judged)?;
        }
        self.can_pay(asked, organisation, judged)?;
        if is_risky && !is_again {
            self.watch(organisation, asked.charged, judged)?;
        }
        if !is_again {
            let now = self.now;
            self.ledger.account(id, asked.charged).take_call(now, &judged.profile.limits);
            if *asked.charged != Charged::Organisation {
                self.ledger.account(id, &Charged::Organisation).take_call(now, &organisation.profile.limits);
            }
        }
        self.ledger.enter(Line {
            leg: asked.leg,
            organisation: Arc::clone(id),
            charged: asked.charged.clone(),
            number: judged.number.as_str().into(),
            rate: judged.rate,
            state: State::Calling,
        });
        Ok(())
    }

    /// Whether one more call may be out, and begin now.
    fn has_room(&mut self, asked: &CallOut<'_>, of: &Organisation, judged: &Judged<'_>) -> Result<(), Why> {
        let now = self.now;
        let is_full = |most: Option<u32>, out: usize| {
            most.is_some_and(|most| out >= usize::try_from(most).unwrap_or(usize::MAX))
        };
        let (own, all) = (&judged.profile.limits, &of.profile.limits);
        if is_full(own.calls, self.ledger.legs_out(&of.id, Some(asked.charged)))
            || is_full(all.calls, self.ledger.legs_out(&of.id, None))
        {
            return Err(Why::Calls);
        }
        let may_begin = self.ledger.account(&of.id, asked.charged).has_call(now, own)
            && self.ledger.account(&of.id, &Charged::Organisation).has_call(now, all);
        if may_begin { Ok(()) } else { Err(Why::Rate) }
    }

    /// Whether the beginning of the call can be paid, also when all that are called now are answered.
    fn can_pay(&mut self, asked: &CallOut<'_>, of: &Organisation, judged: &Judged<'_>) -> Result<(), Why> {
        let (own, all) = (&judged.profile.limits, &of.profile.limits);
        let is_limited = own.has_budget() || all.has_budget();
        if is_limited && judged.rate.is_none() && judged.class.is_risky() {
            return Err(Why::NoRate);
        }
        let room = self.room(of, asked.charged, own, asked.leg);
        let room = room.min(self.room(of, &Charged::Organisation, all, asked.leg));
        // Where a budget is spent, not even what has no price is called: nobody knows what it costs.
        if room > 0 && room >= meter::beginning(judged.rate) { Ok(()) } else { Err(Why::Spend) }
    }

    /// Looks whether it is one of too many calls that a thief would make; then whoever is charged is on hold.
    fn watch(&mut self, of: &Organisation, charged: &Charged, judged: &Judged<'_>) -> Result<(), Why> {
        let Judged { profile, is_closed, number, .. } = judged;
        let now = self.now;
        let recent = &mut self.ledger.account(&of.id, charged).recent;
        match recent.see(now, &profile.watch, number, *is_closed) {
            None => Ok(()),
            Some(reason) => {
                self.hold(of, charged, reason, None);
                Err(Why::Held)
            }
        }
    }

    /// Puts somebody on hold.
    pub(crate) fn hold(
        &mut self,
        of: &Organisation,
        charged: &Charged,
        reason: HoldReason,
        by: Option<&str>,
    ) {
        let since = self.clock.micros(self.now);
        let hold = super::hold::Hold { since, reason, by: by.map(Into::into) };
        self.ledger.account(&of.id, charged).held = Some(hold);
        self.ledger.touch(&of.id, charged);
        let (organisation, by) = (of.slug.clone(), by.map(Into::into));
        self.event(Event::FraudHeld { organisation, charged: charged.clone(), reason, by });
    }
}
