//! `kiestoon ctl trunks`: whether the ways out are open, and how many calls go over each.

use kiestoon_control::{Client, Trunk, TrunkHost};

use crate::cli::failure::Failure;
use crate::cli::language::{Language, say};
use crate::cli::table::Table;
use crate::cli::{Cli, print_line, when};

pub(super) async fn trunks(cli: &Cli, client: &Client) -> Result<(), Failure> {
    let trunks = client.trunks().await?;
    if cli.json {
        return cli.print_json(&trunks);
    }
    print_line(&shown(&trunks, cli.language));
    Ok(())
}

/// A row for each host; what holds for the whole trunk stands in its first one.
fn shown(trunks: &[Trunk], language: Language) -> String {
    if trunks.is_empty() {
        return language.pick("no trunks", "geen trunks").into();
    }
    let mut table = Table::new(&[
        "trunk",
        language.pick("organisation", "organisatie"),
        language.pick("state", "toestand"),
        language.pick(">in", ">in"),
        language.pick(">out", ">uit"),
        language.pick(">limit", ">maximum"),
        "host",
        language.pick("stands", "staat"),
        language.pick("since", "sinds"),
        language.pick("last", "laatste"),
        ">ms",
        language.pick("registered until", "aangemeld tot"),
    ]);
    for trunk in trunks {
        let limit = trunk.channels.map_or_else(|| "-".to_owned(), |channels| channels.to_string());
        let mut whole = vec![
            trunk.name.clone(),
            trunk.organisation.clone(),
            standing(trunk, language),
            trunk.calls_in.to_string(),
            trunk.calls_out.to_string(),
            limit,
        ];
        for host in &trunk.hosts {
            let cells = host_cells(host, trunk.registers, language);
            table.row(whole.iter().cloned().chain(cells).collect());
            whole = vec![String::new(); whole.len()];
        }
    }
    table.render()
}

fn host_cells(host: &TrunkHost, registers: bool, language: Language) -> [String; 6] {
    let none = || "-".to_owned();
    [
        host.host.clone(),
        state(&host.state, language).to_owned(),
        when::local_moment(&host.since),
        last(host, language),
        host.rtt_ms.map_or_else(none, |ms| format!("{ms:.0}")),
        if registers { registered(host, language) } else { none() },
    ]
}

/// Until when, and what has come of the last REGISTER where it has failed.
fn registered(host: &TrunkHost, language: Language) -> String {
    match (&host.registered_until, host.register_sip_code) {
        (Some(until), None) => when::local_moment(until),
        (Some(until), Some(code)) => {
            let until = when::local_moment(until);
            say!(language, "{until}, then {code}", "{until}, daarna {code}")
        }
        (None, Some(code)) => say!(language, "no: {code}", "nee: {code}"),
        (None, None) => language.pick("not yet", "nog niet").to_owned(),
    }
}

/// How a trunk stands. Its hosts may answer and not register us: then no call comes in, and that is said with it.
pub(in crate::cli) fn standing(trunk: &Trunk, language: Language) -> String {
    let state = state(&trunk.state, language);
    match trunk.registration.as_deref() {
        Some("failed") => match trunk.hosts.iter().find_map(|host| host.register_sip_code) {
            Some(code) => {
                say!(language, "{state}, not registered: {code}", "{state}, niet aangemeld: {code}")
            }
            None => say!(language, "{state}, not registered", "{state}, niet aangemeld"),
        },
        Some("pending") => say!(language, "{state}, not registered yet", "{state}, nog niet aangemeld"),
        _ => state.to_owned(),
    }
}

/// What was heard last, and how often in a row where it is a failure.
fn last(host: &TrunkHost, language: Language) -> String {
    let heard = match (host.last_sip_code, host.fault.as_deref()) {
        (Some(code), _) => code.to_string(),
        (None, Some(fault)) => self::fault(fault, language).to_owned(),
        (None, None) => return "-".to_owned(),
    };
    match host.failures {
        0 | 1 => heard,
        count => say!(language, "{heard}, {count} times", "{heard}, {count} keer"),
    }
}

/// How a trunk or a host stands.
pub(in crate::cli) fn state(word: &str, language: Language) -> &str {
    match word {
        "up" => language.pick("up", "werkt"),
        "down" => language.pick("down", "ligt eruit"),
        "unknown" => language.pick("unknown", "onbekend"),
        other => other,
    }
}

/// Why a host is down, in the words of `kiestoon trunk test`.
pub(super) fn fault(word: &str, language: Language) -> &str {
    match word {
        "silent" => language.pick("no answer", "geen antwoord"),
        "no_address" => language.pick("no address", "geen adres"),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str) -> TrunkHost {
        TrunkHost {
            host: format!("sip:{name}.example"),
            state: "up".into(),
            since: "soon".into(),
            options: true,
            last_sip_code: Some(200),
            fault: None,
            rtt_ms: Some(12.3),
            failures: 0,
            registered_until: None,
            register_sip_code: None,
        }
    }

    fn voys() -> Trunk {
        let silent = TrunkHost {
            state: "down".into(),
            last_sip_code: None,
            fault: Some("silent".into()),
            rtt_ms: None,
            failures: 3,
            ..host("b")
        };
        Trunk {
            organisation: "kantoor".into(),
            name: "voys".into(),
            state: "up".into(),
            registration: Some("registered".into()),
            registered_until: Some("later".into()),
            registers: true,
            calls_in: 1,
            calls_out: 2,
            channels: Some(30),
            calls_per_second: None,
            hosts: vec![TrunkHost { registered_until: Some("later".into()), ..host("a") }, silent],
        }
    }

    #[test]
    fn each_host_has_a_row_and_the_trunk_is_said_once() {
        let text = shown(&[voys()], Language::English);
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(
            lines[1],
            ["voys", "kantoor", "up", "1", "2", "30", "sip:a.example", "up", "soon", "200", "12", "later"]
        );
        let second = ["sip:b.example", "down", "soon", "no", "answer,", "3", "times", "-", "not", "yet"];
        assert_eq!(lines[2], second);
        assert!(shown(&[voys()], Language::Dutch).contains("geen antwoord, 3 keer"));
        assert_eq!(shown(&[], Language::Dutch), "geen trunks");
    }

    #[test]
    fn a_trunk_that_does_not_register_us_is_never_said_to_be_just_up() {
        let refuses = TrunkHost { register_sip_code: Some(403), ..host("a") };
        let trunk = Trunk { registration: Some("failed".into()), hosts: vec![refuses.clone()], ..voys() };
        assert_eq!(standing(&trunk, Language::English), "up, not registered: 403");
        let trunks = [trunk];
        assert!(shown(&trunks, Language::English).trim_end().ends_with("no: 403"));
        assert!(shown(&trunks, Language::Dutch).contains("werkt, niet aangemeld: 403"));
        let fresh = Trunk { registration: Some("pending".into()), hosts: vec![host("a")], ..voys() };
        assert_eq!(standing(&fresh, Language::English), "up, not registered yet");
        let refreshed = TrunkHost { registered_until: Some("later".into()), ..refuses };
        assert_eq!(registered(&refreshed, Language::English), "later, then 403");
        let by_address = Trunk { registration: None, registers: false, ..voys() };
        assert_eq!(standing(&by_address, Language::Dutch), "werkt");
    }
}
