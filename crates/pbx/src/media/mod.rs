//! The media engine: N OS threads, each with its own epoll and the legs that it alone owns. The signalling side
//! binds the sockets, hands the leg over and hears events back; a relayed packet never leaves its thread, takes no
//! lock and allocates nothing.

mod drain;
mod engine;
mod leg;
mod music;
mod open;
mod outbox;
mod priority;
mod relay;
#[cfg(test)]
mod tests;
mod thread;
mod towards;
mod unreachable;
mod vital;
mod voice;
mod watch;
mod webrtc;

pub(crate) use engine::{Engine, EngineConfig};
pub(crate) use open::{Sockets, SparePorts};
pub(crate) use towards::address_towards;
