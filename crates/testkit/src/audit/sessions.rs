//! Session timers (RFC 4028): what was agreed to last so long is refreshed, or ended with BYE, in time.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use kiestoon_sip::{HeaderName, Method};

use super::look::{Dialog, Look};

#[derive(Debug, Default)]
pub(super) struct Sessions {
    /// Since when, and how long at most.
    agreed: BTreeMap<Dialog, (Duration, u64)>,
    answered: HashSet<Dialog>,
    over: HashSet<Dialog>,
}

impl Sessions {
    pub(super) fn see(&mut self, look: &Look<'_>) -> Option<String> {
        let ends = look.request().is_some_and(|request| request.method == Method::Bye)
            || look.response().is_some_and(|response| matches!(response.status.code(), 408 | 481));
        if ends {
            self.over.insert(look.dialog.clone());
            return self.agreed.remove(&look.dialog).and_then(|agreed| late(look.at, agreed));
        }
        let headers = look.settles()?;
        // A repeated 2xx agrees on nothing new, but it may be the first that arrives.
        if self.over.contains(&look.dialog) || !(look.arrives || look.from_pbx) {
            return None;
        }
        // An early dialog that another one outdoes ends without BYE.
        if look.response().is_some_and(|response| response.cseq.method == Method::Invite) {
            self.answered.insert(look.dialog.clone());
        } else if !self.answered.contains(&look.dialog) {
            return None;
        }
        let value = headers.get(&HeaderName::SessionExpires).and_then(|value| value.split(';').next());
        let secs = value.and_then(|value| value.trim().parse().ok());
        let before = match secs {
            Some(secs) => self.agreed.insert(look.dialog.clone(), (look.at, secs)),
            None => self.agreed.remove(&look.dialog),
        };
        before.and_then(|agreed| late(look.at, agreed))
    }

    pub(super) fn finish(self, end: Duration) -> Vec<String> {
        self.agreed.into_values().filter_map(|agreed| late(end, agreed)).collect()
    }
}

fn late(now: Duration, (since, secs): (Duration, u64)) -> Option<String> {
    let due = since + Duration::from_secs(secs) + SLACK;
    (now > due).then(|| {
        let since = since.as_secs_f64();
        format!("pbx: the session of {since:.4} was to last {secs} s, but nothing came until {now:?}")
    })
}

/// A BYE goes out when the refresh has had all its retransmissions.
const SLACK: Duration = Duration::from_secs(40);
