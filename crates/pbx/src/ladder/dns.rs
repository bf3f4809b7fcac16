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
    let targets: Vec<&str> = targets(found).collect();
    if !targets.is_empty() && targets.iter().all(|target| *target == NO_SERVICE) {
        return (
            both!(
                "{name} says that it has no SIP service: its SRV record names the host `.`",
                "{name} zegt dat er geen SIP-dienst is: het SRV-record noemt de host `.`"
            ),
            both!(
                "ask the provider for the host of its SIP service, or for another `transport`: of this one it wants no calls",
                "vraag de aanbieder naar de host van zijn SIP-dienst, of naar een ander `transport`: voor dit wil hij geen gesprekken"
            ),
        );
    }
    let of_addresses = found.asked.iter().rev().find_map(|asked| match &asked.question {
        Question::Addresses(of) => Some((of, &asked.answer)),
        _ => None,
    });
    match of_addresses {
        Some((target, Ok(_) | Err(Unanswered::NoName | Unanswered::NoRecords)))
            if targets.iter().any(|of| is_same(of, target)) =>
        {
            (
                both!(
                    "the SRV record of {name} leads to {target}, which has no address",
                    "het SRV-record van {name} leidt naar {target}, en dat heeft geen adres"
                ),
                both!(
                    "the records are at fault (a host that is gone, or a CNAME that leads in a circle): tell the provider, or give `host` another host of it",
                    "de records kloppen niet (een host die er niet meer is, of een CNAME die in een kring leidt): zeg het de aanbieder, of geef bij `host` een andere host op"
                ),
            )
        }
        Some((_, Err(Unanswered::NoName))) => (
            both!("the name {name} does not exist", "de naam {name} bestaat niet"),
            both!(
                "compare `host` of the trunk with what the provider wrote, letter by letter",
                "vergelijk `host` van de trunk letter voor letter met wat de aanbieder schreef"
            ),
        ),
        Some((_, Ok(_) | Err(Unanswered::NoRecords))) => (
            both!(
                "the name {name} exists, and has no address",
                "de naam {name} bestaat, en heeft geen adres"
            ),
            both!(
                "ask the provider for the host of its SIP service; this name may be that of its website",
                "vraag de aanbieder naar de host van zijn SIP-dienst; deze naam is misschien die van zijn website"
            ),
        ),
        Some((_, Err(Unanswered::Failed(_)))) | None => (
            both!("no DNS server answered about {name}", "geen DNS-server gaf antwoord over {name}"),
            both!(
                "look at `sip.dns` of the configuration, or at the DNS servers of this machine, and at the firewall (port 53)",
                "kijk naar `sip.dns` van de configuratie, of naar de DNS-servers van deze machine, en naar de firewall (poort 53)"
            ),
        ),
    }
}

/// The hosts that the SRV records name.
fn targets(found: &Trace) -> impl Iterator<Item = &str> {
    let records = found.asked.iter().filter_map(|asked| match &asked.answer {
        Ok(Answer::Srv(records)) => Some(records),
        _ => None,
    });
    records.flatten().map(|record| &*record.target)
}

/// Names of the DNS, of which one may be written with its last dot.
fn is_same(one: &str, other: &str) -> bool {
    one.trim_end_matches('.').eq_ignore_ascii_case(other.trim_end_matches('.'))
}

/// The host of a service that there decidedly is not (RFC 2782).
const NO_SERVICE: &str = ".";

#[cfg(test)]
mod tests {
    use kiestoon_sip::locate::Srv;

    use super::*;

    /// What is said where the SRV records of `dot.example` name this host, and the host has this answer.
    fn said(target: &str, addresses: Option<Result<Answer, Unanswered>>) -> (String, String) {
        let query = Query { host: "dot.example".into(), port: None, transport: None, secure: false };
        let record = Srv { priority: 0, weight: 0, port: 0, target: target.into() };
        let srv = Question::Srv("_sip._udp.dot.example".into());
        let mut asked = vec![Asked { question: srv, answer: Ok(Answer::Srv(vec![record])) }];
        asked.extend(
            addresses.map(|answer| Asked { question: Question::Addresses("sip.dot.example".into()), answer }),
        );
        let (said, advice) = nowhere(&query, &Trace { asked, flows: Vec::new(), out_of_reach: Vec::new() });
        (said.en, advice.en)
    }

    #[test]
    fn a_domain_that_has_no_such_service_says_so() {
        let (said, advice) = said(".", None);
        assert!(said.contains("dot.example says that it has no SIP service"), "{said}");
        assert!(advice.contains("provider") && !advice.contains("firewall"), "{advice}");
    }

    #[test]
    fn a_service_whose_host_has_no_address_is_the_providers_fault() {
        let nothing =
            [Err(Unanswered::NoRecords), Err(Unanswered::NoName), Ok(Answer::Addresses(Vec::new()))];
        for answer in nothing {
            let (said, advice) = said("sip.dot.example.", Some(answer));
            assert!(said.contains("leads to sip.dot.example, which has no address"), "{said}");
            assert!(advice.contains("CNAME") && !advice.contains("website"), "{advice}");
        }
        let (said, _) = said("sip.dot.example.", Some(Err(Unanswered::Failed("time".into()))));
        assert!(said.contains("no DNS server answered"), "{said}");
    }
}
