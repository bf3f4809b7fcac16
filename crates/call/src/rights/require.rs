//! `require` of the dialplan: whether whoever is charged may call a class of numbers, before a rule is followed.

use std::borrow::Cow;
use std::sync::Arc;

use kiestoon_dialplan::Decision;

use super::charged::Charged;
use super::class::Class;
use super::gate::Why;
use crate::call::Call;
use crate::cdr::End;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::id::CallId;
use crate::reason::EndReason;
use crate::snapshot::Organisation;
use crate::walk::Step;

/// A rule that asks for a permission.
struct Required<'a> {
    call: CallId,
    /// The organisation as it is now; None where it is gone.
    organisation: Option<&'a Organisation>,
    charged: &'a Charged,
    from: &'a str,
    /// What was dialled.
    number: &'a str,
    /// The word of the dialplan.
    permission: &'a str,
}

impl Exchange {
    /// Whether that permission is granted; a refusal is told.
    fn permits(&mut self, asked: &Required<'_>) -> bool {
        let profile = asked.organisation.and_then(|of| Some((of, asked.charged.profile(of)?)));
        let class = Class::of_permission(asked.permission);
        let why = match (profile, class) {
            (Some((of, profile)), Some(class)) => {
                let is_closed = self.is_closed(of, profile);
                match profile.rights_now(is_closed).has(class) {
                    true => return true,
                    false if profile.rights.has(class) => Why::Closed,
                    false => Why::NoRight,
                }
            }
            (None, _) => Why::Gone,
            (Some(_), None) => Why::NoRight,
        };
        self.event(Event::CallOutRefused {
            call: asked.call,
            organisation: asked.organisation.map(|own| own.slug.clone()).unwrap_or_default(),
            from: asked.from.into(),
            charged: asked.charged.clone(),
            number: asked.number.into(),
            class: class.unwrap_or(Class::International),
            why,
        });
        false
    }
}

impl Call {
    /// Whether whoever is charged with the call now has a permission.
    pub(crate) fn has_permission(&self, x: &mut Exchange, permission: &str) -> bool {
        let dialled = self.walk.dialled().unwrap_or(Cow::Borrowed(&self.cdr.record.dialled));
        let is_free = self.is_for_help() || self.walk.leads_to_help();
        is_free || self.is_granted(x, &self.charged(), &dialled, permission)
    }

    /// Whether a rule may be followed at the cost of whoever is charged.
    pub(crate) fn is_permitted(
        &self,
        x: &mut Exchange,
        charged: &Charged,
        number: &str,
        decision: Option<&Decision>,
    ) -> bool {
        let asking = decision.filter(|decision| !decision.emergency);
        let permission = asking.and_then(|decision| decision.require.as_deref());
        permission.is_none_or(|permission| self.is_granted(x, charged, number, permission))
    }

    fn is_granted(&self, x: &mut Exchange, charged: &Charged, number: &str, permission: &str) -> bool {
        let snapshot = Arc::clone(&x.snapshot);
        let organisation = self.organisation_now(&snapshot);
        let from = &*self.cdr.record.from_number;
        let required = Required { call: self.id(), organisation, charged, from, number, permission };
        x.permits(&required)
    }

    /// The rule asks for a permission that whoever is charged does not have.
    pub(crate) fn forbidden(&mut self, x: &mut Exchange) {
        self.ends_refused(x, EndReason::Forbidden.into());
    }

    /// The walk ends; who may not call hears so, where there is a prompt for it.
    pub(crate) fn ends_refused(&mut self, x: &mut Exchange, end: End) {
        let is_refusal =
            matches!(end.reason, EndReason::Forbidden | EndReason::LimitReached | EndReason::Held);
        let is_transfer = self.walk.transfers.search.is_some();
        if is_refusal
            && !is_transfer
            && self.prompt(NO_RIGHT).is_some()
            && let Step::Begun = self.play(x, NO_RIGHT, Some(end))
        {
            return;
        }
        self.walk_ends(x, end);
    }
}

/// The prompt for who may not call.
const NO_RIGHT: &str = "geen-recht";
