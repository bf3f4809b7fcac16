//! What happened, for the log and `ctl watch`. Values only; nothing in the switch waits for who reads them.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use kiestoon_dialplan::Forced;
use kiestoon_media::Cause;
use kiestoon_sip::Transport;
use kiestoon_sip::stir::{Attestation, Fault, Verstat};
use serde::{Deserialize, Serialize};

use crate::callers::BlockCondition;
use crate::cdr::Side;
use crate::id::CallId;
use crate::reason::EndReason;
use crate::rights::{Charged, Class, HoldReason, Period, Why};
use crate::trunk::HostFault;
use crate::webhook::WebhookFault;

/// Something that happened to a call, a registration or a stranger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A call was accepted and begins.
    CallStarted {
        /// The call.
        call: CallId,
        /// The slug of the organisation; empty where it is gone.
        organisation: Box<str>,
        /// The caller's number.
        from: Box<str>,
        /// What was dialled.
        dialled: Box<str>,
        /// The dialplan rule; None where none matches.
        route: Option<Box<str>>,
    },
    /// A host of a trunk has registered us.
    TrunkRegistered {
        /// The slug of the organisation.
        organisation: Box<str>,
        /// The name of the trunk.
        trunk: Box<str>,
        /// Its URI.
        host: Box<str>,
    },
    /// A host of a trunk has not registered us.
    TrunkRefused {
        /// The slug of the organisation.
        organisation: Box<str>,
        /// The name of the trunk.
        trunk: Box<str>,
        /// Its URI.
        host: Box<str>,
        /// The status of its refusal; 408 where it has said nothing, 503 where its name leads nowhere, 2xx where it has bound us for no
        /// time at all.
        status: u16,
    },
    /// A trunk can be called over: one of its hosts is up, and none was.
    TrunkUp {
        /// The slug of the organisation.
        organisation: Box<str>,
        /// The name of the trunk.
        trunk: Box<str>,
    },
    /// A trunk cannot be called over: all of its hosts are down.
    TrunkDown {
        /// The slug of the organisation.
        organisation: Box<str>,
        /// The name of the trunk.
        trunk: Box<str>,
        /// What the last one of its hosts has failed by.
        reason: HostFault,
    },
    /// A host of a trunk with several is up.
    TrunkHostUp {
        /// The slug of the organisation.
        organisation: Box<str>,
        /// The name of the trunk.
        trunk: Box<str>,
        /// Its URI.
        host: Box<str>,
    },
    /// A host of a trunk with several is down.
    TrunkHostDown {
        /// The slug of the organisation.
        organisation: Box<str>,
        /// The name of the trunk.
        trunk: Box<str>,
        /// Its URI.
        host: Box<str>,
        /// What it has failed by.
        reason: HostFault,
    },
    /// The signature of a caller's number was looked at.
    CallerVerified {
        /// The call.
        call: CallId,
        /// Whether the number is validated.
        verstat: Verstat,
        /// What is attested of it.
        attestation: Option<Attestation>,
        /// Why it is not.
        fault: Option<Fault>,
    },
    /// A rule of the organisation is for the caller of a call over a trunk.
    CallBlocked {
        /// The call.
        call: CallId,
        /// The caller's number; empty where it is withheld.
        from: Box<str>,
        /// Whom the rule is for; without a number where that is withheld.
        rule: BlockCondition,
        /// The name of the trunk.
        trunk: Box<str>,
        /// What becomes of the call, in the word of [`BlockAction`](crate::BlockAction).
        action: &'static str,
    },
    /// A phone rings.
    CallRinging {
        /// The call.
        call: CallId,
        /// The number that rings.
        number: Box<str>,
    },
    /// A phone answered, or the PBX itself did.
    CallAnswered {
        /// The call.
        call: CallId,
        /// The number that answered; None for a prompt or echo.
        number: Option<Box<str>>,
    },
    /// A side put the other on hold, or took it back.
    CallHeld {
        /// The call.
        call: CallId,
        /// Who did it.
        by: Side,
        /// Whether it is held now.
        held: bool,
    },
    /// A phone forwards a call, and the call follows.
    CallForwarded {
        /// The call.
        call: CallId,
        /// The number of the phone.
        by: Box<str>,
        /// Where it goes.
        to: Box<str>,
    },
    /// A call is transferred: accepted (100), taken (200), or refused with that status.
    CallTransfer {
        /// The call.
        call: CallId,
        /// The number of who transferred.
        by: Box<str>,
        /// The number that it went to.
        target: Box<str>,
        /// How it stands.
        status: u16,
    },
    /// A side is not heard, and why; or it is heard again.
    CallDiagnosed {
        /// The call.
        call: CallId,
        /// Who is not heard.
        side: Side,
        /// Why; None when it is heard again.
        cause: Option<Cause>,
    },
    /// The key that protects the speech of an answered call was sent over signalling that is not: who reads along there can
    /// listen in.
    CallKeyInClear {
        /// The call.
        call: CallId,
        /// Whose leg.
        side: Side,
    },
    /// A key was pressed and let go on a phone, however it came.
    CallDigit {
        /// The call.
        call: CallId,
        /// On whose phone.
        by: Side,
        /// `0` to `9`, `*`, `#`, `A` to `D`; None where it is part of a secret, or may be.
        digit: Option<char>,
        /// For how long, in milliseconds.
        duration_ms: u32,
        /// How it came.
        origin: DigitOrigin,
    },
    /// The dialplan came to a step that this version cannot do.
    StepNotBuilt {
        /// The call.
        call: CallId,
        /// The step's word.
        step: &'static str,
    },
    /// A service that the dialplan asks gave no answer that can be used.
    WebhookFailed {
        /// The call.
        call: CallId,
        /// The service's name in the dialplan.
        webhook: Box<str>,
        /// Why.
        fault: WebhookFault,
    },
    /// The dialplan tells somebody of a call.
    Notified {
        /// The call.
        call: CallId,
        /// The caller's number.
        from: Box<str>,
        /// What was dialled.
        dialled: Box<str>,
        /// Whom, in the word of the dialplan.
        whom: Box<str>,
        /// Whether the rule is one of emergency numbers.
        emergency: bool,
    },
    /// Hours were set by hand, or left to the clock again.
    HoursChanged {
        /// The slug of the organisation.
        organisation: Box<str>,
        /// Their name in the dialplan.
        hours: Box<str>,
        /// What they are; None where the clock decides.
        forced: Option<Forced>,
        /// Who did it.
        by: Box<str>,
    },
    /// A call ended.
    CallEnded {
        /// The call.
        call: CallId,
        /// Why.
        reason: EndReason,
        /// The final status that the caller got.
        sip_code: u16,
    },
    /// A call was refused before it began.
    CallRefused {
        /// The slug of the organisation; empty where it is gone.
        organisation: Box<str>,
        /// The caller's number.
        from: Box<str>,
        /// The status.
        status: u16,
        /// Why, in one word.
        reason: &'static str,
    },
    /// A call from a trunk was refused: it is for a number that the trunk does not have.
    NumberUnknown {
        /// The call.
        call: CallId,
        /// The slug of the organisation; empty where it is gone.
        organisation: Box<str>,
        /// The caller's number; empty where it is withheld.
        from: Box<str>,
        /// The name of the trunk.
        trunk: Box<str>,
        /// The number that it does not have.
        number: Box<str>,
        /// The status.
        status: u16,
    },
    /// A call out over a trunk was refused, or a rule that asks for a permission.
    CallOutRefused {
        /// The call.
        call: CallId,
        /// The slug of the organisation; empty where it is gone.
        organisation: Box<str>,
        /// The caller's number.
        from: Box<str>,
        /// Who would be charged.
        charged: Charged,
        /// The number.
        number: Box<str>,
        /// Its class, or the one that the rule asks for.
        class: Class,
        /// Why.
        why: Why,
    },
    /// Somebody is on hold: no international or premium call is made at their cost until an operator approves.
    FraudHeld {
        /// The slug of the organisation.
        organisation: Box<str>,
        /// Who.
        charged: Charged,
        /// Why.
        reason: HoldReason,
        /// The operator who did it; None where the calls did.
        by: Option<Box<str>>,
    },
    /// An operator has taken somebody off hold.
    FraudApproved {
        /// The slug of the organisation.
        organisation: Box<str>,
        /// Who.
        charged: Charged,
        /// The operator.
        by: Box<str>,
    },
    /// Four fifths of a budget are spent.
    BudgetNearlySpent {
        /// The slug of the organisation.
        organisation: Box<str>,
        /// Whose.
        charged: Charged,
        /// Of which time.
        period: Period,
    },
    /// The contacts of an extension changed.
    RegistrationChanged {
        /// The slug of the organisation; empty where it is gone.
        organisation: Box<str>,
        /// The number.
        number: Box<str>,
        /// Contacts that it has now.
        contacts: usize,
        /// The transport of the REGISTER; None where a binding expired or was lost.
        transport: Option<Transport>,
        /// Where the REGISTER came from.
        remote: Option<SocketAddr>,
    },
    /// Credentials were wrong.
    AuthenticationFailed {
        /// Where they came from.
        source: SocketAddr,
        /// The user name that was claimed, as it was sent.
        user: Box<str>,
    },
    /// A source has sent too many wrong passwords and is refused for a while.
    SourceBanned {
        /// The address, or the /64 network of an IPv6 one.
        source: IpAddr,
        /// For how long.
        lasts: Duration,
        /// Wrong passwords of this source so far.
        failures: u32,
    },
    /// An operator has lifted a ban.
    BanLifted {
        /// The source.
        source: IpAddr,
    },
}

/// How a key came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DigitOrigin {
    /// As telephone events in RTP (RFC 4733).
    TelephoneEvent,
    /// In an INFO (`application/dtmf-relay`, `application/dtmf`).
    Info,
    /// As tones in the sound.
    Tones,
}

impl DigitOrigin {
    /// In one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TelephoneEvent => "rfc4733",
            Self::Info => "info",
            Self::Tones => "inband",
        }
    }
}
