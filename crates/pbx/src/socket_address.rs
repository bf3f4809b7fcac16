//! Socket addresses as the kernel writes them beside what it has received.
use std::net::SocketAddr;

use nix::sys::socket::SockaddrStorage;

/// The address, with the interface that a link-local one is of; None where it is of neither IPv4 nor IPv6.
pub(crate) fn of(storage: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = storage.as_sockaddr_in().map(|v4| SocketAddr::V4((*v4).into()));
    v4.or_else(|| storage.as_sockaddr_in6().map(|v6| SocketAddr::V6((*v6).into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_whole() {
        for text in ["192.0.2.1:5060", "[2001:db8::1]:5061", "[fe80::1%3]:5060"] {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(of(&SockaddrStorage::from(address)), Some(address));
        }
    }
}
