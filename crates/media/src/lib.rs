//! Media as pure logic: SDP offer/answer, RTP legs, codecs, prompts, quality figures and the port pool.
//! No I/O, no clock, no tokio: the engine in the PBX binary owns the sockets and the threads, and calls
//! in here with the packets and the time.

pub mod codec;
pub mod doctor;
pub mod dtmf;
pub mod engine;
pub mod jitter;
pub mod port_pool;
pub mod prompt;
pub mod quality;
pub mod rtp;
pub mod sdp;
pub mod srtp;
pub mod tone;
pub mod transcode;
pub mod webrtc;

pub use doctor::Cause;
pub use engine::{CallKey, DigitSource, LegId, MediaCommand, MediaEvent, OpenError};
pub use port_pool::{PortPair, PortPool, PortsExhausted};
pub use quality::{DirectionQuality, LegQuality, Mos};
pub use sdp::{
    Codec, Direction, LocalMedia, LocalPeer, Origin, Policy, RemoteAudio, RemoteFax, Sdp, SdpError,
    Selection, SrtpPolicy, local_answer, local_offer, refuse_offer, relay_answer, relay_offer,
    voiceband_offer, with_direction,
};
