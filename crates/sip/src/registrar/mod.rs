//! The registrar (RFC 3261 section 10): which addresses an address of record is reached at, and until when. It
//! neither authenticates nor stores: its caller has done the one and does the other with the changes it gets.

mod binding;
mod gruu;
mod outbound;
mod request;
mod table;

#[cfg(test)]
mod tests;

pub use binding::{Aor, Binding, BindingChange, Extra, StoredBinding};
pub use gruu::{Device, Gruus};
pub use request::RegisterRefused;
pub use table::Registrar;

/// The limits of a registrar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistrarSettings {
    /// Shorter wishes are refused with 423, in seconds.
    pub min_expires: u32,
    /// Longer wishes are shortened to this, in seconds.
    pub max_expires: u32,
    /// For a client that names none, in seconds.
    pub default_expires: u32,
    /// The most bindings that one address of record may have.
    pub max_contacts: usize,
}

impl Default for RegistrarSettings {
    fn default() -> Self {
        Self { min_expires: 60, max_expires: 7200, default_expires: 3600, max_contacts: 10 }
    }
}

/// What an accepted REGISTER is answered with and has changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Registered {
    /// The Contact header field values of the 200: all bindings of the address of record, with the seconds
    /// that each has left.
    pub contacts: Vec<String>,
    /// What has to be written down before that 200 goes out; empty for a query.
    pub changes: Vec<BindingChange>,
    /// The Path that was taken, to be returned in the 200 (RFC 3327 section 5.3).
    pub path: Vec<Box<str>>,
    /// Whether a flow was registered: the 200 requires `outbound` (RFC 5626 section 6).
    pub outbound: bool,
}
