//! The world outside: a trunk of the server leads to a socket of ours, where a provider answers every number.

use std::io;
use std::net::Ipv4Addr;

use super::line::Line;
use super::message::user_number;
use super::phones::{Phones, SIP_BUFFER};
use super::socket::Endpoint;

/// The provider's socket; an error where another has that port, for the trunk leads there alone.
pub(super) fn provider(host: Ipv4Addr, port: u16) -> io::Result<Endpoint> {
    let endpoint = Endpoint::bind(host, port, SIP_BUFFER)?;
    if endpoint.address.port() == port { Ok(endpoint) } else { Err(io::ErrorKind::AddrInUse.into()) }
}

impl Phones {
    /// What is dialled for a user: the user's own name, or with a trunk a number that only the provider knows.
    pub(super) fn dialled(&self, user: u32) -> String {
        match self.provider {
            Some(_) => number(user),
            None => (self.settings.base + user).to_string(),
        }
    }

    /// The user that an INVITE to that socket is for.
    pub(super) fn asked_for(&self, endpoint: usize, request_line: &str) -> Option<u32> {
        if self.provider == Some(endpoint) {
            user_of(request_line)
        } else {
            user_number(request_line)?.checked_sub(self.settings.base)
        }
    }

    /// The Contact of whoever answers at that socket.
    pub(super) fn contact_at(&self, endpoint: usize, user: u32) -> String {
        match self.endpoints.get(endpoint) {
            Some(Line::Udp(provider)) if self.provider == Some(endpoint) => {
                format!("<sip:{}@{}>", number(user), provider.address)
            }
            _ => self.contact_of(user),
        }
    }

    /// The calls that the provider has answered and that have not been hung up.
    pub(super) fn standing_at_provider(&self) -> u64 {
        let answered = self.answered.keys().filter_map(|key| self.answered.get(key));
        answered.filter(|answered| self.provider == Some(answered.endpoint)).count() as u64
    }
}

/// Numbers at home, which every extension may call. Nobody's begins with so many zeros.
const PREFIX: &str = "+3120";

fn number(user: u32) -> String {
    format!("{PREFIX}{user:07}")
}

fn user_of(request_line: &str) -> Option<u32> {
    let (_, after) = request_line.split_once("sip:")?;
    after.strip_prefix(PREFIX)?.split(['@', ';', ' ']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_leads_back_to_its_user() {
        assert_eq!(number(17), "+31200000017");
        assert_eq!(user_of(&format!("INVITE sip:{}@127.0.0.1:41900 SIP/2.0", number(1999))), Some(1999));
        assert_eq!(user_of("INVITE sip:+31200000017;phone-context=x@h SIP/2.0"), Some(17));
        assert_eq!(user_of("INVITE sip:100017@h SIP/2.0"), None);
    }

    #[test]
    fn the_provider_is_at_its_port_or_nowhere() {
        let first = Endpoint::bind(Ipv4Addr::LOCALHOST, 40_500, 1 << 16).unwrap();
        assert!(provider(Ipv4Addr::LOCALHOST, first.address.port()).is_err());
    }
}
