//! Whether a host takes our account. It is asked which contacts it knows of us, which proves the password and changes nothing
//! (RFC 3261 section 10.2.3): the registration of the PBX stays as it is.

use kiestoon_call::Account;
use kiestoon_control::{Rung, RungName, TrunkHost};
use kiestoon_sip::digest::{Challenge, Session};
use kiestoon_sip::{HeaderName, Request, Response};

use super::line::{Line, Silence};
use super::rung::{Draft, both};
use super::{Climb, Host};

/// How an exchange ended.
enum Answer {
    /// With this.
    Final(Response),
    /// It wants credentials again, after it was given right ones twice.
    AsksForever(Response),
    /// It wants credentials of a kind that we cannot make.
    Unanswerable(Response),
    Silent(Silence),
}

impl Climb<'_> {
    /// Asks with the credentials of the trunk.
    pub(super) async fn register(&mut self, host: &Host<'_>, line: &mut Line) -> Rung {
        let mut draft = Draft::new(RungName::Register, &host.text, self.trunk);
        let trunk = self.trunk;
        let (Some(account), Some(_)) = (&trunk.account, trunk.registers) else {
            return draft.skipped(both!(
                "this trunk does not register: the provider knows us by our address, or asks for credentials at each call",
                "deze trunk meldt zich niet aan: de aanbieder kent ons aan ons adres, of vraagt bij elk gesprek naar een wachtwoord"
            ));
        };
        let live = self.live.and_then(|live| live.hosts.iter().find(|known| known.host == host.text));
        if let Some(live) = live {
            draft.detail("pbx_registered_until", live.registered_until.as_deref().unwrap_or("-"));
        }
        match self.fetch(host, line, account, &mut draft).await {
            Answer::Final(response) => judged(draft, account, &response, live),
            Answer::AsksForever(response) => wrong_password(draft, account, &response),
            Answer::Unanswerable(response) => {
                let asked = response.headers.get(&HeaderName::WwwAuthenticate).unwrap_or("-").to_owned();
                draft.detail("asked", asked);
                draft.failed(
                    both!(
                        "it wants credentials of a kind that the PBX does not know",
                        "de host wil een bewijs van een soort die de centrale niet kent"
                    ),
                    both!(
                        "ask the provider for digest authentication with MD5 or SHA-256",
                        "vraag de aanbieder om digest-authenticatie met MD5 of SHA-256"
                    ),
                )
            }
            Answer::Silent(silence) => unanswered(draft, line, &silence),
        }
    }

    async fn fetch(
        &mut self,
        host: &Host<'_>,
        line: &mut Line,
        account: &Account,
        draft: &mut Draft,
    ) -> Answer {
        let (settings, names) = (&self.around.settings, self.names());
        let Some(mut request) = self.trunk.bindings_request(settings, host.uri, names) else {
            return Answer::Silent(Silence::Nothing);
        };
        let mut session = Session::default();
        let mut tries = 0;
        loop {
            let branch = self.word();
            let response = match line.ask(request.clone(), settings, &branch, draft).await {
                Ok(response) => response,
                Err(silence) => return Answer::Silent(silence),
            };
            if !matches!(response.status.code(), 401 | 407) {
                return Answer::Final(response);
            }
            // One more for a nonce that was too old.
            if tries >= MOST_TRIES || (tries > 0 && !is_stale(&response)) {
                return Answer::AsksForever(response);
            }
            if !session.challenged(&response.headers) {
                return Answer::Unanswerable(response);
            }
            tries += 1;
            let cnonce = self.word();
            prove(&mut request, &mut session, account, &cnonce);
        }
    }
}

fn prove(request: &mut Request, session: &mut Session, account: &Account, cnonce: &str) {
    request.cseq.number = request.cseq.number.saturating_add(1);
    session.prove(request, &account.login, &account.password, cnonce);
}

pub(super) fn is_stale(response: &Response) -> bool {
    [HeaderName::WwwAuthenticate, HeaderName::ProxyAuthenticate].iter().any(|name| {
        response.headers.get_all(name).any(|value| Challenge::parse(value).is_ok_and(|asked| asked.stale))
    })
}

fn judged(mut draft: Draft, account: &Account, response: &Response, live: Option<&TrunkHost>) -> Rung {
    let (status, reason, user) = (response.status.code(), &response.reason, &account.username);
    draft.detail("status", format!("{status} {reason}"));
    match status {
        200..300 => taken(draft, account, response, live),
        403 => draft.failed(
            both!("403 {reason}: the provider refuses the account {user}", "403 {reason}: de aanbieder weigert het account {user}"),
            both!(
                "some providers say so of a wrong password: set `username`, `login` and `password` again; else ask whether the account is active and may be used from your address",
                "sommige aanbieders zeggen dit van een verkeerd wachtwoord: zet `username`, `login` en `password` opnieuw; vraag anders of het account actief is en vanaf uw adres gebruikt mag worden"
            ),
        ),
        404 => draft.failed(
            both!("404 {reason}: the provider does not know {user} at this host", "404 {reason}: de aanbieder kent {user} niet op deze host"),
            both!(
                "compare `username` and `domain` of the trunk with what the provider wrote",
                "vergelijk `username` en `domain` van de trunk met wat de aanbieder schreef"
            ),
        ),
        408 | 500..600 => draft.failed(
            both!("it answers {status} {reason}: its registrar cannot serve us now", "de host antwoordt {status} {reason}: de registrar kan ons nu niet bedienen"),
            both!("try again later, and ask the provider when it lasts", "probeer het later opnieuw, en vraag de aanbieder als het duurt"),
        ),
        _ => draft.warning(
            both!(
                "it answers {status} {reason} to a question for the contacts that it knows",
                "de host antwoordt {status} {reason} op de vraag naar de contacten die hij kent"
            ),
            both!(
                "some providers take no such question: see whether the PBX is registered, by `kiestoon ctl trunks`",
                "sommige aanbieders nemen zo'n vraag niet aan: kijk met `kiestoon ctl trunks` of de centrale is aangemeld"
            ),
        ),
    }
}

/// The account is right.
fn taken(mut draft: Draft, account: &Account, response: &Response, live: Option<&TrunkHost>) -> Rung {
    let contacts = response.headers.addresses(&HeaderName::Contact).unwrap_or_default();
    let user = &account.username;
    for (nth, contact) in contacts.iter().take(MOST_CONTACTS).enumerate() {
        let expires = contact.expires().or_else(|| response.headers.expires());
        let expires = expires.map_or_else(|| "-".to_owned(), |secs| format!("{secs} s"));
        draft.detail(&format!("contact_{}", nth + 1), format!("{}, {expires}", contact.uri));
    }
    let count = contacts.len();
    let found = match count {
        0 => both!(
            "the provider takes the account {user}, and has no contact of it",
            "de aanbieder neemt het account {user} aan, en heeft er geen contact van"
        ),
        1 => both!(
            "the provider takes the account {user}, and has one contact of it",
            "de aanbieder neemt het account {user} aan, en heeft er één contact van"
        ),
        _ => both!(
            "the provider takes the account {user}, and has {count} contacts of it",
            "de aanbieder neemt het account {user} aan, en heeft er {count} contacten van"
        ),
    };
    match live {
        Some(live) if live.registered_until.is_none() => draft.warning(
            found,
            both!(
                "the PBX itself is not registered there yet: if `kiestoon ctl trunks` says so a minute from now too, its log says why",
                "de centrale zelf is daar nog niet aangemeld: zegt `kiestoon ctl trunks` dat over een minuut nog, dan zegt haar log waarom"
            ),
        ),
        Some(_) if count == 0 => draft.warning(
            found,
            both!(
                "the PBX believes to be registered: the provider may have forgotten it, or tell nobody; try a call in with --wait-inbound 60",
                "de centrale denkt aangemeld te zijn: de aanbieder is het misschien vergeten, of zegt het niemand; probeer een inkomend gesprek met --wait-inbound 60"
            ),
        ),
        _ => draft.ok(found),
    }
}

fn wrong_password(mut draft: Draft, account: &Account, response: &Response) -> Rung {
    let (status, reason) = (response.status.code(), &response.reason);
    draft.detail("status", format!("{status} {reason}"));
    let user = &account.login;
    draft.failed(
        both!(
            "it asks for the password again ({status} {reason}): user name or password of {user} is wrong",
            "de host vraagt opnieuw naar het wachtwoord ({status} {reason}): gebruikersnaam of wachtwoord van {user} klopt niet"
        ),
        both!(
            "set both again with `kiestoon trunk set`: `password`, and `login` where the provider has a name of its own for it",
            "zet beide opnieuw met `kiestoon trunk set`: `password`, en `login` als de aanbieder daar een eigen naam voor heeft"
        ),
    )
}

fn unanswered(draft: Draft, line: &Line, silence: &Silence) -> Rung {
    let secs = line.patience().as_secs();
    let found = match silence {
        Silence::Closed => both!("the connection was closed", "de verbinding werd gesloten"),
        _ => both!("no answer within {secs} s", "geen antwoord binnen {secs} s"),
    };
    draft.failed(
        found,
        both!(
            "ask the provider which host registers, and whether your address is blocked after wrong passwords",
            "vraag de aanbieder welke host aanmeldt, en of uw adres na verkeerde wachtwoorden geblokkeerd is"
        ),
    )
}

/// A wrong password is not tried often: some providers block who does.
const MOST_TRIES: u32 = 2;
const MOST_CONTACTS: usize = 10;
