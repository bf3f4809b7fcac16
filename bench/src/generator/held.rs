//! Calls out that stand: what they cost the server while nothing is said and nobody hangs up.

use std::time::Duration;

use super::phones::Phones;
use super::settings::Settings;
use super::{Generator, Window, modulo, say};
use crate::clock;
use crate::report::{HeldReport, Report};

impl Generator {
    /// Sets all calls up, a part of them last and by itself; then they stand.
    pub(super) fn held(&mut self) -> anyhow::Result<Report> {
        let Settings { calls, setup_rate, seconds, .. } = self.phones.settings;
        let (users, calls) = (self.phones.settings.registered_users(), u64::from(calls));
        let last_calls = calls / 4;
        let first_calls = calls - last_calls;
        let call = |phones: &mut Phones, number: u64| {
            let user = modulo(number, users);
            let _ = phones.call(user, user);
        };
        self.phones.hold = None;
        self.register_everyone();
        self.offer(first_calls, setup_rate, call);
        self.until_answered();
        say("mark last_calls")?;
        self.offer(last_calls, setup_rate, |phones, number| call(phones, first_calls + number));
        self.until_answered();
        say("mark calls_up")?;
        // What the last of them left to do is no part of their standing.
        self.pump_for(Duration::from_millis(500));
        say("mark start")?;
        let window = Window::open();
        self.pump_for(Duration::from_secs(seconds.into()));
        say("mark end")?;
        let report = window.close(calls);
        let (standing, at_provider) = (self.phones.standing(), self.phones.standing_at_provider());
        let up: Vec<_> = self.phones.calls.keys().collect();
        self.offer(up.len() as u64, setup_rate.saturating_mul(HANG_UP_FASTER), |phones, number| {
            let call = usize::try_from(number).ok().and_then(|number| up.get(number));
            call.into_iter().for_each(|call| phones.hang_up(*call));
        });
        self.settle(Duration::from_secs(4));
        say("mark done")?;
        let held = Some(HeldReport { calls, last_calls, standing, at_provider });
        Ok(Report { held, ..self.complete(report, None) })
    }

    /// Waits until nobody is called any more, at most four seconds: who is not answered by then does not stand.
    fn until_answered(&mut self) {
        let end = clock::now() + 4 * clock::SECOND;
        while clock::now() < end && self.phones.live_calls > self.phones.standing() {
            self.pump(2);
        }
    }
}

/// A BYE costs the server less than what it ends has cost to begin.
const HANG_UP_FASTER: u32 = 3;
