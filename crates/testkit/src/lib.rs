//! Development only: a virtual network, a hand-moved clock, scripted phones and a PBX in a box. A [`Story`] puts
//! them together; nothing here sleeps, opens a port or reads the wall clock.
//!
//! A test adds phones with their behaviours, lets them act and time pass, and says what each side saw. A story that
//! fails prints its seed and the ladder of all messages. `settle` lets every timer end; `expect_nothing_left` then finds
//! what a call has left behind, and every message of the PBX that breaks a rule.

mod agreement;
mod audit;
pub mod chance;
pub mod clock;
pub mod engine;
pub mod impairment;
pub mod ladder;
pub mod listener;
pub mod net;
pub mod pbx;
pub mod phone;
pub mod stir;
pub mod story;
pub mod webrtc;
pub mod what;
pub mod witness;

pub use chance::Chance;
pub use clock::{millis, secs};
pub use impairment::Impairment;
pub use listener::Listener;
pub use net::Link;
pub use phone::{
    Ended, Fax, Faxes, Flowing, LineState, Named, Profile, Reply, SessionTimer, browser, carrier, phone,
};
pub use story::{DIAL_ALL, PROMPT_THEN_PHONE, PhoneId, Story};
pub use what::What;
