//! What an event is about: each way to tell of events takes them by subject, and here none is forgotten.

use kiestoon_call::Event;

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// How a call goes from its beginning to its end.
    Course,
    /// Whether somebody may call in.
    Admission,
    /// What goes on while two talk.
    Talk,
    /// What the dialplan does, and what is done to it.
    Dialplan,
    /// How the ways outside stand.
    Trunk,
    /// Who may call out, and at whose cost.
    Rights,
    /// Which phones are there, and who tries to be one.
    Source,
}

impl Subject {
    pub(super) fn of(event: &Event) -> Self {
        match event {
            Event::CallStarted { .. }
            | Event::CallRinging { .. }
            | Event::CallAnswered { .. }
            | Event::CallForwarded { .. }
            | Event::CallTransfer { .. }
            | Event::CallEnded { .. } => Self::Course,
            Event::CallBlocked { .. }
            | Event::CallerVerified { .. }
            | Event::CallRefused { .. }
            | Event::NumberUnknown { .. } => Self::Admission,
            Event::CallHeld { .. }
            | Event::CallDiagnosed { .. }
            | Event::CallKeyInClear { .. }
            | Event::CallDigit { .. } => Self::Talk,
            Event::StepNotBuilt { .. }
            | Event::WebhookFailed { .. }
            | Event::Notified { .. }
            | Event::HoursChanged { .. } => Self::Dialplan,
            Event::TrunkRegistered { .. }
            | Event::TrunkRefused { .. }
            | Event::TrunkUp { .. }
            | Event::TrunkDown { .. }
            | Event::TrunkHostUp { .. }
            | Event::TrunkHostDown { .. } => Self::Trunk,
            Event::CallOutRefused { .. }
            | Event::FraudHeld { .. }
            | Event::FraudApproved { .. }
            | Event::BudgetNearlySpent { .. } => Self::Rights,
            Event::RegistrationChanged { .. }
            | Event::AuthenticationFailed { .. }
            | Event::SourceBanned { .. }
            | Event::BanLifted { .. } => Self::Source,
        }
    }
}
