//! `ctl watch` without a terminal: a line for each event, and a new connection when the PBX restarts.

use std::time::Duration;

use kiestoon_control::{Client, Event, Happening};

use super::show;
use crate::cli::failure::Failure;
use crate::cli::language::{Language, say};
use crate::cli::table::printable;
use crate::cli::{Cli, print_line, when};

/// Prints events until the process is ended. A PBX that does not run at the beginning is an error; one that stops later is
/// waited for.
pub(super) async fn follow(cli: &Cli, client: &Client) -> Result<(), Failure> {
    let mut events = client.events().await?;
    loop {
        while let Some(event) = events.next().await {
            let Ok(event) = event else { break };
            if cli.json {
                print_line(&serde_json::to_string(&event).map_err(anyhow::Error::from)?);
            } else if let Some(line) = line(&event, cli.language) {
                print_line(&line);
            }
        }
        eprintln!(
            "{}",
            cli.language.pick("the PBX is gone; waiting for it", "de centrale is weg; wacht op terugkeer")
        );
        events = loop {
            tokio::time::sleep(RETRY).await;
            if let Ok(events) = client.events().await {
                break events;
            }
        };
        eprintln!("{}", cli.language.pick("connected again", "weer verbonden"));
    }
}

/// An event in one line; `None` for one of a later version.
fn line(event: &Event, language: Language) -> Option<String> {
    let what = match &event.what {
        Happening::CallStarted { from_number, dialed, route, .. } => {
            let route = route.as_deref().unwrap_or("-");
            say!(
                language,
                "{from_number} dials {dialed} (rule {route})",
                "{from_number} belt {dialed} (regel {route})"
            )
        }
        Happening::CallRinging { number, .. } => say!(language, "{number} rings", "{number} gaat over"),
        Happening::CallAnswered { number: Some(number), .. } => {
            say!(language, "{number} answers", "{number} neemt op")
        }
        Happening::CallAnswered { number: None, .. } => {
            say!(language, "the PBX answers", "de centrale neemt op")
        }
        Happening::CallHeld { by, held: true, .. } => {
            let by = show::side(by, language);
            say!(language, "held by the {by}", "in de wacht door {by}")
        }
        Happening::CallHeld { by, held: false, .. } => {
            let by = show::side(by, language);
            say!(language, "resumed by the {by}", "hervat door {by}")
        }
        Happening::CallForwarded { by_number, to_number, .. } => {
            say!(
                language,
                "forwarded by {by_number} to {to_number}",
                "doorgeschakeld door {by_number} naar {to_number}"
            )
        }
        Happening::CallTransferred { by_number, to_number, sip_code, .. } => {
            say!(
                language,
                "transferred by {by_number} to {to_number} ({sip_code})",
                "doorverbonden door {by_number} met {to_number} ({sip_code})"
            )
        }
        Happening::CallDiagnosed { side, cause: Some(cause), .. } if cause == "hears_nothing" => {
            let side = show::side(side, language);
            say!(language, "{side} hears nothing", "{side} hoort niets")
        }
        Happening::CallDiagnosed { side, cause: Some(cause), .. } => {
            let side = show::side(side, language);
            say!(language, "{side} is not heard: {cause}", "{side} wordt niet gehoord: {cause}")
        }
        Happening::CallDiagnosed { side, cause: None, .. } => {
            let side = show::side(side, language);
            say!(language, "{side} is heard again", "{side} is weer te horen")
        }
        Happening::CallDigit { by, digit, source, .. } => {
            let by = show::side(by, language);
            say!(language, "{by} pressed {digit} ({source})", "{by} drukte op {digit} ({source})")
        }
        Happening::CallStepNotBuilt { step, .. } => {
            say!(language, "this version cannot do the step {step}", "deze versie kan de stap {step} niet")
        }
        Happening::CallEnded { end_reason, sip_code, .. } => {
            say!(language, "ended: {end_reason} ({sip_code})", "beëindigd: {end_reason} ({sip_code})")
        }
        Happening::CallRefused { from_number, sip_code, reason } => {
            say!(
                language,
                "call of {from_number} refused: {reason} ({sip_code})",
                "oproep van {from_number} geweigerd: {reason} ({sip_code})"
            )
        }
        Happening::RegistrationChanged { number, contacts, transport, remote } => {
            let from = match (transport, remote) {
                (Some(transport), Some(remote)) => format!(" ({transport} {remote})"),
                _ => String::new(),
            };
            say!(
                language,
                "phones registered on {number}: {contacts}{from}",
                "telefoons geregistreerd op {number}: {contacts}{from}"
            )
        }
        Happening::AuthenticationFailed { remote, user } => {
            say!(
                language,
                "wrong password for {user} from {remote}",
                "fout wachtwoord voor {user} vanaf {remote}"
            )
        }
        Happening::SourceBanned { source, secs, count } => say!(
            language,
            "{source} is refused for {secs} s: {count} wrong passwords",
            "{source} wordt {secs} s geweigerd: {count} foute wachtwoorden"
        ),
        Happening::SourceUnbanned { source } => {
            say!(language, "the ban of {source} is lifted", "de blokkade van {source} is opgeheven")
        }
        Happening::Reloaded { revision } => {
            say!(language, "reloaded: revision {revision}", "herladen: revisie {revision}")
        }
        Happening::Draining => say!(language, "no new calls any more", "geen nieuwe gesprekken meer"),
        Happening::Unknown => return None,
    };
    // The end of a UUIDv7 is its random part, by which calls are told apart.
    let call = event.what.call_id().map(|id| format!("{} ", &id[id.len() - id.len().min(8)..]));
    let time = when::local_time(&event.at);
    Some(printable(format!("{time} {}{what}", call.unwrap_or_default())))
}

const RETRY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_the_call_by_the_end_of_its_id() {
        let call_id = "01998a5e-3c1f-7e55-8a1b-0c9a4e2f7d10".to_owned();
        let what = Happening::CallEnded { call_id, end_reason: "busy".into(), sip_code: 486 };
        let event = Event { at: "soon".into(), what };
        assert_eq!(line(&event, Language::English).unwrap(), "soon 4e2f7d10 ended: busy (486)");
        assert_eq!(line(&event, Language::Dutch).unwrap(), "soon 4e2f7d10 beëindigd: busy (486)");
    }

    #[test]
    fn what_a_stranger_sends_cannot_steer_the_terminal() {
        let what =
            Happening::AuthenticationFailed { remote: "192.0.2.1:5060".into(), user: "\x1b[31m201".into() };
        let line = line(&Event { at: "soon".into(), what }, Language::English).unwrap();
        assert_eq!(line, "soon wrong password for ?[31m201 from 192.0.2.1:5060");
    }
}
