//! A caller whose number is signed wrongly wears the number of somebody else: nothing that we know of that number is theirs.

use kiestoon_dialplan::CallFacts;

use super::BlockAction;
use crate::call::Call;
use crate::exchange::Exchange;
use crate::leg::Signal;
use crate::trunk::Trunk;
use crate::trunk::inbound::Judged;
use crate::way::AskedFor;

/// What becomes of a call.
pub(crate) enum Forged {
    /// It goes on.
    GoesOn,
    /// It was ended, or rings for nobody.
    Over,
}

impl Call {
    /// The signature of its caller's number is wrong: it loses the name of the contact, and a rule may be for it. Emergency calls are
    /// not verified, and come not here.
    pub(crate) fn number_is_forged(&mut self, x: &mut Exchange) -> Forged {
        let Some(organisation) = self.snapshot.organisation(self.organisation) else { return Forged::GoesOn };
        let Some(trunk) = self.trunk(self.caller.trunk.as_deref()) else { return Forged::GoesOn };
        let contacts = &organisation.callers.contacts;
        let judged = self.caller_judged(&trunk);
        let is_contact = judged
            .iter()
            .flat_map(Judged::numbers)
            .chain([&*self.cdr.record.from_number])
            .any(|number| contacts.name(number).is_some());
        let rule = judged.and_then(|caller| {
            let before = organisation.callers.rule(&trunk, &caller);
            // What it is under already was told, and done.
            organisation.callers.rule_of_forged(&trunk, &caller).filter(|rule| Some(rule) != before.as_ref())
        });
        if is_contact {
            self.cdr.record.from_name = "".into();
            if let Some(alias) = &mut self.caller.alias {
                alias.1 = "".into();
            }
        }
        let mut context = None;
        if let Some(rule) = &rule {
            self.tell_blocked(x, rule);
            match &rule.action {
                BlockAction::Context(named) => context = Some(named.clone()),
                BlockAction::Silence => {
                    self.silence(x);
                    return Forged::Over;
                }
                action => {
                    if let Some(end) = action.refuses() {
                        self.end(x, end);
                        return Forged::Over;
                    }
                }
            }
        }
        if is_contact || context.is_some() {
            return self.decide_anew(x, context);
        }
        Forged::GoesOn
    }

    /// Its caller as the INVITE told it.
    fn caller_judged(&self, trunk: &Trunk) -> Option<Judged> {
        let Signal::Inviting { invite, .. } = &self.caller.signal else { return None };
        Some(Judged::of(trunk, invite))
    }

    /// The rule of the dialplan that it gets under another name, or in another context.
    fn decide_anew(&mut self, x: &mut Exchange, context: Option<Box<str>>) -> Forged {
        let record = &mut self.cdr.record;
        record.context = context.unwrap_or_else(|| record.context.clone());
        let decision = self.plan.decide(&CallFacts {
            context: &record.context,
            from: &record.from_number,
            from_name: &record.from_name,
            dialled: &record.dialled,
            at: x.timestamp(),
            overrides: x.overrides(&record.organisation),
        });
        record.route = decision.as_ref().map(|decision| decision.rule.name.as_ref().into());
        record.emergency = decision.as_ref().is_some_and(|decision| decision.emergency);
        let asked = AskedFor {
            number: &record.dialled,
            by: &record.from_number,
            at: record.started_at,
            context: &record.context,
        };
        let permission = decision.as_ref().and_then(|decision| decision.require.clone());
        self.walk.begin_otherwise(asked, decision);
        match permission {
            Some(permission) if !self.has_permission(x, &permission) => {
                self.forbidden(x);
                Forged::Over
            }
            _ => Forged::GoesOn,
        }
    }
}
