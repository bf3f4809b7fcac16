//! Day and night: the hours that each organisation has set by hand, whatever the clock says. They count for the next decision of
//! every call, also of one that began before.

use std::sync::Arc;

use kiestoon_dialplan::{Forced, OverrideTo, Overrides, Plan, StepResult};

use crate::call::Call;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::snapshot::Organisation;
use crate::switch::Output;

/// Hours that are set by hand, or by the clock again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoursSet {
    /// The id of the organisation.
    pub organisation: Arc<str>,
    /// Their name in the dialplan.
    pub hours: Box<str>,
    /// What they are; None where the clock decides.
    pub forced: Option<Forced>,
    /// Who did it: the number of an extension, or what an operator is called.
    pub by: Box<str>,
}

impl Exchange {
    /// Sets hours of an organisation. False where the dialplan has none of that name.
    pub(crate) fn set_hours(
        &mut self,
        (of, plan): (&Organisation, &Plan),
        (hours, to): (&str, OverrideTo),
        by: &str,
    ) -> bool {
        let by_the_clock = plan.hours(self.timestamp()).find(|(name, _)| *name == hours);
        let Some((_, is_open)) = by_the_clock else { return false };
        let forced = self.change_hours(&of.id, |overrides| {
            to.apply(overrides, hours, is_open);
            overrides.get(hours)
        });
        let (organisation, slug) = (Arc::clone(&of.id), of.slug.clone());
        self.event(Event::HoursChanged { organisation: slug, hours: hours.into(), forced, by: by.into() });
        let set = HoursSet { organisation, hours: hours.into(), forced, by: by.into() };
        self.outputs.push_back(Output::Hours(set));
        true
    }

    /// Changes what is set by hand, and forgets an organisation without any.
    pub(crate) fn change_hours<T>(
        &mut self,
        organisation: &Arc<str>,
        change: impl FnOnce(&mut Overrides) -> T,
    ) -> T {
        let overrides = self.overrides.entry(Arc::clone(organisation)).or_default();
        let changed = change(overrides);
        if overrides.is_empty() {
            self.overrides.remove(organisation);
        }
        changed
    }
}

impl Call {
    /// A feature code opens or closes.
    pub(crate) fn set_hours(&self, x: &mut Exchange, hours: &str, to: OverrideTo) -> StepResult {
        let snapshot = Arc::clone(&self.snapshot);
        let Some(of) = snapshot.organisation(self.organisation) else { return StepResult::Failed };
        match x.set_hours((of, &self.plan), (hours, to), &self.caller.number) {
            true => StepResult::Done,
            false => StepResult::Failed,
        }
    }
}
