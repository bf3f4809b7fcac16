//! A browser's leg with the `webrtc` crate at its other end: ICE, DTLS and SRTP by an implementation that shares nothing with ours.
mod calls;
mod check;
mod fingerprint;
mod office;
mod peer;
mod replays;
mod restart;
mod roles;
mod strangers;
mod wire;

/// How long the other side may take on a busy machine.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);
