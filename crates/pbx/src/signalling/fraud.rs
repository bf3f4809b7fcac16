//! Who is on hold, as operators see and change it.
use std::time::Instant;

use kiestoon_call::{HeldView, Input};
use kiestoon_control::{OnHold, SetHold};

use super::{Signalling, views};
use crate::control::NoHold;

impl Signalling {
    pub(super) fn on_hold(&self) -> Vec<OnHold> {
        self.switch.held().into_iter().map(on_hold).collect()
    }

    /// Everybody who is on hold then.
    pub(super) fn set_hold(&mut self, request: SetHold) -> Result<Vec<OnHold>, NoHold> {
        let organisation = self.known(request.organisation.as_ref(), request.number.as_ref())?;
        let SetHold { number, held, by, .. } = request;
        let (number, by) = (number.map(Into::into), by.into());
        self.handle(Instant::now(), Input::SetHold { organisation: organisation.into(), number, held, by });
        Ok(self.on_hold())
    }

    /// The slug of the organisation that is meant; an error where it, or its extension, does not exist.
    pub(super) fn known(
        &self,
        organisation: Option<&String>,
        number: Option<&String>,
    ) -> Result<String, NoHold> {
        let all = self.switch.snapshot().organisations();
        let of = match (organisation, all) {
            (Some(slug), _) => {
                all.iter().find(|of| *of.slug == **slug).ok_or_else(|| NoHold::Organisation(slug.clone()))?
            }
            (None, [only]) => only,
            (None, _) => return Err(NoHold::WhichOrganisation),
        };
        match number {
            Some(number) if !of.extensions.contains_key(&**number) => Err(NoHold::Extension(number.clone())),
            _ => Ok(of.slug.to_string()),
        }
    }
}

fn on_hold(view: HeldView) -> OnHold {
    OnHold {
        organisation: view.organisation.into(),
        number: view.number.map(Into::into),
        since: views::rfc3339(view.since),
        reason: view.reason.as_str().to_owned(),
        by: view.by.map(Into::into),
        spent_today: view.spent_today,
    }
}
