//! What happened, in the log.

use kiestoon_call::Event;
use kiestoon_media::Cause;
use kiestoon_sip::stir::Attestation;

use super::happenings::UNKNOWN_NUMBER;
use super::subject::Subject;

/// One line an event. Numbers are personal: they stand in the call record, and here at `trace` only.
pub(super) fn log(event: &Event) {
    match Subject::of(event) {
        Subject::Course => of_course(event),
        Subject::Admission => of_admission(event),
        Subject::Talk => of_talk(event),
        Subject::Dialplan => of_dialplan(event),
        Subject::Trunk => of_trunk(event),
        Subject::Rights => of_rights(event),
        Subject::Source => of_source(event),
    }
}

fn of_course(event: &Event) {
    match event {
        Event::CallStarted { call, from, dialled, route, .. } => {
            tracing::info!(%call, route = route.as_deref().unwrap_or("none"), "call started");
            tracing::trace!(%call, %from, %dialled, "call started");
        }
        Event::CallRinging { call, number } => tracing::trace!(%call, %number, "ringing"),
        Event::CallAnswered { call, .. } => tracing::info!(%call, "call answered"),
        Event::CallForwarded { call, .. } => tracing::info!(%call, "call forwarded"),
        Event::CallTransfer { call, by, status: 403, .. } if by.starts_with("trunk:") => {
            tracing::warn!(%call, trunk = %by, "a trunk wants to transfer a call, and may not");
        }
        Event::CallTransfer { call, status, .. } => tracing::info!(%call, status, "transfer"),
        Event::CallEnded { call, reason, sip_code } => {
            tracing::info!(%call, end_reason = reason.as_str(), sip_code, "call ended");
        }
        _ => {}
    }
}

fn of_admission(event: &Event) {
    match event {
        Event::CallBlocked { call, rule, trunk, action, .. } => {
            tracing::info!(%call, %trunk, rule = rule.kind(), action, "caller blocked");
        }
        Event::CallerVerified { call, verstat, attestation, fault } => {
            let attestation = attestation.map(Attestation::as_str);
            let fault = fault.map(|fault| fault.as_str());
            tracing::info!(%call, %verstat, attestation, fault, "caller's number looked at");
        }
        Event::CallRefused { status, reason, .. } => {
            tracing::info!(target: AUDIT, status, reason, "call refused");
        }
        Event::NumberUnknown { call, organisation, trunk, number, status, .. } => {
            tracing::warn!(
                target: AUDIT, %call, %organisation, %trunk, status, reason = UNKNOWN_NUMBER,
                "call refused: the trunk does not have its number, which stands in the call record; add it to the trunk if it is \
                 yours, else the provider routes it wrongly or somebody tries whether calls are passed on"
            );
            tracing::trace!(target: AUDIT, %call, %number, "number unknown");
        }
        _ => {}
    }
}

fn of_talk(event: &Event) {
    match event {
        Event::CallHeld { call, by, held } => tracing::info!(%call, by = by.as_str(), held, "hold"),
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
        _ => {}
    }
}

fn of_dialplan(event: &Event) {
    match event {
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
        _ => {}
    }
}

fn of_trunk(event: &Event) {
    match event {
        Event::TrunkRegistered { trunk, host, .. } => {
            tracing::info!(%trunk, %host, "registered at the trunk")
        }
        Event::TrunkRefused { trunk, host, status: status @ 200..300, .. } => {
            tracing::warn!(%trunk, %host, status, "not registered at the trunk: it grants a binding of no time at all");
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
        _ => {}
    }
}

fn of_rights(event: &Event) {
    match event {
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
        _ => {}
    }
}

fn of_source(event: &Event) {
    match event {
        Event::RegistrationChanged { number, contacts, remote, .. } => {
            tracing::trace!(%number, contacts, ?remote, "registration changed");
        }
        Event::AuthenticationFailed { source, .. } => tracing::info!(%source, "authentication failed"),
        Event::SourceBanned { source, lasts, failures } => {
            tracing::warn!(%source, secs = lasts.as_secs(), wrong_passwords = failures, "source banned");
        }
        Event::BanLifted { source } => tracing::info!(%source, "ban lifted"),
        _ => {}
    }
}

/// The log of what was refused, held and approved: whoever keeps it apart filters by this target.
const AUDIT: &str = "audit";
