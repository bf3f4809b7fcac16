//! Which messages a rule or an expectation means.

use std::fmt;
use std::net::IpAddr;

use kiestoon_sip::Message;

/// A set of messages: by kind, by direction, or by any test of the message itself.
pub struct What {
    name: String,
    from: Option<IpAddr>,
    to: Option<IpAddr>,
    test: Box<dyn Fn(&Message) -> bool + Send>,
}

impl What {
    /// Every message.
    pub fn any() -> Self {
        Self::matching("any message", |_| true)
    }

    /// Requests of a method, such as "ACK".
    pub fn request(method: &'static str) -> Self {
        Self::matching(method, move |message| match message {
            Message::Request(request) => request.method.to_string() == method,
            Message::Response(_) => false,
        })
    }

    /// Responses of a status to a method.
    pub fn response(status: u16, method: &'static str) -> Self {
        Self::matching(&format!("{status} of {method}"), move |message| match message {
            Message::Request(_) => false,
            Message::Response(response) => {
                response.status.code() == status && response.cseq.method.to_string() == method
            }
        })
    }

    /// Messages that pass a test; the name is for the reader of a failure.
    pub fn matching(name: &str, test: impl Fn(&Message) -> bool + Send + 'static) -> Self {
        Self { name: name.to_owned(), from: None, to: None, test: Box::new(test) }
    }

    /// Only those sent by this host.
    #[must_use]
    pub fn from(mut self, host: IpAddr) -> Self {
        self.from = Some(host);
        self
    }

    /// Only those meant for this host.
    #[must_use]
    pub fn to(mut self, host: IpAddr) -> Self {
        self.to = Some(host);
        self
    }

    /// Whether a message on its way from one host to another is meant.
    pub fn matches(&self, from: IpAddr, to: IpAddr, message: &Message) -> bool {
        self.from.is_none_or(|host| host == from)
            && self.to.is_none_or(|host| host == to)
            && (self.test)(message)
    }
}

impl fmt::Debug for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
