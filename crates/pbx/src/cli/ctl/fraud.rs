//! `kiestoon ctl fraud`: who is on hold because their calls looked like theft, and taking them off it.

use kiestoon_control::{Client, OnHold, SetHold};

use crate::cli::args::{FraudVerb, Who};
use crate::cli::failure::Failure;
use crate::cli::language::{Language, say};
use crate::cli::table::Table;
use crate::cli::{Cli, print_line, when};

pub(super) async fn fraud(cli: &Cli, client: &Client, verb: Option<FraudVerb>) -> Result<(), Failure> {
    match verb {
        None | Some(FraudVerb::List) => list(cli, client).await,
        Some(FraudVerb::Approve(who)) => set(cli, client, who, false).await,
        Some(FraudVerb::Hold(who)) => set(cli, client, who, true).await,
    }
}

async fn list(cli: &Cli, client: &Client) -> Result<(), Failure> {
    let held = client.on_hold().await?;
    if cli.json {
        return cli.print_json(&held);
    }
    print_line(&shown(&held, cli.language));
    Ok(())
}

async fn set(cli: &Cli, client: &Client, who: Who, held: bool) -> Result<(), Failure> {
    let Who { number, organisation, .. } = who;
    let request = SetHold { organisation, number: number.clone(), held, by: "ctl".into() };
    let all = client.set_hold(&request).await?;
    if cli.json {
        return cli.print_json(&all);
    }
    let who = number.unwrap_or_else(|| itself(cli.language).to_owned());
    print_line(&match held {
        true => say!(
            cli.language,
            "{who} is on hold: no international or premium calls",
            "{who} is geblokkeerd tot goedkeuring: geen internationale of betaalde nummers"
        ),
        false => say!(cli.language, "{who} may call again", "{who} mag weer bellen"),
    });
    Ok(())
}

fn shown(held: &[OnHold], language: Language) -> String {
    if held.is_empty() {
        return language.pick("nobody is on hold", "niemand is geblokkeerd").into();
    }
    let mut table = Table::new(&[
        language.pick("organisation", "organisatie"),
        language.pick("number", "nummer"),
        language.pick("since", "sinds"),
        language.pick("why", "reden"),
        language.pick("by", "door"),
        language.pick(">spent today", ">vandaag besteed"),
    ]);
    for of in held {
        table.row(vec![
            of.organisation.clone(),
            of.number.clone().unwrap_or_else(|| itself(language).to_owned()),
            when::local_moment(&of.since),
            reason(&of.reason, language).to_owned(),
            of.by.clone().unwrap_or_else(|| "-".into()),
            money(of.spent_today),
        ]);
    }
    table.render()
}

/// What the organisation itself is called.
pub(super) fn itself(language: Language) -> &'static str {
    language.pick("the organisation itself", "de organisatie zelf")
}

/// In the currency of the rates, with two decimals.
fn money(millionths: u64) -> String {
    let cents = millionths / 10_000;
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// Why somebody is on hold, in words.
pub(in crate::cli) fn reason(word: &str, language: Language) -> &str {
    match word {
        "velocity" => language.pick("too many such calls", "te veel zulke oproepen"),
        "spread" => language.pick("too many numbers", "te veel verschillende nummers"),
        "closed" => language.pick("calls outside the hours", "oproepen buiten openingstijd"),
        "operator" => language.pick("by an operator", "door een beheerder"),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_two_decimals() {
        assert_eq!([0, 9_999, 1_230_000, 12_000_000].map(money), ["0.00", "0.00", "1.23", "12.00"]);
    }
}
