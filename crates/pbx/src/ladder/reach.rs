//! Whether one of the addresses of a host can be reached. A datagram is an answer's only proof, so that over UDP the OPTIONS of the
//! rung above goes out here.

use std::io;

use kiestoon_control::{Rung, RungName, Sentence};
use kiestoon_sip::{Flow, Response, Transport};
use tokio::net::TcpStream;

use super::line::{Line, Silence, over};
use super::rung::{Draft, both};
use super::{Climb, Host};
use crate::transport::connect;

/// A host at the other end.
pub(super) enum Reached {
    /// SIP can be spoken; over UDP it has been, and this came of it.
    Line(Box<(Line, Option<Asked>)>),
    /// It has to prove who it is first.
    Stream(TcpStream, Flow),
}

/// The rung of OPTIONS, and what came of it.
pub(super) type Asked = (Draft, Result<Response, Silence>);

/// What an address came to that was tried in vain.
struct Failure {
    flow: Flow,
    error: io::Error,
}

impl Climb<'_> {
    /// Tries the addresses one after the other, as calls do.
    pub(super) async fn reach(&mut self, host: &Host<'_>, flows: &[Flow]) -> (Rung, Option<Reached>) {
        let draft = Draft::new(RungName::Transport, &host.text, self.trunk);
        match flows.first().map(|flow| flow.transport) {
            None => (draft.skipped(both!("the host has no address", "de host heeft geen adres")), None),
            Some(Transport::Udp) => self.reach_by_datagrams(host, flows, draft).await,
            Some(_) => self.reach_by_stream(flows, draft).await,
        }
    }

    async fn reach_by_stream(&self, flows: &[Flow], mut draft: Draft) -> (Rung, Option<Reached>) {
        let mut failures = Vec::new();
        for flow in flows.iter().filter(|flow| flow.transport.is_reliable()).take(MOST_ADDRESSES) {
            let stream = match connect(flow.remote).await {
                Ok(stream) => stream,
                Err(error) => {
                    draft.detail(&flow.remote.to_string(), &error);
                    failures.push(Failure { flow: *flow, error });
                    continue;
                }
            };
            draft.detail(&flow.remote.to_string(), "connected");
            let local = stream.local_addr().unwrap_or(flow.local);
            draft.detail("local", local);
            let remote = flow.remote;
            let found = both!("{remote} takes TCP connections", "{remote} neemt TCP-verbindingen aan");
            let reached = if flow.transport == Transport::Tls {
                Reached::Stream(stream, *flow)
            } else {
                let (settings, trunk) = (&self.around.settings, self.trunk);
                Reached::Line(Box::new((Line::stream(Box::new(stream), local, flow, settings, trunk), None)))
            };
            return (reached_rung(draft, found, &failures), Some(reached));
        }
        (unreached(draft, &failures), None)
    }

    async fn reach_by_datagrams(
        &mut self,
        host: &Host<'_>,
        flows: &[Flow],
        mut draft: Draft,
    ) -> (Rung, Option<Reached>) {
        let (mut failures, mut silent) = (Vec::new(), None);
        for flow in flows.iter().filter(|flow| flow.transport == Transport::Udp).take(MOST_ADDRESSES) {
            let mut line = match Line::datagrams(flow, &self.around.settings, self.trunk).await {
                Ok(line) => line,
                Err(error) => {
                    failures.push(Failure { flow: *flow, error });
                    continue;
                }
            };
            let (asked, answer) = self.ask_options(host, &mut line).await;
            let remote = flow.remote;
            draft.detail("local", line.flow.local);
            match answer {
                Err(Silence::Refused(error)) => {
                    draft.detail(&remote.to_string(), &error);
                    failures.push(Failure { flow: *flow, error });
                }
                Ok(_) => {
                    draft.detail(&remote.to_string(), "answers");
                    let found = both!("{remote} answers over UDP", "{remote} antwoordt over UDP");
                    let rung = reached_rung(draft, found, &failures);
                    return (rung, Some(Reached::Line(Box::new((line, Some((asked, answer)))))));
                }
                Err(_) => {
                    draft.detail(&remote.to_string(), "silent");
                    silent.get_or_insert((line, asked, answer));
                }
            }
        }
        let Some((line, asked, answer)) = silent else { return (unreached(draft, &failures), None) };
        let (remote, secs) = (line.flow.remote, line.patience().as_secs());
        let found = both!(
            "nothing came back from {remote} over UDP within {secs} s",
            "van {remote} kwam over UDP binnen {secs} s niets terug"
        );
        let rung = match self.trunk.registers {
            // Some answer nobody but who registers: the rung above tells.
            Some(_) => draft.warning(
                found,
                both!(
                    "some providers answer no OPTIONS: see whether REGISTER is answered",
                    "sommige aanbieders beantwoorden geen OPTIONS: kijk of REGISTER wordt beantwoord"
                ),
            ),
            None => draft.failed(found, blocked()),
        };
        (rung, Some(Reached::Line(Box::new((line, Some((asked, answer)))))))
    }
}

fn reached_rung(draft: Draft, found: Sentence, failures: &[Failure]) -> Rung {
    let Some(Failure { flow, error }) = failures.first() else { return draft.ok(found) };
    let (first, Sentence { en, nl }) = (flow.remote, found);
    draft.warning(
        both!(
            "{en}, but {first}, which comes before it, does not ({error})",
            "{nl}, maar {first}, dat ervoor komt, niet ({error})"
        ),
        both!(
            "calls lose time at the address that fails: tell the provider, or take it out of `host`",
            "gesprekken verliezen tijd bij het adres dat faalt: meld het de aanbieder, of haal het uit `host`"
        ),
    )
}

fn unreached(draft: Draft, failures: &[Failure]) -> Rung {
    let Some(Failure { flow, error }) = failures.first() else {
        return draft.skipped(both!("the host has no address", "de host heeft geen adres"));
    };
    let (remote, word) =
        (flow.remote, over(if flow.transport == Transport::Udp { Transport::Udp } else { Transport::Tcp }));
    match error.kind() {
        io::ErrorKind::ConnectionRefused => draft.failed(
            both!("nobody listens at {remote} over {word}", "op {remote} luistert niemand over {word}"),
            both!(
                "compare port and `transport` of the trunk with what the provider wrote; many have TLS on 5061 and UDP on 5060",
                "vergelijk poort en `transport` van de trunk met wat de aanbieder schreef; velen hebben TLS op 5061 en UDP op 5060"
            ),
        ),
        io::ErrorKind::TimedOut => draft.failed(
            both!("{remote} does not answer over {word}", "{remote} antwoordt niet over {word}"),
            blocked(),
        ),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => draft.failed(
            both!("no way leads to {remote} ({error})", "er leidt geen weg naar {remote} ({error})"),
            both!(
                "look at the network of this machine: its address, its gateway, and IPv6 where the host has such an address",
                "kijk naar het netwerk van deze machine: haar adres, haar gateway, en IPv6 als de host zo'n adres heeft"
            ),
        ),
        _ => draft.failed(
            both!("{remote} cannot be reached over {word}: {error}", "{remote} is over {word} niet te bereiken: {error}"),
            blocked(),
        ),
    }
}

fn blocked() -> Sentence {
    both!(
        "a firewall on the way drops it, or the provider does not answer an address that it does not know: let the port through, and have the provider add your public address",
        "een firewall onderweg laat het vallen, of de aanbieder antwoordt geen adres dat hij niet kent: laat de poort door, en laat de aanbieder uw openbare adres toevoegen"
    )
}

/// Of one host.
const MOST_ADDRESSES: usize = 4;
