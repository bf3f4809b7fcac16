//! Which addresses a host has, and in which order calls try them (RFC 3263).

use std::net::IpAddr;

use kiestoon_control::{Rung, RungName, Sentence};
use kiestoon_sip::locate::{Answer, Query, Question};
use kiestoon_sip::{Flow, Transport};

use super::rung::{Draft, both};
use super::{Climb, Host};
use crate::transport::{Asked, Trace, Unanswered, trace};

impl Climb<'_> {
    /// The ways to a host, in the order in which they are tried.
    pub(super) async fn dns(&mut self, host: &Host<'_>) -> (Rung, Vec<Flow>) {
        let mut draft = Draft::new(RungName::Dns, &host.text, self.trunk);
        let query = self.trunk.query(host.uri);
        let listen = &self.around.settings.listen;
        let can = |transport| transport == Transport::Tls || listen.iter().any(|(of, _)| *of == transport);
        if let Some(missing) = missing(&query, can) {
            let (key, word) = (missing.uri_token(), missing.via_token());
            let key = format!("sip.{key}");
            return (
                draft.failed(
                    both!(
                        "this host wants {word}, and the PBX does not speak it",
                        "deze host wil {word}, en de centrale spreekt dat niet"
                    ),
                    both!(
                        "add an address at `{key}` in the configuration and start the PBX again",
                        "voeg bij `{key}` in de configuratie een adres toe en start de centrale opnieuw"
                    ),
                ),
                Vec::new(),
            );
        }
        let found = trace(self.around.dns.as_ref(), query.clone(), listen, &mut self.random).await;
        for asked in &found.asked {
            let (question, answer) = shown(asked);
            draft.detail(&question, answer);
        }
        let order: Vec<String> = found.flows.iter().map(way).collect();
        draft.detail("order", order.join(", "));
        let rung = match found.flows.as_slice() {
            [] => {
                let (said, advice) = nowhere(&query, &found);
                draft.failed(said, advice)
            }
            flows if let Some(stranger) = self.stranger_to_itself(flows) => {
                let order = order.join(", ");
                draft.warning(
                    both!("{order}, of which {stranger} is not among `addresses` of the trunk", "{order}, waarvan {stranger} niet bij `addresses` van de trunk hoort"),
                    both!(
                        "if calls come in from there too, add {stranger} to `addresses`: else they are refused",
                        "komen daar ook gesprekken vandaan, voeg {stranger} dan toe aan `addresses`: anders worden ze geweigerd"
                    ),
                )
            }
            [only] if query.host.parse::<IpAddr>().is_ok() => {
                let only = way(only);
                draft.ok(both!("an address, and no name: {only}", "een adres, en geen naam: {only}"))
            }
            _ => {
                let (name, order) = (&query.host, order.join(", "));
                draft.ok(both!("{name} leads to {order}", "{name} leidt naar {order}"))
            }
        };
        (rung, found.flows)
    }
}

impl Climb<'_> {
    /// An address that calls go out to and that none may come in from, where the trunk is known by its addresses.
    fn stranger_to_itself(&self, flows: &[Flow]) -> Option<IpAddr> {
        let known = &self.trunk.addresses;
        let mut addresses = flows.iter().map(|flow| flow.remote.ip());
        if known.is_empty() || self.trunk.registers.is_some() {
            return None;
        }
        addresses.find(|address| !known.iter().any(|network| network.contains(*address)))
    }
}

/// The transport that a host asks for and that we do not speak.
fn missing(query: &Query, speaks: impl Fn(Transport) -> bool) -> Option<Transport> {
    let wanted = query.transport.or_else(|| query.secure.then_some(Transport::Tls))?;
    (!speaks(wanted)).then_some(wanted)
}

fn way(flow: &Flow) -> String {
    format!("{} {}", flow.remote, flow.transport.via_token())
}

/// A question and its answer, as records are written.
fn shown(asked: &Asked) -> (String, String) {
    let question = match &asked.question {
        Question::Naptr(name) => format!("NAPTR {name}"),
        Question::Srv(name) => format!("SRV {name}"),
        Question::Addresses(name) => format!("A/AAAA {name}"),
    };
    let list = |records: Vec<String>| if records.is_empty() { "-".into() } else { records.join(", ") };
    let answer = match &asked.answer {
        Ok(Answer::Naptr(records)) => {
            list(records.iter().map(|of| format!("{} {} {}", of.order, of.service, of.replacement)).collect())
        }
        Ok(Answer::Srv(records)) => list(
            records
                .iter()
                .map(|of| format!("{} {} {}:{}", of.priority, of.weight, of.target, of.port))
                .collect(),
        ),
        Ok(Answer::Addresses(addresses)) => list(addresses.iter().map(ToString::to_string).collect()),
        Err(Unanswered::NoName) => "no such name".into(),
        Err(Unanswered::NoRecords) => "-".into(),
        Err(Unanswered::Failed(reason)) => format!("no answer: {reason}"),
    };
    (question, answer)
}

/// Why nothing was found, and what to do.
fn nowhere(query: &Query, found: &Trace) -> (Sentence, Sentence) {
    let name = &query.host;
    let of_addresses =
        found.asked.iter().rev().find(|asked| matches!(asked.question, Question::Addresses(_)));
    if !found.out_of_reach.is_empty() {
        let far = found.out_of_reach.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return (
            both!("no address of ours leads to {far}", "geen adres van ons leidt naar {far}"),
            both!(
                "give this machine a route there, and have the PBX listen on an address of that kind (IPv4 or IPv6)",
                "geef deze machine een route daarheen, en laat de centrale luisteren op een adres van die soort (IPv4 of IPv6)"
            ),
        );
    }
    match of_addresses.map(|asked| &asked.answer) {
        Some(Err(Unanswered::NoName)) => (
            both!("the name {name} does not exist", "de naam {name} bestaat niet"),
            both!(
                "compare `host` of the trunk with what the provider wrote, letter by letter",
                "vergelijk `host` van de trunk letter voor letter met wat de aanbieder schreef"
            ),
        ),
        Some(Ok(_) | Err(Unanswered::NoRecords)) => (
            both!(
                "the name {name} exists, and has no address",
                "de naam {name} bestaat, en heeft geen adres"
            ),
            both!(
                "ask the provider for the host of its SIP service; this name may be that of its website",
                "vraag de aanbieder naar de host van zijn SIP-dienst; deze naam is misschien die van zijn website"
            ),
        ),
        Some(Err(Unanswered::Failed(_))) | None => (
            both!("no DNS server answered about {name}", "geen DNS-server gaf antwoord over {name}"),
            both!(
                "look at `sip.dns` of the configuration, or at the DNS servers of this machine, and at the firewall (port 53)",
                "kijk naar `sip.dns` van de configuratie, of naar de DNS-servers van deze machine, en naar de firewall (poort 53)"
            ),
        ),
    }
}
