//! Development only: a virtual network, a hand-moved clock, scripted phones and a PBX in a box. A [`Story`] puts
//! them together; nothing here sleeps, opens a port or reads the wall clock.

mod agreement;
mod audit;
pub mod chance;
pub mod clock;
pub mod engine;
pub mod ladder;
pub mod net;
pub mod pbx;
pub mod phone;
pub mod story;
pub mod what;
pub mod witness;

pub use chance::Chance;
pub use clock::{millis, secs};
pub use net::Link;
pub use phone::{Ended, Flowing, LineState, Profile, Reply, phone};
pub use story::{DIAL_ALL, PhoneId, Story};
pub use what::What;
