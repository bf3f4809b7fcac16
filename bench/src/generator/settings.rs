//! What the load generator is told.

use std::net::Ipv4Addr;

use clap::{Args, ValueEnum};

use crate::voice::Sound;

/// The kinds of load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// REGISTER, 401, REGISTER, 200 for users in turn.
    Register,
    /// INVITE with its challenge, 180, 200, ACK, hold, BYE; even users call odd ones.
    Call,
    /// Calls that stay up, with RTP both ways.
    Media,
    /// OPTIONS to the server.
    Options,
    /// Every user registered once, not measured.
    Fill,
    /// Browsers that come and talk, fail or die, one after the other.
    Visits,
    /// Calls out over a trunk that stand, without RTP.
    Held,
}

/// What happens in a call of the load "call".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Story {
    /// Nothing but its end.
    #[default]
    Plain,
    /// The caller holds it and takes it back.
    Hold,
    /// The callee transfers it to a third phone (REFER).
    Transfer,
}

/// The load and where it goes.
#[derive(Args, Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) mode: Mode,
    /// The server's address; it stands as the domain in every URI too
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) host: Ipv4Addr,
    #[arg(long, default_value_t = 5060)]
    pub(crate) port: u16,
    /// User names are numbers from here on; the password is "pw" and the number
    #[arg(long, default_value_t = 100_000)]
    pub(crate) base: u32,
    #[arg(long, default_value_t = 1000)]
    pub(crate) users: u32,
    /// Arrivals a second, whatever the answers do (open loop)
    #[arg(long, default_value_t = 100)]
    pub(crate) rate: u32,
    /// Length of the measured part
    #[arg(long, default_value_t = 8)]
    pub(crate) seconds: u32,
    /// How long a call stays up (load "call")
    #[arg(long, default_value_t = 500)]
    pub(crate) hold_ms: u32,
    /// What happens meanwhile (load "call")
    #[arg(long, value_enum, default_value_t)]
    pub(crate) story: Story,
    /// Calls at the same time (loads "media" and "held")
    #[arg(long, default_value_t = 100)]
    pub(crate) calls: u32,
    /// Seconds of RTP before the measured part
    #[arg(long, default_value_t = 2)]
    pub(crate) warm: u32,
    /// Calls a second while setting up for "media" and "held"; registrations come at five times this rate
    #[arg(long, default_value_t = 100)]
    pub(crate) setup_rate: u32,
    /// What callers speak; with another codec than the callees the server must transcode (load "media")
    #[arg(long, value_enum, default_value_t)]
    pub(crate) caller_codec: Sound,
    /// What callees speak
    #[arg(long, value_enum, default_value_t)]
    pub(crate) callee_codec: Sound,
    /// Which ports are its own, where several generators run at once: a phone that comes back has its former address then
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u16).range(..LANES))]
    pub(crate) lane: u16,
    /// Callers are browsers: SIP over WebSocket to this port, DTLS-SRTP over ICE
    #[arg(long)]
    pub(crate) browsers: Option<u16>,
    /// Users call numbers outside, and the server's trunk leads to this port of ours, where a provider answers (load "held")
    #[arg(long)]
    pub(crate) trunk_port: Option<u16>,
    /// RTP without SIP: leg N goes to this port + 2N
    #[arg(long)]
    pub(crate) direct: Option<u16>,
}

/// Beyond the server's RTP ports, below those that the kernel hands out in the bench's network.
const FIRST_SIP_PORT: u16 = 41_000;
const FIRST_RTP_PORT: u16 = 42_000;
/// Ports of a lane: for [`super::phones::SOCKETS`] twice, and for both ends of 750 calls. The first lane alone may go beyond.
const SIP_PORTS: u16 = 100;
const RTP_PORTS: u16 = 3_000;
const LANES: i64 = 6;

impl Settings {
    pub(crate) const fn first_sip_port(&self) -> u16 {
        FIRST_SIP_PORT + self.lane * SIP_PORTS
    }

    pub(crate) const fn first_rtp_port(&self) -> u16 {
        FIRST_RTP_PORT + self.lane * RTP_PORTS
    }

    /// The domain part of URIs, with the port where it is not the usual one.
    pub(crate) fn host_port(&self) -> String {
        if self.port == 5060 { self.host.to_string() } else { format!("{}:{}", self.host, self.port) }
    }

    pub(crate) fn pairs(&self) -> u32 {
        self.registered_users() / 2
    }

    /// Those of the pairs whose callers call: a quarter is left for calls that are transferred.
    pub(crate) fn calling_pairs(&self) -> u32 {
        if self.story == Story::Transfer { self.pairs() - self.pairs() / 4 } else { self.pairs() }
    }

    /// Whether a user is a browser.
    pub(crate) fn is_browser(&self, user: u32) -> bool {
        self.browsers.is_some() && user & 1 == 0
    }

    /// What a user speaks.
    pub(crate) fn sound_of(&self, user: u32) -> Sound {
        if user & 1 == 0 { self.caller_codec } else { self.callee_codec }
    }

    /// Whether the server has to understand what it carries.
    pub(crate) fn transcodes(&self) -> bool {
        self.caller_codec != self.callee_codec
    }

    /// Registered users, an even number; media needs two a call.
    pub(crate) fn registered_users(&self) -> u32 {
        match self.mode {
            Mode::Media => self.calls * 2,
            _ => self.users & !1,
        }
    }
}
