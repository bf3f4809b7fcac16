//! A binding and the values around it. They are small: a PBX holds one for each phone, all the time.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::flow::Flow;
use crate::uri::Uri;

/// An address of record, such as `201@kantoor.example`. The caller decides on its form; here it is a name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Aor(Arc<str>);

impl Aor {
    /// The address of record of that name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Aor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Aor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One address at which an address of record is reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// The Contact URI as text, written by us.
    pub contact: Arc<str>,
    /// The preference in thousandths; 1000 where the client gave none.
    pub q: u16,
    /// The Call-ID of the REGISTER that made or last refreshed it.
    pub call_id: Arc<str>,
    /// The CSeq number of that REGISTER.
    pub cseq: u32,
    /// When it ends.
    pub expires: Instant,
    /// Where that REGISTER came from.
    pub flow: Flow,
    /// What the phone calls itself.
    pub user_agent: Option<Arc<str>>,
    /// The device (`+sip.instance`, RFC 5626), without quotes.
    pub instance: Option<Arc<str>>,
}

impl Binding {
    /// The Contact URI: the Request-URI of a call to this binding. `None` cannot come of a registration, only of a
    /// damaged store.
    #[must_use]
    pub fn uri(&self) -> Option<Uri> {
        Uri::parse(&self.contact).ok()
    }

    /// Where to send a request for this binding: where its REGISTER came from. That reaches phones behind NAT, whose
    /// Contact is a private address, and uses the connection that a phone over TCP has opened.
    #[must_use]
    pub fn target(&self) -> SocketAddr {
        self.flow.remote
    }

    /// The time that it has left.
    #[must_use]
    pub fn remaining(&self, now: Instant) -> Duration {
        self.expires.saturating_duration_since(now)
    }

    /// As plain data for a store.
    #[must_use]
    pub fn stored(&self, aor: &Aor, now: Instant) -> StoredBinding {
        StoredBinding {
            aor: aor.clone(),
            contact: self.contact.clone(),
            q: self.q,
            call_id: self.call_id.clone(),
            cseq: self.cseq,
            remaining: self.remaining(now),
            flow: self.flow,
            user_agent: self.user_agent.clone(),
            instance: self.instance.clone(),
        }
    }
}

/// A change of the bindings, to be written down.
#[derive(Debug, Clone, PartialEq)]
pub enum BindingChange {
    /// A binding is new, or replaces the one with the same address of record and contact.
    Put(StoredBinding),
    /// A binding is gone.
    Remove {
        /// Whose.
        aor: Aor,
        /// Which one.
        contact: Arc<str>,
    },
}

/// A binding as plain data, with the time left instead of an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredBinding {
    /// Whose it is.
    pub aor: Aor,
    /// The Contact URI; with `aor` the key.
    pub contact: Arc<str>,
    /// The preference in thousandths.
    pub q: u16,
    /// The Call-ID of its last REGISTER.
    pub call_id: Arc<str>,
    /// The CSeq number of its last REGISTER.
    pub cseq: u32,
    /// The time left when this was made.
    pub remaining: Duration,
    /// Where its last REGISTER came from.
    pub flow: Flow,
    /// What the phone calls itself.
    pub user_agent: Option<Arc<str>>,
    /// The device (`+sip.instance`, RFC 5626).
    pub instance: Option<Arc<str>>,
}
