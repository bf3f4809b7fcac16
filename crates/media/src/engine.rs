//! The words that the call core and the media engine exchange. Values only: the engine itself lives in
//! the PBX binary.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::doctor::Cause;
use crate::quality::LegQuality;
use crate::sdp::{LocalMedia, RemoteAudio, RemoteFax};
use crate::tone::FaxTone;
use crate::webrtc::Ended;

/// One media leg: a pair of sockets towards one phone. Chosen by the call core, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LegId(pub u64);

/// The call that a leg belongs to. All legs of one call live on one media thread, so that a bridge
/// needs no lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallKey(pub u64);

/// What the call core asks of the media engine. A command for a leg that is gone is ignored: media may
/// fail at any time, and the event that says so may still be on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaCommand {
    /// Binds the ports of a new leg; answered at once by [`MediaEvent::Opened`] or [`MediaEvent::OpenFailed`].
    Open {
        /// The call of the leg.
        call: CallKey,
        /// The new leg.
        leg: LegId,
        /// The signalling peer: the advertised address must reach it, and media from this address may be
        /// learnt when the phone sits behind a NAT.
        peer: IpAddr,
        /// Whether it is the leg of a browser: on the one port of all browsers, over ICE and DTLS.
        browser: bool,
    },
    /// Where the phone said it receives, and with which codecs. Sent for every offer or answer.
    SetRemote {
        /// The leg.
        leg: LegId,
        /// The audio of the phone's session description.
        remote: RemoteAudio,
    },
    /// Where the phone said it receives its fax (T.38): from now on UDPTL goes between it and the leg that it is bridged to,
    /// and nothing else, until the next [`Self::SetRemote`].
    SetFax {
        /// The leg.
        leg: LegId,
        /// The fax of the phone's session description.
        remote: RemoteFax,
    },
    /// Lets two legs of one call hear each other: relayed where they speak the same, else transcoded. Ends prompts, echo and former bridges of both.
    Connect {
        /// One leg.
        a: LegId,
        /// The other leg.
        b: LegId,
    },
    /// Ends the bridge of a leg; both sides stay open and silent.
    Disconnect {
        /// Either leg of the bridge.
        leg: LegId,
    },
    /// Plays prompts to the phone, one after the other without a gap: loaded ones, or a tone such as `tone:ringback`. Ends with one
    /// [`MediaEvent::PlayFinished`] unless stopped.
    Play {
        /// The leg.
        leg: LegId,
        /// Tells its end from that of another one.
        play: u64,
        /// The names of loaded prompts; one that is not loaded is left out.
        prompts: Vec<String>,
        /// Whether the first starts again at the end of the last, until stopped.
        repeat: bool,
    },
    /// Stops a prompt without an event.
    StopPlay {
        /// The leg.
        leg: LegId,
    },
    /// What the phone hears while the one that it is bridged to sends nothing, over and over; None: silence. A phone on hold
    /// hears it, unless who holds sends sound of its own. Ends with the bridge.
    HoldMusic {
        /// The leg.
        leg: LegId,
        /// The name of a loaded prompt.
        prompt: Option<String>,
    },
    /// Presses a key towards the phone: as a telephone event where it takes those, else as tones.
    SendDigit {
        /// The leg.
        leg: LegId,
        /// `0` to `9`, `*`, `#`, `A` to `D`; anything else is ignored.
        digit: char,
        /// For how long, in milliseconds.
        duration_ms: u32,
    },
    /// Sends the phone's own audio back to it.
    Echo {
        /// The leg.
        leg: LegId,
    },
    /// Takes a leg over into another call, under another number, silent and counted anew: its ports, its keys and what it has agreed with the phone
    /// stay. The former number ends with [`MediaEvent::Closed`]; where there is nothing to take over, the new one ends with [`MediaEvent::Failed`].
    Move {
        /// The leg.
        leg: LegId,
        /// Its number from now on.
        to: LegId,
        /// The other call.
        call: CallKey,
    },
    /// Ends the leg; answered by [`MediaEvent::Closed`] with the final figures.
    Close {
        /// The leg.
        leg: LegId,
    },
}

impl MediaCommand {
    /// The leg that the command is for (the first of a bridge).
    pub fn leg(&self) -> LegId {
        match self {
            Self::Connect { a, .. } => *a,
            Self::Open { leg, .. }
            | Self::SetRemote { leg, .. }
            | Self::SetFax { leg, .. }
            | Self::Disconnect { leg }
            | Self::Play { leg, .. }
            | Self::StopPlay { leg }
            | Self::HoldMusic { leg, .. }
            | Self::SendDigit { leg, .. }
            | Self::Echo { leg }
            | Self::Move { leg, .. }
            | Self::Close { leg } => *leg,
        }
    }
}

/// What the media engine tells the call core.
#[derive(Debug, Clone, PartialEq)]
pub enum MediaEvent {
    /// The ports are bound; this address goes into the session description.
    Opened {
        /// The leg.
        leg: LegId,
        /// The advertised address.
        local: LocalMedia,
    },
    /// No ports for this leg; the call cannot have media.
    OpenFailed {
        /// The leg.
        leg: LegId,
        /// Why.
        reason: OpenError,
    },
    /// Prompts were played to the end of the last one, or could not be played (no name is loaded, or the phone speaks
    /// nothing that we do).
    PlayFinished {
        /// The leg.
        leg: LegId,
        /// As in the command: one that was stopped meanwhile may still be told of.
        play: u64,
    },
    /// A key was pressed and let go on the phone.
    Digit {
        /// The leg.
        leg: LegId,
        /// `0` to `9`, `*`, `#`, `A` to `D`.
        digit: char,
        /// For how long, in milliseconds.
        duration_ms: u32,
        /// How it came.
        source: DigitSource,
        /// Whether a bridged phone that takes telephone events was sent it as such. Else it is for the call core to send on;
        /// tones go across in the sound in any case.
        passed: bool,
    },
    /// A fax machine is heard in the sound of the phone. Said of sound that is decoded anyway, once, while the call is young;
    /// what is decoded is treated as the sound of a modem from now on.
    FaxTone {
        /// The leg.
        leg: LegId,
        /// Which machine.
        tone: FaxTone,
    },
    /// The phone should be sending but neither RTP nor RTCP came for this long. Said again after each further such
    /// time: before the answer it means nothing, after it the phone is gone.
    Silent {
        /// The leg.
        leg: LegId,
        /// Time since the last packet, or since media was first expected.
        for_: Duration,
    },
    /// The doctor has found why the phone is not heard, or, with None, that it is heard again.
    Diagnosis {
        /// The leg.
        leg: LegId,
        /// Why.
        cause: Option<Cause>,
    },
    /// The phone has sent no RTP for the time after which a call ends, although nobody is on hold. Said again every
    /// second: before the answer it means nothing.
    Lost {
        /// The leg.
        leg: LegId,
        /// That time.
        after: Duration,
    },
    /// The leg is gone; these are its last figures.
    Closed {
        /// The leg.
        leg: LegId,
        /// The final figures.
        quality: LegQuality,
    },
    /// There is no way to the browser any more, or never was; the leg stays, silent, until it is closed.
    TransportEnded {
        /// The leg.
        leg: LegId,
        /// Why.
        reason: Ended,
    },
    /// The handling of this leg's media panicked; the leg is gone and the call must end.
    Failed {
        /// The leg.
        leg: LegId,
    },
}

impl MediaEvent {
    /// The leg that the event is about.
    pub fn leg(&self) -> LegId {
        match self {
            Self::Opened { leg, .. }
            | Self::OpenFailed { leg, .. }
            | Self::PlayFinished { leg, .. }
            | Self::Digit { leg, .. }
            | Self::FaxTone { leg, .. }
            | Self::Silent { leg, .. }
            | Self::Diagnosis { leg, .. }
            | Self::Lost { leg, .. }
            | Self::TransportEnded { leg, .. }
            | Self::Closed { leg, .. }
            | Self::Failed { leg } => *leg,
        }
    }
}

/// How a digit came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DigitSource {
    /// As telephone events (RFC 4733).
    Event4733,
    /// As tones in the sound.
    Inband,
}

/// Why a leg could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Every port pair of the range is in use or draining: an operator should widen the range.
    #[error("no free RTP port pair")]
    PortsExhausted,
    /// This machine has no route to the signalling peer.
    #[error("no local address reaches {0}")]
    Unreachable(IpAddr),
    /// The system refused a socket.
    #[error("socket refused: {0}")]
    Socket(String),
    /// Nobody serves browsers: SIP over WebSocket is off.
    #[error("no port for browsers is open")]
    NoBrowsers,
    /// The media thread does not take legs: it is overloaded or stopping.
    #[error("media engine is not taking legs")]
    Refused,
}
