//! What happens, as it happens: the events of the control API.

mod name;

use serde::{Deserialize, Serialize};

/// Something that happened in the PBX.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When: RFC 3339, UTC.
    pub at: String,
    /// What.
    #[serde(flatten)]
    pub what: Happening,
}

/// What happened. The word in `type` is also the name of the server-sent event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Happening {
    /// A call was accepted and begins.
    #[serde(rename = "call.started")]
    CallStarted {
        /// The call.
        call_id: String,
        /// The slug of the organisation; empty where it is gone.
        #[serde(default)]
        organisation: String,
        /// The caller's number.
        from_number: String,
        /// What was dialled.
        dialed: String,
        /// The dialplan rule.
        route: Option<String>,
    },
    /// A phone rings.
    #[serde(rename = "call.ringing")]
    CallRinging {
        /// The call.
        call_id: String,
        /// The number that rings.
        number: String,
    },
    /// A phone answered, or the PBX itself did.
    #[serde(rename = "call.answered")]
    CallAnswered {
        /// The call.
        call_id: String,
        /// The number that answered; none for a prompt or an echo.
        number: Option<String>,
    },
    /// A side put the other on hold, or took it back.
    #[serde(rename = "call.held")]
    CallHeld {
        /// The call.
        call_id: String,
        /// `caller` or `callee`.
        by: String,
        /// Whether it is held now.
        held: bool,
    },
    /// A phone forwards a call.
    #[serde(rename = "call.forwarded")]
    CallForwarded {
        /// The call.
        call_id: String,
        /// The number of the phone.
        by_number: String,
        /// Where it goes.
        to_number: String,
    },
    /// A call is transferred.
    #[serde(rename = "call.transferred")]
    CallTransferred {
        /// The call.
        call_id: String,
        /// The number of who transferred.
        by_number: String,
        /// The number that it went to.
        to_number: String,
        /// 100 once it is accepted, 200 when it is taken, else why nobody took it.
        sip_code: u16,
    },
    /// A side is not heard, and why; or it is heard again.
    #[serde(rename = "call.diagnosed")]
    CallDiagnosed {
        /// The call.
        call_id: String,
        /// `caller` or `callee`.
        side: String,
        /// The cause in one word; none when it is heard again.
        cause: Option<String>,
    },
    /// The key of encrypted speech went over signalling that is not encrypted.
    #[serde(rename = "call.key_in_clear")]
    CallKeyInClear {
        /// The call.
        call_id: String,
        /// `caller` or `callee`: whose leg; the caller's where it is both.
        side: String,
    },
    /// A key was pressed on a phone.
    #[serde(rename = "call.digit")]
    CallDigit {
        /// The call.
        call_id: String,
        /// On whose phone: `caller` or `callee`.
        by: String,
        /// The key: `0` to `9`, `*`, `#`, `A` to `D`; null where it is part of a secret, or may be.
        digit: Option<char>,
        /// For how long, in milliseconds.
        duration_ms: u32,
        /// How it came: `rfc4733`, `info` or `inband`.
        source: String,
    },
    /// The dialplan came to a step that this version cannot do.
    #[serde(rename = "call.step_not_built")]
    CallStepNotBuilt {
        /// The call.
        call_id: String,
        /// The step's word in the dialplan.
        step: String,
    },
    /// The signature of a caller's number was looked at (RFC 8224).
    #[serde(rename = "call.verified")]
    CallVerified {
        /// The call.
        call_id: String,
        /// `TN-Validation-Passed`, `TN-Validation-Failed` or `No-TN-Validation`.
        verstat: String,
        /// What is attested of the number: `A`, `B` or `C`.
        attestation: Option<String>,
        /// Why it is not validated, in one word such as `stale`; none where it is.
        fault: Option<String>,
    },
    /// A rule of the organisation is for the caller of a call over a trunk.
    #[serde(rename = "call.blocked")]
    CallBlocked {
        /// The call.
        call_id: String,
        /// The caller's number; empty where it is withheld.
        from_number: String,
        /// Whom the rule is for: `number +31201234567`, `prefix +44`, `anonymous`, `stir failed` or `blocklist +31201234567`.
        rule: String,
        /// The trunk that it came over.
        trunk: String,
        /// What becomes of it: `reject`, `busy`, `silence` or `context`.
        action: String,
    },
    /// A service that the dialplan asks gave no answer that can be used.
    #[serde(rename = "call.webhook_failed")]
    CallWebhookFailed {
        /// The call.
        call_id: String,
        /// The service's name in the dialplan.
        webhook: String,
        /// Why: `timeout`, `unknown_host`, `refused`, `tls`, `broken`, `status_500` (or another), `too_big`, `not_json`,
        /// `no_secret`, `bad_url` or `busy`.
        fault: String,
    },
    /// A call ended.
    #[serde(rename = "call.ended")]
    CallEnded {
        /// The call.
        call_id: String,
        /// Why: the word of the call record.
        end_reason: String,
        /// The final status that the caller got.
        sip_code: u16,
    },
    /// A call was refused before it began, or may not go on to a number outside.
    #[serde(rename = "call.refused")]
    CallRefused {
        /// The slug of the organisation; empty where it is gone, or where a stranger called.
        #[serde(default)]
        organisation: String,
        /// The caller's number.
        from_number: String,
        /// The status.
        sip_code: u16,
        /// Why, in one word. Of a call out: `no_right`, `closed`, `blocked`, `calls`, `rate`, `spend`, `no_rate`, `held` or `gone`;
        /// of a call from a trunk for a number that it does not have: `unknown_number`.
        reason: String,
        /// More of it, where it was a call already.
        #[serde(flatten)]
        call: Option<RefusedCall>,
    },
    /// Somebody is on hold: no international or premium call is made at their cost until an operator approves.
    #[serde(rename = "fraud.held")]
    FraudHeld {
        /// The slug of the organisation.
        organisation: String,
        /// The number of the extension; none for the organisation itself.
        number: Option<String>,
        /// Why: `velocity`, `spread`, `closed` or `operator`.
        reason: String,
        /// The operator who did it; none where the calls did.
        by: Option<String>,
    },
    /// An operator has taken somebody off hold.
    #[serde(rename = "fraud.approved")]
    FraudApproved {
        /// The slug of the organisation.
        organisation: String,
        /// The number of the extension; none for the organisation itself.
        number: Option<String>,
        /// The operator.
        by: String,
    },
    /// Four fifths of a budget are spent.
    #[serde(rename = "budget.nearly_spent")]
    BudgetNearlySpent {
        /// The slug of the organisation.
        organisation: String,
        /// The number of the extension; none for the organisation itself.
        number: Option<String>,
        /// `day` or `month`.
        period: String,
    },
    /// The contacts of an extension changed.
    #[serde(rename = "registration.changed")]
    RegistrationChanged {
        /// The slug of the organisation; empty where it is gone.
        #[serde(default)]
        organisation: String,
        /// The number.
        number: String,
        /// Contacts that it has now.
        contacts: u64,
        /// The transport of the REGISTER; none where a binding expired or was lost.
        transport: Option<String>,
        /// Where the REGISTER came from.
        remote: Option<String>,
    },
    /// Credentials were wrong.
    #[serde(rename = "authentication.failed")]
    AuthenticationFailed {
        /// Where they came from.
        remote: String,
        /// The user name that was claimed, as it was sent.
        user: String,
    },
    /// A source has sent too many wrong passwords and is refused for a while.
    #[serde(rename = "source.banned")]
    SourceBanned {
        /// The address, or the /64 network of an IPv6 one.
        source: String,
        /// For how many seconds.
        secs: u64,
        /// Wrong passwords of this source so far.
        count: u64,
    },
    /// An operator has lifted a ban.
    #[serde(rename = "source.unbanned")]
    SourceUnbanned {
        /// The source.
        source: String,
    },
    /// A host of a trunk has registered us, and had not before.
    #[serde(rename = "trunk.registered")]
    TrunkRegistered {
        /// The slug of the organisation.
        organisation: String,
        /// The name of the trunk.
        trunk: String,
        /// Its URI.
        host: String,
    },
    /// A host of a trunk has not registered us.
    #[serde(rename = "trunk.refused")]
    TrunkRefused {
        /// The slug of the organisation.
        organisation: String,
        /// The name of the trunk.
        trunk: String,
        /// Its URI.
        host: String,
        /// The status; 408 where it has said nothing, 503 where its name leads nowhere, 2xx where it has bound us for no time at all.
        sip_code: u16,
    },
    /// A trunk can be called over: one of its hosts is up, and none was.
    #[serde(rename = "trunk.up")]
    TrunkUp {
        /// The slug of the organisation.
        organisation: String,
        /// The name of the trunk.
        trunk: String,
    },
    /// A trunk cannot be called over: all of its hosts are down.
    #[serde(rename = "trunk.down")]
    TrunkDown {
        /// The slug of the organisation.
        organisation: String,
        /// The name of the trunk.
        trunk: String,
        /// What the last of its hosts has failed by: `silent`, `no_address` or `status`.
        reason: String,
        /// That status.
        #[serde(default)]
        sip_code: Option<u16>,
    },
    /// A host of a trunk with several is up.
    #[serde(rename = "trunk.host_up")]
    TrunkHostUp {
        /// The slug of the organisation.
        organisation: String,
        /// The name of the trunk.
        trunk: String,
        /// Its URI.
        host: String,
    },
    /// A host of a trunk with several is down.
    #[serde(rename = "trunk.host_down")]
    TrunkHostDown {
        /// The slug of the organisation.
        organisation: String,
        /// The name of the trunk.
        trunk: String,
        /// Its URI.
        host: String,
        /// What it has failed by: `silent`, `no_address` or `status`.
        reason: String,
        /// That status.
        #[serde(default)]
        sip_code: Option<u16>,
    },
    /// Hours were set by hand.
    #[serde(rename = "hours.changed")]
    HoursChanged {
        /// The slug of the organisation.
        organisation: String,
        /// Their name in the dialplan.
        hours: String,
        /// `open`, `closed` or `auto`: what they are set to.
        state: String,
        /// Who did it: the number of an extension, a login, or `ctl`.
        by: String,
    },
    /// The dialplan tells somebody of a call.
    #[serde(rename = "dialplan.notify")]
    DialplanNotify {
        /// The call.
        call_id: String,
        /// The caller's number.
        from_number: String,
        /// What was dialled.
        dialed: String,
        /// Whom, in the word of the dialplan.
        whom: String,
    },
    /// The same where the rule is one of emergency numbers.
    #[serde(rename = "emergency.placed")]
    EmergencyPlaced {
        /// The call.
        call_id: String,
        /// The caller's number.
        from_number: String,
        /// What was dialled.
        dialed: String,
        /// Whom, in the word of the dialplan.
        whom: String,
    },
    /// A new state of database and dialplan is in force.
    #[serde(rename = "reloaded")]
    Reloaded {
        /// The revision of the database.
        revision: i64,
    },
    /// New calls are refused from now on.
    #[serde(rename = "draining")]
    Draining,
    /// An event of a later version.
    #[serde(other, rename = "unknown")]
    Unknown,
}

/// A call that was refused after it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RefusedCall {
    /// A call out: who would be charged, and what was called.
    Out(RefusedOut),
    /// A call from a trunk for a number that it does not have.
    In(RefusedIn),
}

/// A call out that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedOut {
    /// The call.
    pub call_id: String,
    /// The number of who would be charged, or `organisation`.
    pub charged_to: String,
    /// What was called.
    pub number: String,
    /// Its class: `internal`, `national`, `mobile`, `international` or `premium`.
    pub class: String,
}

/// A call from a trunk that was refused, since the trunk does not have the number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedIn {
    /// The call.
    pub call_id: String,
    /// The name of the trunk.
    pub trunk: String,
    /// What was called.
    pub number: String,
}

impl Happening {
    /// The call that it is about.
    pub fn call_id(&self) -> Option<&str> {
        match self {
            Self::CallStarted { call_id, .. }
            | Self::CallRinging { call_id, .. }
            | Self::CallAnswered { call_id, .. }
            | Self::CallHeld { call_id, .. }
            | Self::CallForwarded { call_id, .. }
            | Self::CallTransferred { call_id, .. }
            | Self::CallDiagnosed { call_id, .. }
            | Self::CallKeyInClear { call_id, .. }
            | Self::CallDigit { call_id, .. }
            | Self::CallStepNotBuilt { call_id, .. }
            | Self::CallVerified { call_id, .. }
            | Self::CallBlocked { call_id, .. }
            | Self::CallWebhookFailed { call_id, .. }
            | Self::DialplanNotify { call_id, .. }
            | Self::EmergencyPlaced { call_id, .. }
            | Self::CallEnded { call_id, .. } => Some(call_id),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
