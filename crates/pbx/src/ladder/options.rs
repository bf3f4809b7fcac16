//! Whether a SIP server answers, what it says of itself, and at which address it sees us.

use std::net::IpAddr;

use kiestoon_control::{Rung, RungName, Sentence};
use kiestoon_sip::{HeaderName, Response};

use super::line::{Line, Silence};
use super::rung::{Draft, both};
use super::{Climb, Host};

impl Climb<'_> {
    /// Sends the OPTIONS that the health of a host is asked by.
    pub(super) async fn ask_options(
        &mut self,
        host: &Host<'_>,
        line: &mut Line,
    ) -> (Draft, Result<Response, Silence>) {
        let mut draft = Draft::new(RungName::Options, &host.text, self.trunk);
        let settings = &self.around.settings;
        let names = self.names();
        let request = self.trunk.options_request(settings, host.uri, &line.flow, names);
        let branch = self.word();
        let answer = line.ask(request, settings, &branch, &mut draft).await;
        (draft, answer)
    }

    /// What came of it; asked here where it was not before.
    pub(super) async fn options(
        &mut self,
        host: &Host<'_>,
        line: &mut Line,
        asked: Option<(Draft, Result<Response, Silence>)>,
    ) -> Rung {
        let (mut draft, answer) = match asked {
            Some(asked) => asked,
            None => self.ask_options(host, line).await,
        };
        let response = match answer {
            Ok(response) => response,
            Err(silence) => return self.unanswered(draft, line, &silence),
        };
        let status = response.status.code();
        draft.detail("status", format!("{status} {}", response.reason));
        for (name, header) in [
            ("server", HeaderName::Server),
            ("user_agent", HeaderName::UserAgent),
            ("allow", HeaderName::Allow),
            ("supported", HeaderName::Supported),
            ("warning", HeaderName::Warning),
        ] {
            if let Some(value) = response.headers.get(&header) {
                draft.detail(name, value);
            }
        }
        let seen = seen_at(&response);
        if let Some((address, port)) = seen {
            draft.detail(
                "seen_at",
                port.map_or_else(|| address.to_string(), |port| format!("{address}:{port}")),
            );
        }
        draft.detail("told", line.sent_by());
        let reason = &response.reason;
        match status {
            408 | 500..600 => draft.failed(
                both!(
                    "it answers {status} {reason}: it cannot serve us now",
                    "de host antwoordt {status} {reason}: hij kan ons nu niet bedienen"
                ),
                both!(
                    "calls go to another host meanwhile; ask the provider when it lasts",
                    "gesprekken gaan zolang naar een andere host; vraag de aanbieder als het duurt"
                ),
            ),
            403 if self.trunk.registers.is_none() => draft.warning(
                both!(
                    "it answers 403 {reason}: it may not know our address",
                    "de host antwoordt 403 {reason}: misschien kent hij ons adres niet"
                ),
                match seen {
                    Some((address, _)) => both!(
                        "have the provider add {address}, which is where it sees you, to your account",
                        "laat de aanbieder {address}, waar hij u ziet, aan uw account toevoegen"
                    ),
                    None => both!(
                        "have the provider add your public address to your account",
                        "laat de aanbieder uw openbare adres aan uw account toevoegen"
                    ),
                },
            ),
            _ => answered(draft, line, &response, seen),
        }
    }

    fn unanswered(&self, draft: Draft, line: &Line, silence: &Silence) -> Rung {
        let (remote, secs) = (line.flow.remote, line.patience().as_secs());
        let found = match silence {
            Silence::Nothing => both!("no answer within {secs} s", "geen antwoord binnen {secs} s"),
            Silence::Closed => both!("{remote} closed the connection", "{remote} sloot de verbinding"),
            Silence::Refused(error) => both!("not sent: {error}", "niet verzonden: {error}"),
            Silence::Nonsense => both!("what came back is not SIP", "wat terugkwam is geen SIP"),
        };
        let is_asked = self.trunk.options.is_some();
        match (silence, self.trunk.registers.is_some(), is_asked) {
            (Silence::Nothing, true, false) => draft.warning(found, both!(
                "nothing, if REGISTER is answered: `options` of this trunk is off",
                "niets, als REGISTER wordt beantwoord: `options` van deze trunk staat uit"
            )),
            (Silence::Nothing, true, true) => draft.warning(found, both!(
                "if REGISTER is answered the provider answers no OPTIONS: set `options` of the trunk to off, or it counts as down",
                "wordt REGISTER beantwoord, dan beantwoordt de aanbieder geen OPTIONS: zet `options` van de trunk op off, anders geldt de trunk als uitgevallen"
            )),
            (Silence::Nothing, false, true) => draft.failed(found, both!(
                "ask the provider whether it answers SIP from your address at this port; where it answers calls and no OPTIONS, set `options` of the trunk to off, or it is down",
                "vraag de aanbieder of hij op deze poort SIP van uw adres beantwoordt; beantwoordt hij gesprekken en geen OPTIONS, zet `options` van de trunk dan op off, anders ligt hij eruit"
            )),
            _ => draft.failed(found, both!(
                "ask the provider whether it answers SIP from your address at this port",
                "vraag de aanbieder of hij op deze poort SIP van uw adres beantwoordt"
            )),
        }
    }
}

fn answered(draft: Draft, line: &Line, response: &Response, seen: Option<(IpAddr, Option<u16>)>) -> Rung {
    let (status, reason) = (response.status.code(), &response.reason);
    let told = line.sent_by().ip();
    match seen {
        Some((address, _)) if address.to_canonical() != told.to_canonical() => draft.warning(
            both!(
                "it answers {status} {reason}, and sees us at {address}, where we say to be at {told}",
                "de host antwoordt {status} {reason}, en ziet ons op {address}, waar wij zeggen op {told} te zijn"
            ),
            both!(
                "there is a NAT between: set `sip.external_address` to {address}, and let the RTP ports through your router",
                "er zit een NAT tussen: zet `sip.external_address` op {address}, en laat de RTP-poorten door uw router"
            ),
        ),
        _ => draft.ok(said(status, reason)),
    }
}

/// Whatever it says, who answers is there.
fn said(status: u16, reason: &str) -> Sentence {
    match status {
        200..300 => both!("it answers {status} {reason}", "de host antwoordt {status} {reason}"),
        _ => both!(
            "it answers {status} {reason}: it is there, and takes no OPTIONS from us",
            "de host antwoordt {status} {reason}: hij is er, en neemt van ons geen OPTIONS"
        ),
    }
}

/// The address that the host saw us at (RFC 3581).
fn seen_at(response: &Response) -> Option<(IpAddr, Option<u16>)> {
    let via = response.via.first()?;
    Some((via.received()?, via.rport().flatten()))
}
