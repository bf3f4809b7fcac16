//! What is wrong with the addresses that phones are told: blocks that stand twice, addresses that lead nowhere.

use std::net::IpAddr;

use crate::load::place_of;
use crate::node::{Node, Reading};
use crate::sentence::{Sentence, both};
use crate::tree::Sip;
use crate::value::Cidr;

pub(crate) fn check(sip: &Sip, root: &Node, reading: &mut Reading) {
    let mut networks = Networks { root, reading, seen: Vec::new() };
    networks.usable("sip.external_address", sip.external_address);
    networks.listened("sip.external_address", sip.external_address, sip);
    for (index, network) in sip.network.iter().enumerate() {
        let path = format!("sip.network[{index}]");
        if network.cidr.is_empty() {
            let hint =
                both!("write it as cidr = [\"10.8.0.0/16\"]", "schrijf het als cidr = [\"10.8.0.0/16\"]");
            let message = both!(
                "`{path}` has no `cidr`: no phone is in it",
                "`{path}` heeft geen `cidr`: er is geen toestel in"
            );
            networks.error(&path, message, Some(hint));
        }
        network.cidr.iter().for_each(|block| networks.once(&path, *block));
        let external = format!("{path}.external_address");
        let speech = format!("{path}.external_rtp_address");
        networks.listened(&external, network.external_address, sip);
        for (key, address) in [(external, network.external_address), (speech, network.external_rtp_address)] {
            networks.usable(&key, address);
            networks.of_one_family(&key, address, &network.cidr);
        }
    }
}

struct Networks<'a> {
    root: &'a Node,
    reading: &'a mut Reading,
    /// The blocks so far, each with the section that it stands in.
    seen: Vec<(Cidr, String)>,
}

impl Networks<'_> {
    /// The longest prefix counts, so only equal blocks contradict each other.
    fn once(&mut self, path: &str, block: Cidr) {
        let equal = |(other, _): &&(Cidr, String)| {
            other.prefix == block.prefix && other.contains(block.address) && block.contains(other.address)
        };
        match self.seen.iter().find(equal) {
            Some((other, first)) => {
                let message = both!(
                    "`{path}.cidr`: {block} is the same network as {other} of `{first}`",
                    "`{path}.cidr`: {block} is hetzelfde netwerk als {other} van `{first}`"
                );
                let hint = both!("keep one of them", "houd er een van");
                self.error(&format!("{path}.cidr"), message, Some(hint));
            }
            None => self.seen.push((block, path.to_owned())),
        }
    }

    fn usable(&mut self, key: &str, address: Option<IpAddr>) {
        let leads_nowhere = |ip: &IpAddr| {
            let is_broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
            ip.is_unspecified() || ip.is_multicast() || is_broadcast
        };
        if let Some(address) = address.filter(leads_nowhere) {
            let hint = both!(
                "name the one address of this PBX that the phones reach",
                "noem het ene adres van deze centrale dat de toestellen bereiken"
            );
            let message = both!(
                "`{key}`: no phone can send to {address}",
                "`{key}`: geen toestel kan naar {address} zenden"
            );
            self.error(key, message, Some(hint));
        }
    }

    /// Only who speaks that IP version with us is told such an address.
    fn listened(&mut self, key: &str, address: Option<IpAddr>, sip: &Sip) {
        let Some(address) = address else { return };
        let mut listeners = sip.udp.iter().chain(&sip.tcp).chain(&sip.tls.listen);
        if !listeners.any(|listener| listener.is_ipv4() == address.is_ipv4()) {
            let version = if address.is_ipv4() { "IPv4" } else { "IPv6" };
            let hint = both!(
                "listen on an {version} address too, or name the other kind here",
                "luister ook op een adres van {version}, of noem hier de andere soort"
            );
            let message = both!(
                "`{key}`: {address} is told to nobody, for nothing listens on {version}",
                "`{key}`: {address} wordt niemand verteld, want er luistert niets op {version}"
            );
            self.error(key, message, Some(hint));
        }
    }

    fn of_one_family(&mut self, key: &str, address: Option<IpAddr>, blocks: &[Cidr]) {
        let other =
            |address: &IpAddr| blocks.iter().find(|block| block.address.is_ipv4() != address.is_ipv4());
        if let Some((address, block)) = address.and_then(|address| Some((address, other(&address)?))) {
            let hint = both!(
                "write IPv4 and IPv6 into sections of their own",
                "schrijf IPv4 en IPv6 in eigen secties"
            );
            let message = both!(
                "`{key}`: {address} and {block} are of different IP versions",
                "`{key}`: {address} en {block} zijn van verschillende IP-versies"
            );
            self.error(key, message, Some(hint));
        }
    }

    fn error(&mut self, key: &str, message: Sentence, hint: Option<Sentence>) {
        self.reading.error(&place_of(self.root, key), message, hint);
    }
}
