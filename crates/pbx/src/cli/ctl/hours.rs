//! `kiestoon ctl hours`: day and night, by the clock and by hand.

use kiestoon_control::{Client, Hours, HoursState, SetHours};

use crate::cli::failure::Failure;
use crate::cli::language::{Language, say};
use crate::cli::table::Table;
use crate::cli::{Cli, print_line, when};

pub(super) async fn hours(
    cli: &Cli,
    client: &Client,
    organisation: Option<String>,
    wanted: Option<(String, HoursState)>,
) -> Result<(), Failure> {
    match wanted {
        Some((name, state)) => set(cli, client, organisation, name, state).await,
        None => list(cli, client, organisation).await,
    }
}

async fn list(cli: &Cli, client: &Client, organisation: Option<String>) -> Result<(), Failure> {
    let mut hours = client.hours().await?;
    hours.retain(|of| organisation.as_ref().is_none_or(|slug| *slug == of.organisation));
    if cli.json {
        return cli.print_json(&hours);
    }
    print_line(&shown(&hours, cli.language));
    Ok(())
}

async fn set(
    cli: &Cli,
    client: &Client,
    organisation: Option<String>,
    name: String,
    state: HoursState,
) -> Result<(), Failure> {
    let request = SetHours { organisation, name, state, by: "ctl".into() };
    let hours = client.set_hours(&request).await?;
    if cli.json {
        return cli.print_json(&hours);
    }
    print_line(&in_force(&hours, cli.language));
    Ok(())
}

fn in_force(hours: &Hours, language: Language) -> String {
    let (name, is) = (&hours.name, open(hours.open, language));
    match (hours.state, &hours.until) {
        (HoursState::Auto, Some(until)) => {
            let until = when::local_moment(until);
            say!(
                language,
                "{name}: {is} by the clock until {until}",
                "{name}: {is} volgens de klok tot {until}"
            )
        }
        (HoursState::Auto, None) => {
            say!(language, "{name}: {is} by the clock", "{name}: {is} volgens de klok")
        }
        _ => say!(
            language,
            "{name}: {is} by hand, until it is set to auto",
            "{name}: {is} met de hand, tot auto"
        ),
    }
}

fn shown(hours: &[Hours], language: Language) -> String {
    if hours.is_empty() {
        return language.pick("the dialplan has no hours", "het belplan heeft geen openingstijden").into();
    }
    let mut table = Table::new(&[
        language.pick("organisation", "organisatie"),
        language.pick("hours", "openingstijden"),
        language.pick("now", "nu"),
        language.pick("by hand", "met de hand"),
        language.pick("clock", "klok"),
        language.pick("until", "tot"),
    ]);
    for of in hours {
        let by_hand = if of.state == HoursState::Auto { "-" } else { word(of.state.as_str(), language) };
        table.row(vec![
            of.organisation.clone(),
            of.name.clone(),
            open(of.open, language).to_owned(),
            by_hand.to_owned(),
            word(of.clock.as_str(), language).to_owned(),
            of.until.as_deref().map_or_else(|| "-".into(), when::local_moment),
        ]);
    }
    table.render()
}

fn open(is_open: bool, language: Language) -> &'static str {
    word(if is_open { "open" } else { "closed" }, language)
}

/// A state in words.
pub(super) fn word(word: &str, language: Language) -> &str {
    match word {
        "closed" => language.pick("closed", "dicht"),
        "auto" => language.pick("by the clock", "volgens de klok"),
        other => other,
    }
}
