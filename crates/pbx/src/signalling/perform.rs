//! Performs what the switch decides, in the order in which it decides it.
use std::time::Instant;

use kiestoon_call::{BindingChange, Event, Input, Output};
use kiestoon_control as control;

use super::happenings::happening;
use super::log::log;
use super::{Signalling, records, views};
use crate::clock;

impl Signalling {
    /// Performs one output. What is answered at once, as the opening of a media leg is, is the switch's next input.
    pub(super) fn perform(&mut self, output: Output) -> Option<Input> {
        match output {
            Output::Transmit { flow, bytes } => {
                self.totals.sip_sent += 1;
                self.metrics.sent(&bytes);
                self.transports.transmit(&flow, bytes);
            }
            Output::Trust(flow) => {
                self.police.trust(Instant::now(), flow.remote.ip());
                flow.connection.inspect(|connection| self.transports.trust(*connection));
            }
            Output::Expect { flow, within } => self.transports.expect(&flow, within),
            Output::Ban { source, lasts } => self.police.ban(Instant::now(), source, lasts),
            Output::LiftBan(source) => self.police.lift(source),
            Output::Resolve { id, query } => self.resolver.search(id, query),
            Output::Webhook(request) => {
                self.totals.webhooks += 1;
                let refused = self.webhooks.ask(*request);
                return refused.inspect(|refused| self.metrics.webhook(&refused.answer)).map(Input::from);
            }
            Output::FetchCertificate { id, url } => return self.fetcher.fetch(id, &url),
            Output::Media(command) => return self.engine.perform(command).map(Input::Media),
            Output::Bindings(changes) => self.keep_bindings(changes),
            Output::Cdr(record) => {
                self.metrics.record(&record);
                self.journals.call(&records::cdr(*record));
            }
            Output::Hours(set) => self.journals.hours(&records::hours(set, clock::unix_micros())),
            Output::Account(kept) => self.journals.account(&records::account(*kept, clock::unix_micros())),
            Output::Event(event) => self.announce(event),
        }
        None
    }

    fn keep_bindings(&mut self, changes: Vec<BindingChange>) {
        let now = clock::unix_micros();
        for change in changes {
            if let Some(change) = records::binding_change(change, self.switch.snapshot(), now) {
                self.journals.binding(&change);
            }
        }
    }

    fn announce(&mut self, event: Event) {
        self.count(&event);
        log(&event);
        if self.events.receiver_count() > 0 {
            self.tell(happening(event));
        }
    }

    /// Tells whoever watches.
    pub(super) fn tell(&self, what: control::Happening) {
        let at = views::rfc3339(clock::unix_micros());
        // The last watcher may have left in between.
        let _ = self.events.send(control::Event { at, what });
    }

    fn count(&mut self, event: &Event) {
        match event {
            Event::CallStarted { .. } => self.totals.calls += 1,
            Event::CallAnswered { .. } => self.totals.calls_answered += 1,
            Event::WebhookFailed { .. } => self.totals.webhooks_failed += 1,
            Event::AuthenticationFailed { .. } => self.totals.passwords_wrong += 1,
            Event::RegistrationChanged { transport: Some(_), .. } => self.totals.registrations += 1,
            Event::CallBlocked { action, .. } => {
                let count = self.blocked.entry(*action).or_default();
                *count = count.saturating_add(1);
            }
            Event::CallDiagnosed { cause: Some(cause), .. } => {
                let count = self.diagnoses.entry(cause.as_str()).or_default();
                *count = count.saturating_add(1);
            }
            _ => {}
        }
    }
}
