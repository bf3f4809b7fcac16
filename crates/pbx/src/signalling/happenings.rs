//! What happened, in the words of the control API.
use std::net::SocketAddr;

use kiestoon_call::Event;
use kiestoon_control::{Happening, RefusedCall, RefusedIn, RefusedOut};
use kiestoon_sip::Transport;

use super::subject::Subject;
use super::views::{side, source, state};

/// What happened, for watchers.
pub(super) fn happening(event: Event) -> Happening {
    match Subject::of(&event) {
        Subject::Course => of_course(event),
        Subject::Admission => of_admission(event),
        Subject::Talk => of_talk(event),
        Subject::Dialplan => of_dialplan(event),
        Subject::Trunk => of_trunk(event),
        Subject::Rights => of_rights(event),
        Subject::Source => of_source(event),
    }
}

fn of_course(event: Event) -> Happening {
    match event {
        Event::CallStarted { call, organisation, from, dialled, route } => Happening::CallStarted {
            call_id: call.to_string(),
            organisation: organisation.into(),
            from_number: from.into(),
            dialed: dialled.into(),
            route: route.map(Into::into),
        },
        Event::CallRinging { call, number } => {
            Happening::CallRinging { call_id: call.to_string(), number: number.into() }
        }
        Event::CallAnswered { call, number } => {
            Happening::CallAnswered { call_id: call.to_string(), number: number.map(Into::into) }
        }
        Event::CallForwarded { call, by, to } => {
            Happening::CallForwarded { call_id: call.to_string(), by_number: by.into(), to_number: to.into() }
        }
        Event::CallTransfer { call, by, target, status } => Happening::CallTransferred {
            call_id: call.to_string(),
            by_number: by.into(),
            to_number: target.into(),
            sip_code: status,
        },
        Event::CallEnded { call, reason, sip_code } => Happening::CallEnded {
            call_id: call.to_string(),
            end_reason: reason.as_str().to_owned(),
            sip_code,
        },
        _ => Happening::Unknown,
    }
}

fn of_admission(event: Event) -> Happening {
    match event {
        Event::CallBlocked { call, from, rule, trunk, action } => Happening::CallBlocked {
            call_id: call.to_string(),
            from_number: from.into(),
            rule: rule.to_string(),
            trunk: trunk.into(),
            action: action.to_owned(),
        },
        Event::CallerVerified { call, verstat, attestation, fault } => Happening::CallVerified {
            call_id: call.to_string(),
            verstat: verstat.to_string(),
            attestation: attestation.map(|attestation| attestation.to_string()),
            fault: fault.map(|fault| fault.as_str().to_owned()),
        },
        Event::CallRefused { organisation, from, status, reason } => Happening::CallRefused {
            organisation: organisation.into(),
            from_number: from.into(),
            sip_code: status,
            reason: reason.to_owned(),
            call: None,
        },
        Event::NumberUnknown { call, organisation, from, trunk, number, status } => Happening::CallRefused {
            organisation: organisation.into(),
            from_number: from.into(),
            sip_code: status,
            reason: UNKNOWN_NUMBER.to_owned(),
            call: Some(RefusedCall::In(RefusedIn {
                call_id: call.to_string(),
                trunk: trunk.into(),
                number: number.into(),
            })),
        },
        _ => Happening::Unknown,
    }
}

fn of_talk(event: Event) -> Happening {
    match event {
        Event::CallHeld { call, by, held } => {
            Happening::CallHeld { call_id: call.to_string(), by: side(by), held }
        }
        Event::CallDiagnosed { call, side: of, cause } => Happening::CallDiagnosed {
            call_id: call.to_string(),
            side: side(of),
            cause: cause.map(|cause| cause.to_string()),
        },
        Event::CallKeyInClear { call, side: of } => {
            Happening::CallKeyInClear { call_id: call.to_string(), side: side(of) }
        }
        Event::CallDigit { call, by, digit, duration_ms, origin } => Happening::CallDigit {
            call_id: call.to_string(),
            by: side(by),
            digit,
            duration_ms,
            source: origin.as_str().to_owned(),
        },
        _ => Happening::Unknown,
    }
}

fn of_dialplan(event: Event) -> Happening {
    match event {
        Event::StepNotBuilt { call, step } => {
            Happening::CallStepNotBuilt { call_id: call.to_string(), step: step.to_owned() }
        }
        Event::WebhookFailed { call, webhook, fault } => Happening::CallWebhookFailed {
            call_id: call.to_string(),
            webhook: webhook.into(),
            fault: fault.to_string(),
        },
        Event::Notified { call, from, dialled, whom, emergency } => {
            notified(emergency, call.to_string(), [from, dialled, whom])
        }
        Event::HoursChanged { organisation, hours, forced, by } => Happening::HoursChanged {
            organisation: organisation.into(),
            hours: hours.into(),
            state: state(forced).as_str().to_owned(),
            by: by.into(),
        },
        _ => Happening::Unknown,
    }
}

fn of_trunk(event: Event) -> Happening {
    match event {
        Event::TrunkRegistered { organisation, trunk, host } => {
            let (organisation, trunk, host) = (organisation.into(), trunk.into(), host.into());
            Happening::TrunkRegistered { organisation, trunk, host }
        }
        Event::TrunkRefused { organisation, trunk, host, status } => {
            let (organisation, trunk, host) = (organisation.into(), trunk.into(), host.into());
            Happening::TrunkRefused { organisation, trunk, host, sip_code: status }
        }
        Event::TrunkUp { organisation, trunk } => {
            Happening::TrunkUp { organisation: organisation.into(), trunk: trunk.into() }
        }
        Event::TrunkDown { organisation, trunk, reason } => Happening::TrunkDown {
            organisation: organisation.into(),
            trunk: trunk.into(),
            reason: reason.as_str().to_owned(),
            sip_code: reason.status(),
        },
        Event::TrunkHostUp { organisation, trunk, host } => {
            let (organisation, trunk, host) = (organisation.into(), trunk.into(), host.into());
            Happening::TrunkHostUp { organisation, trunk, host }
        }
        Event::TrunkHostDown { organisation, trunk, host, reason } => Happening::TrunkHostDown {
            organisation: organisation.into(),
            trunk: trunk.into(),
            host: host.into(),
            reason: reason.as_str().to_owned(),
            sip_code: reason.status(),
        },
        _ => Happening::Unknown,
    }
}

fn of_rights(event: Event) -> Happening {
    match event {
        Event::CallOutRefused { call, organisation, from, charged, number, class, why } => {
            Happening::CallRefused {
                organisation: organisation.into(),
                from_number: from.into(),
                sip_code: 403,
                reason: why.as_str().to_owned(),
                call: Some(RefusedCall::Out(RefusedOut {
                    call_id: call.to_string(),
                    charged_to: charged.number().unwrap_or("organisation").to_owned(),
                    number: number.into(),
                    class: class.as_str().to_owned(),
                })),
            }
        }
        Event::FraudHeld { organisation, charged, reason, by } => Happening::FraudHeld {
            organisation: organisation.into(),
            number: charged.number().map(str::to_owned),
            reason: reason.as_str().to_owned(),
            by: by.map(Into::into),
        },
        Event::FraudApproved { organisation, charged, by } => Happening::FraudApproved {
            organisation: organisation.into(),
            number: charged.number().map(str::to_owned),
            by: by.into(),
        },
        Event::BudgetNearlySpent { organisation, charged, period } => Happening::BudgetNearlySpent {
            organisation: organisation.into(),
            number: charged.number().map(str::to_owned),
            period: period.as_str().to_owned(),
        },
        _ => Happening::Unknown,
    }
}

fn of_source(event: Event) -> Happening {
    match event {
        Event::RegistrationChanged { organisation, number, contacts, transport, remote } => {
            registration_changed(organisation, number, contacts, transport, remote)
        }
        Event::AuthenticationFailed { source, user } => {
            Happening::AuthenticationFailed { remote: source.to_string(), user: user.into() }
        }
        Event::SourceBanned { source: of, lasts, failures } => {
            Happening::SourceBanned { source: source(of), secs: lasts.as_secs(), count: failures.into() }
        }
        Event::BanLifted { source: of } => Happening::SourceUnbanned { source: source(of) },
        _ => Happening::Unknown,
    }
}

fn notified(emergency: bool, call_id: String, texts: [Box<str>; 3]) -> Happening {
    let [from_number, dialed, whom] = texts.map(String::from);
    match emergency {
        true => Happening::EmergencyPlaced { call_id, from_number, dialed, whom },
        false => Happening::DialplanNotify { call_id, from_number, dialed, whom },
    }
}

fn registration_changed(
    organisation: Box<str>,
    number: Box<str>,
    contacts: usize,
    transport: Option<Transport>,
    remote: Option<SocketAddr>,
) -> Happening {
    Happening::RegistrationChanged {
        organisation: organisation.into(),
        number: number.into(),
        contacts: contacts as u64,
        transport: transport.map(|transport| transport.uri_token().to_owned()),
        remote: remote.map(|remote| remote.to_string()),
    }
}

/// Why a call from a trunk was refused, where the trunk does not have its number.
pub(super) const UNKNOWN_NUMBER: &str = "unknown_number";
