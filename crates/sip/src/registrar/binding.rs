//! A binding and the values around it. They are small: a PBX holds one for each phone, all the time.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::flow::Flow;
use crate::header::NameAddr;
use crate::uri::Uri;

/// An address of record, such as `201@kantoor.example`. The caller decides on its form; here it is a name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// When it was first made: refreshes leave it as it is.
    pub since: Instant,
    /// When it ends.
    pub expires: Instant,
    /// Where that REGISTER came from.
    pub flow: Flow,
    /// What the phone calls itself.
    pub user_agent: Option<Arc<str>>,
    /// The device (`+sip.instance`, RFC 5626), without quotes.
    pub instance: Option<Arc<str>>,
    /// What only some bindings have.
    pub extra: Option<Arc<Extra>>,
}

/// What a binding has besides, where its phone registered through proxies or one of several flows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extra {
    /// The proxies on the way to it, nearest first (RFC 3327): the Route of each request.
    pub path: Vec<Box<str>>,
    /// Which flow of its device it is (`reg-id`, RFC 5626).
    pub reg_id: Option<u32>,
}

impl Extra {
    /// Shared, and none where there is nothing to keep.
    #[must_use]
    pub fn new(path: Vec<Box<str>>, reg_id: Option<u32>) -> Option<Arc<Self>> {
        (!path.is_empty() || reg_id.is_some()).then(|| Arc::new(Self { path, reg_id }))
    }
}

impl Binding {
    /// Which flow of its device it is, where it registered one (RFC 5626).
    #[must_use]
    pub fn reg_id(&self) -> Option<u32> {
        self.extra.as_ref()?.reg_id
    }

    /// The device that it is one of several flows of; None where it stands for itself.
    #[must_use]
    pub fn device(&self) -> Option<&Arc<str>> {
        self.reg_id().and(self.instance.as_ref())
    }

    /// The Route of a request for this binding (RFC 3327 section 5.4).
    #[must_use]
    pub fn route(&self) -> Vec<NameAddr> {
        let path = self.extra.as_ref().map_or(&[][..], |extra| &extra.path);
        path.iter().filter_map(|text| NameAddr::parse(text).ok()).collect()
    }

    /// The Contact URI: the Request-URI of a call to this binding. `None` cannot come of a registration, only of a
    /// damaged store.
    #[must_use]
    pub fn uri(&self) -> Option<Uri> {
        Uri::parse(&self.contact).ok()
    }

    /// Where to send a request for this binding. Over the connection that the phone opened, if there is one. Else to
    /// its Contact, where that names the address that its REGISTER came from: the phone is not behind NAT and may listen
    /// on another port than it sends from. Else to where the REGISTER came from: that reaches a phone behind NAT, whose
    /// Contact is a private address.
    #[must_use]
    pub fn target(&self) -> Flow {
        if self.reg_id().is_some() && self.extra.as_ref().is_none_or(|extra| extra.path.is_empty()) {
            return self.flow;
        }
        // A proxy listens where its Path says, as long as that is itself: nobody can have us send elsewhere.
        let proxy = self.extra.as_ref().and_then(|_| self.route().into_iter().next()).map(|proxy| proxy.uri);
        let contact = proxy.or_else(|| self.uri());
        let listens_on =
            contact.as_ref().and_then(Uri::as_sip).filter(|uri| uri.host.ip() == Some(self.flow.remote.ip()));
        match listens_on {
            Some(uri) if self.flow.connection.is_none() => {
                let port = uri.port.unwrap_or_else(|| self.flow.transport.default_port());
                Flow { remote: SocketAddr::new(self.flow.remote.ip(), port), ..self.flow }
            }
            _ => self.flow,
        }
    }

    /// Whether it is reached without the connection that its REGISTER came over: by a new one to the first proxy of its Path,
    /// where that is found by name or is who sent the REGISTER.
    #[must_use]
    pub(super) fn is_led_by_proxy(&self) -> bool {
        let proxy = self.extra.as_ref().and_then(|_| self.route().into_iter().next());
        let host = proxy.as_ref().and_then(|proxy| proxy.uri.as_sip()).map(|uri| uri.host.ip());
        host.is_some_and(|ip| ip.is_none_or(|ip| ip == self.flow.remote.ip()))
    }

    /// The time that it has left.
    #[must_use]
    pub fn remaining(&self, now: Instant) -> Duration {
        self.expires.saturating_duration_since(now)
    }

    /// How long there has been such a binding, refreshes included.
    #[must_use]
    pub fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
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
            age: self.age(now),
            remaining: self.remaining(now),
            flow: self.flow,
            user_agent: self.user_agent.clone(),
            instance: self.instance.clone(),
            extra: self.extra.clone(),
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// How long there had been such a binding when this was made.
    #[serde(with = "crate::plain")]
    pub age: Duration,
    /// The time left when this was made.
    #[serde(with = "crate::plain")]
    pub remaining: Duration,
    /// Where its last REGISTER came from.
    pub flow: Flow,
    /// What the phone calls itself.
    pub user_agent: Option<Arc<str>>,
    /// The device (`+sip.instance`, RFC 5626).
    pub instance: Option<Arc<str>>,
    /// What only some bindings have.
    pub extra: Option<Arc<Extra>>,
}
