//! Day and night, as operators see and set it. The clock is asked on another thread: when it changes next takes a look at many
//! days.
use std::{sync::Arc, time::Instant};

use kiestoon_call::Input;
use kiestoon_control::{Hours, HoursState, SetHours};
use kiestoon_dialplan::{OverrideTo, Overrides, Plan, Timestamp};
use tokio::sync::oneshot;

use super::{Signalling, views};
use crate::{control::NoHours, task};

/// An organisation, and what it has set by hand.
struct Of {
    slug: String,
    overrides: Overrides,
    now: Timestamp,
}

impl Signalling {
    pub(super) fn tell_hours(&mut self, reply: oneshot::Sender<Vec<Hours>>) {
        let snapshot = Arc::clone(self.switch.snapshot());
        let now = self.switch.dialplan_time(Instant::now());
        let all: Vec<Of> = self
            .switch
            .snapshot()
            .organisations()
            .iter()
            .map(|of| Of { slug: of.slug.to_string(), overrides: self.switch.overrides(&of.id).clone(), now })
            .collect();
        self.answer_aside("hours", reply, move || {
            all.iter().flat_map(|of| hours(snapshot.plans().of(&of.slug), of, None)).collect()
        });
    }

    pub(super) fn set_hours(&mut self, request: SetHours, reply: oneshot::Sender<Result<Hours, NoHours>>) {
        let slug = match self.whose(&request) {
            Ok(slug) => slug,
            Err(none) => return drop(reply.send(Err(none))),
        };
        let to = match request.state {
            HoursState::Open => OverrideTo::Open,
            HoursState::Closed => OverrideTo::Closed,
            HoursState::Auto => OverrideTo::Auto,
        };
        let (organisation, hours) = (slug.as_str().into(), request.name.as_str().into());
        let by = request.by.into();
        self.handle(Instant::now(), Input::SetHours { organisation, hours, to, by });
        let snapshot = Arc::clone(self.switch.snapshot());
        let id = snapshot.organisations().iter().find(|of| *of.slug == *slug).map(|of| Arc::clone(&of.id));
        let overrides = id.map(|id| self.switch.overrides(&id).clone()).unwrap_or_default();
        let now = self.switch.dialplan_time(Instant::now());
        let (of, name) = (Of { slug, overrides, now }, request.name);
        let plan = Arc::clone(snapshot.plans().of(&of.slug));
        self.answer_aside("hours", reply, move || {
            let found = self::hours(&plan, &of, Some(&name)).pop();
            found.ok_or_else(|| NoHours::NoName {
                name,
                known: plan.hours_names().map(str::to_owned).collect(),
            })
        });
    }

    /// The slug of the organisation that is meant.
    fn whose(&self, request: &SetHours) -> Result<String, NoHours> {
        let all = self.switch.snapshot().organisations();
        match &request.organisation {
            Some(slug) if all.iter().any(|of| *of.slug == **slug) => Ok(slug.clone()),
            Some(slug) => Err(NoHours::NoOrganisation(slug.clone())),
            None => match all {
                [only] => Ok(only.slug.to_string()),
                _ => Err(NoHours::WhichOrganisation),
            },
        }
    }

    /// Answers with what takes a moment to find.
    fn answer_aside<T: Send + 'static>(
        &mut self,
        name: &'static str,
        reply: oneshot::Sender<T>,
        find: impl FnOnce() -> T + Send + 'static,
    ) {
        self.answers.retain(|answer| !answer.is_finished());
        self.answers.push(task::spawn(name, async move {
            if let Ok(found) = tokio::task::spawn_blocking(find).await {
                let _ = reply.send(found);
            }
        }));
    }
}

fn hours(plan: &Plan, of: &Of, only: Option<&str>) -> Vec<Hours> {
    let wanted = plan.hours_names().filter(|name| only.is_none_or(|only| only == *name));
    let seen = |name: &str| {
        let at = plan.hours_at(name, of.now, &of.overrides)?;
        let until = at.next_change.filter(|_| at.forced.is_none());
        Some(Hours {
            organisation: of.slug.clone(),
            name: name.to_owned(),
            state: views::state(at.forced),
            clock: if at.by_the_clock.is_open() { HoursState::Open } else { HoursState::Closed },
            open: at.open,
            until: until.map(|until| until.to_string()),
        })
    };
    wanted.filter_map(seen).collect()
}
