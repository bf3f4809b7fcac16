//! What the events are called in a stream.

use super::{Event, Happening};

impl Event {
    /// The name of the server-sent event, such as `call.answered`.
    pub fn name(&self) -> &'static str {
        match self.what {
            Happening::CallStarted { .. } => "call.started",
            Happening::CallRinging { .. } => "call.ringing",
            Happening::CallAnswered { .. } => "call.answered",
            Happening::CallHeld { .. } => "call.held",
            Happening::CallForwarded { .. } => "call.forwarded",
            Happening::CallTransferred { .. } => "call.transferred",
            Happening::CallDiagnosed { .. } => "call.diagnosed",
            Happening::CallKeyInClear { .. } => "call.key_in_clear",
            Happening::CallDigit { .. } => "call.digit",
            Happening::CallStepNotBuilt { .. } => "call.step_not_built",
            Happening::CallVerified { .. } => "call.verified",
            Happening::CallBlocked { .. } => "call.blocked",
            Happening::CallWebhookFailed { .. } => "call.webhook_failed",
            Happening::CallEnded { .. } => "call.ended",
            Happening::CallRefused { .. } => "call.refused",
            Happening::FraudHeld { .. } => "fraud.held",
            Happening::FraudApproved { .. } => "fraud.approved",
            Happening::BudgetNearlySpent { .. } => "budget.nearly_spent",
            Happening::RegistrationChanged { .. } => "registration.changed",
            Happening::AuthenticationFailed { .. } => "authentication.failed",
            Happening::SourceBanned { .. } => "source.banned",
            Happening::SourceUnbanned { .. } => "source.unbanned",
            Happening::TrunkRegistered { .. } => "trunk.registered",
            Happening::TrunkRefused { .. } => "trunk.refused",
            Happening::TrunkUp { .. } => "trunk.up",
            Happening::TrunkDown { .. } => "trunk.down",
            Happening::TrunkHostUp { .. } => "trunk.host_up",
            Happening::TrunkHostDown { .. } => "trunk.host_down",
            Happening::HoursChanged { .. } => "hours.changed",
            Happening::DialplanNotify { .. } => "dialplan.notify",
            Happening::EmergencyPlaced { .. } => "emergency.placed",
            Happening::Reloaded { .. } => "reloaded",
            Happening::Draining => "draining",
            Happening::Unknown => "unknown",
        }
    }
}
