//! The sidecar beside a real PBX: both binaries, real sockets.

#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise, its fixtures included")]

mod attack;
mod browser;
mod callers;
mod certificate;
mod configuration;
mod hours;
mod house;
mod logging_in;
mod organisations;
mod page;
mod pbx_away;
mod provider_call;
mod providers;
mod relay;
mod signer;
mod stopping;
mod trunks;
