//! Rights and limits on calling out: who may call which numbers, how much, for how much, and what of it is theft. Every leg over a
//! trunk passes [`Exchange::grant`](crate::exchange::Exchange::grant), whatever made the call make it; nothing else makes the
//! [`Granted`] that such a leg needs.

mod account;
mod charged;
mod class;
mod drill;
mod forms;
mod gate;
mod hold;
mod kept;
mod ledger;
mod meter;
mod profile;
mod rehearsal;
mod require;

pub use account::Period;
pub use charged::Charged;
pub use class::Class;
pub(crate) use class::{is_for_help, without_end_key, without_zero};
pub use drill::{DrillCase, DrillResult, DrillVerdict, Expected};
pub(crate) use forms::Form;
pub use forms::Forms;
pub use gate::Why;
pub(crate) use gate::{CallOut, Granted, Refusal};
pub use hold::{Hold, HoldReason, MOST_SEEN};
pub use kept::AccountKept;
pub(crate) use ledger::Ledger;
pub use profile::{Destinations, Limits, Profile, Rights, Watch};
pub use rehearsal::Judgement;
