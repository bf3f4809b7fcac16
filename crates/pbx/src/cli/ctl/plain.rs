//! `ctl watch` without a terminal: a line for each event, and a new connection when the PBX restarts.

use std::time::Duration;

use kiestoon_control::{Client, Event};

use super::words;
use crate::cli::failure::Failure;
use crate::cli::language::Language;
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
                print_line(&cli.pasted(&line));
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
    let what = words::of(&event.what, language)?;
    // The end of a UUIDv7 is its random part, by which calls are told apart.
    let call = event.what.call_id().map(|id| format!("{} ", &id[id.len() - id.len().min(8)..]));
    let time = when::local_time(&event.at);
    Some(printable(format!("{time} {}{what}", call.unwrap_or_default())))
}

const RETRY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use kiestoon_control::{Happening, RefusedCall, RefusedIn};

    use super::*;

    #[test]
    fn a_line_tells_the_call_by_the_end_of_its_id() {
        let call_id = "01998a5e-3c1f-7e55-8a1b-0c9a4e2f7d10".to_owned();
        let what = Happening::CallEnded { call_id, end_reason: "no_answer".into(), sip_code: 480 };
        let event = Event { at: "soon".into(), what };
        assert_eq!(line(&event, Language::English).unwrap(), "soon 4e2f7d10 ended: nobody answered (480)");
        assert_eq!(line(&event, Language::Dutch).unwrap(), "soon 4e2f7d10 beëindigd: niemand nam op (480)");
    }

    #[test]
    fn a_number_that_a_trunk_does_not_have_is_told_with_what_to_do() {
        let number = "+31207654321; reboot".to_owned();
        let call = RefusedCall::In(RefusedIn { call_id: "0199".into(), trunk: "voys".into(), number });
        let what = Happening::CallRefused {
            organisation: "kantoor".into(),
            from_number: "+31612345678".into(),
            sip_code: 404,
            reason: "unknown_number".into(),
            call: Some(call),
        };
        let event = Event { at: "soon".into(), what };
        let line = |language| line(&event, language).unwrap();
        assert!(
            line(Language::English)
                .starts_with("soon call for +31207654321; reboot from trunk voys refused (404): ")
        );
        assert!(line(Language::English).contains("`kiestoon trunk numbers voys --add NUMBER`"));
        assert!(
            line(Language::Dutch).contains("is het van u, dan `kiestoon trunk numbers voys --add NUMMER`")
        );
    }

    #[test]
    fn what_a_stranger_sends_cannot_steer_the_terminal() {
        let what =
            Happening::AuthenticationFailed { remote: "192.0.2.1:5060".into(), user: "\x1b[31m201".into() };
        let line = line(&Event { at: "soon".into(), what }, Language::English).unwrap();
        assert_eq!(line, "soon wrong password for ?[31m201 from 192.0.2.1:5060");
    }
}
