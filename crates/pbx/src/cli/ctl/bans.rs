//! `kiestoon ctl bans`: which sources are refused for guessing passwords, and lifting that.

use kiestoon_control::{Ban, Client, LiftRequest};

use crate::cli::args::BansVerb;
use crate::cli::failure::Failure;
use crate::cli::language::{Language, say};
use crate::cli::table::Table;
use crate::cli::{Cli, print_line, when};

pub(super) async fn bans(cli: &Cli, client: &Client, verb: Option<BansVerb>) -> Result<(), Failure> {
    match verb {
        None => list(cli, client).await,
        Some(BansVerb::Lift { address, all }) => lift(cli, client, address, all).await,
    }
}

async fn list(cli: &Cli, client: &Client) -> Result<(), Failure> {
    let bans = client.bans().await?;
    if cli.json {
        return cli.print_json(&bans);
    }
    print_line(&shown(&bans, cli.language));
    Ok(())
}

async fn lift(cli: &Cli, client: &Client, address: Option<String>, all: bool) -> Result<(), Failure> {
    let request = LiftRequest { source: address.clone(), all };
    let lifted = client.lift_bans(&request).await?;
    if cli.json {
        return cli.print_json(&lifted);
    }
    let count = lifted.lifted;
    print_line(&match address {
        Some(address) => {
            say!(cli.language, "the ban of {address} is lifted", "de blokkade van {address} is opgeheven")
        }
        None => say!(cli.language, "bans lifted: {count}", "blokkades opgeheven: {count}"),
    });
    Ok(())
}

fn shown(bans: &[Ban], language: Language) -> String {
    if bans.is_empty() {
        return language.pick("no bans", "geen blokkades").into();
    }
    let mut table = Table::new(&[
        language.pick("source", "bron"),
        language.pick("since", "sinds"),
        language.pick("until", "tot"),
        language.pick("why", "reden"),
        language.pick(">wrong", ">fout"),
        language.pick(">ban", ">blokkade"),
    ]);
    for ban in bans {
        table.row(vec![
            ban.source.clone(),
            when::local_moment(&ban.since),
            when::local_moment(&ban.until),
            reason(&ban.reason, language).to_owned(),
            ban.count.to_string(),
            ban.nth.to_string(),
        ]);
    }
    table.render()
}

fn reason(word: &str, language: Language) -> &str {
    match word {
        "wrong_passwords" => language.pick("wrong passwords", "foute wachtwoorden"),
        other => other,
    }
}
