//! Performs what the switch decides, in the order in which it decides it.
use std::time::Instant;

use kiestoon_call::{BindingChange, Event, Input, Output};
use kiestoon_control as control;
use kiestoon_media::Cause;
use kiestoon_sip::stir::Attestation;

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
            self.tell(views::happening(event));
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

/// One line an event. Numbers are personal: they stand in the call record, and here at `trace` only.
fn log(event: &Event) {
    match event {
        Event::CallStarted { call, from, dialled, route, .. } => {
            tracing::info!(%call, route = route.as_deref().unwrap_or("none"), "call started");
            tracing::trace!(%call, %from, %dialled, "call started");
        }
        Event::TrunkRegistered { trunk, host, .. } => {
            tracing::info!(%trunk, %host, "registered at the trunk")
        }
        Event::TrunkRefused { trunk, host, status, .. } => {
            tracing::warn!(%trunk, %host, status, "not registered at the trunk");
        }
        Event::TrunkUp { trunk, .. } => tracing::info!(%trunk, "trunk up"),
        Event::TrunkDown { trunk, reason, .. } => {
            tracing::warn!(%trunk, %reason, "trunk down: calls go over others");
        }
        Event::TrunkHostUp { trunk, host, .. } => tracing::info!(%trunk, %host, "host of a trunk up"),
        Event::TrunkHostDown { trunk, host, reason, .. } => {
            tracing::warn!(%trunk, %host, %reason, "host of a trunk down");
        }
        Event::CallerVerified { call, verstat, attestation, fault } => {
            let attestation = attestation.map(Attestation::as_str);
            let fault = fault.map(|fault| fault.as_str());
            tracing::info!(%call, %verstat, attestation, fault, "caller's number looked at");
        }
        Event::CallBlocked { call, rule, trunk, action, .. } => {
            tracing::info!(%call, %trunk, rule = rule.kind(), action, "caller blocked");
        }
        Event::CallRinging { call, number } => tracing::trace!(%call, %number, "ringing"),
        Event::CallAnswered { call, .. } => tracing::info!(%call, "call answered"),
        Event::CallHeld { call, by, held } => tracing::info!(%call, by = by.as_str(), held, "hold"),
        Event::CallForwarded { call, .. } => tracing::info!(%call, "call forwarded"),
        Event::CallTransfer { call, by, status: 403, .. } if by.starts_with("trunk:") => {
            tracing::warn!(%call, trunk = %by, "a trunk wants to transfer a call, and may not");
        }
        Event::CallTransfer { call, status, .. } => tracing::info!(%call, status, "transfer"),
        Event::CallDiagnosed { call, side, cause: Some(Cause::HearsNothing) } => {
            tracing::warn!(%call, side = side.as_str(), cause = %Cause::HearsNothing, "does not hear");
        }
        Event::CallDiagnosed { call, side, cause: Some(cause) } if cause.is_fault() => {
            tracing::warn!(%call, side = side.as_str(), %cause, "not heard");
        }
        Event::CallDiagnosed { call, side, cause } => {
            let cause = cause.map_or("none", Cause::as_str);
            tracing::info!(%call, side = side.as_str(), cause, "heard again, or silent by agreement");
        }
        Event::CallKeyInClear { call, side } => {
            let side = side.as_str();
            tracing::warn!(%call, side, "srtp over clear signalling: whoever reads along can listen in");
        }
        // A key may be part of a secret: which one it was is seen by `ctl watch` alone.
        Event::CallDigit { call, by, origin, .. } => {
            tracing::debug!(%call, by = by.as_str(), source = origin.as_str(), "key pressed");
        }
        Event::StepNotBuilt { call, step } => {
            tracing::warn!(%call, step, "this version cannot do this dialplan step")
        }
        // Who asked has said more of it.
        Event::WebhookFailed { call, webhook, fault } => {
            tracing::debug!(%call, %webhook, %fault, "the call goes on without an answer");
        }
        Event::Notified { call, whom, emergency: true, .. } => {
            tracing::warn!(%call, %whom, "emergency call");
        }
        Event::Notified { call, whom, .. } => tracing::info!(%call, %whom, "dialplan notifies"),
        Event::HoursChanged { organisation, hours, forced, by } => {
            let state = forced.map_or("auto".into(), |forced| forced.to_string());
            tracing::info!(%organisation, %hours, state, %by, "hours set by hand");
        }
        Event::CallEnded { call, reason, sip_code } => {
            tracing::info!(%call, end_reason = reason.as_str(), sip_code, "call ended");
        }
        Event::CallRefused { status, reason, .. } => {
            tracing::info!(target: AUDIT, status, reason, "call refused");
        }
        Event::CallOutRefused { call, organisation, charged, class, why, .. } => {
            let charged = charged.number().unwrap_or("organisation");
            tracing::warn!(target: AUDIT, %call, %organisation, %class, why = why.as_str(), "call out refused");
            tracing::trace!(target: AUDIT, %call, charged, "call out refused");
        }
        Event::FraudHeld { organisation, charged, reason, by } => {
            let (charged, by) =
                (charged.number().unwrap_or("organisation"), by.as_deref().unwrap_or("calls"));
            tracing::error!(target: AUDIT, %organisation, charged, reason = reason.as_str(), by, "on hold");
        }
        Event::FraudApproved { organisation, charged, by } => {
            let charged = charged.number().unwrap_or("organisation");
            tracing::warn!(target: AUDIT, %organisation, charged, %by, "off hold");
        }
        Event::BudgetNearlySpent { organisation, charged, period } => {
            let charged = charged.number().unwrap_or("organisation");
            tracing::warn!(%organisation, charged, period = period.as_str(), "budget nearly spent");
        }
        Event::RegistrationChanged { number, contacts, remote, .. } => {
            tracing::trace!(%number, contacts, ?remote, "registration changed");
        }
        Event::AuthenticationFailed { source, .. } => tracing::info!(%source, "authentication failed"),
        Event::SourceBanned { source, lasts, failures } => {
            tracing::warn!(%source, secs = lasts.as_secs(), wrong_passwords = failures, "source banned");
        }
        Event::BanLifted { source } => tracing::info!(%source, "ban lifted"),
    }
}

/// The log of what was refused, held and approved: whoever keeps it apart filters by this target.
const AUDIT: &str = "audit";
