//! `kiestoon ctl`: what needs a running PBX.

mod bans;
mod fraud;
mod hours;
mod lists;
mod plain;
mod show;
pub(super) mod trunks;
mod view;
mod watch;
mod words;

use std::io::IsTerminal as _;

use kiestoon_control::{Call, Client, DrainRequest, HoursState};
use serde_json::json;

pub(in crate::cli) use fraud::reason;
pub(super) use show::side;

use super::args::{CtlArgs, CtlVerb};
use super::failure::Failure;
use super::language::say;
use super::{Cli, database, print_line, way};

pub(super) fn ctl(cli: &Cli, args: CtlArgs) -> Result<(), Failure> {
    let client = Client::new(cli.config()?.control.socket).speaking(cli.language.tag());
    cli.block_on(async {
        match args.verb {
            CtlVerb::Status => status(cli, &client).await,
            CtlVerb::Calls { call: None } => calls(cli, &client).await,
            CtlVerb::Calls { call: Some(call) } => one_call(cli, &client, &call).await,
            CtlVerb::Metrics => metrics(cli, &client).await,
            CtlVerb::Registrations => registrations(cli, &client).await,
            CtlVerb::Trunks => trunks::trunks(cli, &client).await,
            CtlVerb::Bans(args) => bans::bans(cli, &client, args.verb).await,
            CtlVerb::Fraud { verb } => fraud::fraud(cli, &client, verb).await,
            CtlVerb::Hours { name, state, organisation } => {
                let wanted = name.zip(state.as_deref().and_then(HoursState::from_word));
                hours::hours(cli, &client, organisation, wanted).await
            }
            CtlVerb::Hangup { call } => hangup(cli, &client, &call).await,
            CtlVerb::Reload => reload(cli, &client).await,
            CtlVerb::Drain { limit_secs } => drain(cli, &client, limit_secs).await,
            CtlVerb::Watch { plain } if plain || cli.json || !std::io::stdout().is_terminal() => {
                plain::follow(cli, &client).await
            }
            CtlVerb::Watch { .. } => watch::run(cli.language, &client).await,
        }
    })
}

async fn status(cli: &Cli, client: &Client) -> Result<(), Failure> {
    let status = client.status().await?;
    if cli.json {
        return cli.print_json(&status);
    }
    print_line(&show::status(&status, cli.language));
    Ok(())
}

async fn calls(cli: &Cli, client: &Client) -> Result<(), Failure> {
    let calls = client.calls().await?;
    if cli.json {
        return cli.print_json(&calls);
    }
    print_line(&show::calls(&calls, cli.language));
    Ok(())
}

async fn one_call(cli: &Cli, client: &Client, part: &str) -> Result<(), Failure> {
    let call = found(cli, client, part).await?;
    if cli.json {
        return cli.print_json(&call);
    }
    let way = way::lines(&call.way, cli.language);
    print_line(&show::calls(std::slice::from_ref(&call), cli.language));
    way.iter().for_each(|line| print_line(line));
    Ok(())
}

async fn metrics(cli: &Cli, client: &Client) -> Result<(), Failure> {
    let text = client.metrics().await?;
    if cli.json {
        return cli.print_json(&json!({ "text": text }));
    }
    print_line(text.trim_end());
    Ok(())
}

async fn registrations(cli: &Cli, client: &Client) -> Result<(), Failure> {
    let registrations = client.registrations().await?;
    if cli.json {
        return cli.print_json(&registrations);
    }
    print_line(&show::registrations(&registrations, cli.language));
    Ok(())
}

/// Ends the one call whose id begins or ends so: both halves of a UUIDv7 are used to tell calls apart by eye.
async fn hangup(cli: &Cli, client: &Client, part: &str) -> Result<(), Failure> {
    let id = found(cli, client, part).await?.id;
    client.hangup(&id).await?;
    if cli.json {
        return cli.print_json(&json!({ "id": id }));
    }
    print_line(&say!(cli.language, "call {id} ended", "gesprek {id} beëindigd"));
    Ok(())
}

/// The one call whose id begins or ends so.
async fn found(cli: &Cli, client: &Client, part: &str) -> Result<Call, Failure> {
    let mut fitting = client.calls().await?;
    let exact = fitting.iter().any(|call| call.id == part);
    fitting.retain(
        |Call { id, .. }| if exact { *id == part } else { id.starts_with(part) || id.ends_with(part) },
    );
    let count = fitting.len();
    match fitting.pop() {
        None => Err(Failure::Other(say!(
            cli.language,
            "there is no live call {part}",
            "er is geen gesprek {part}"
        ))),
        Some(call) if count == 1 && !part.is_empty() => Ok(call),
        Some(_) => Err(Failure::Input(say!(
            cli.language,
            "`{part}` fits {count} calls: write more of the id",
            "`{part}` past bij {count} gesprekken: schrijf meer van de id"
        ))),
    }
}

async fn reload(cli: &Cli, client: &Client) -> Result<(), Failure> {
    let reloaded = client.reload().await?;
    if cli.json {
        return cli.print_json(&reloaded);
    }
    reloaded.warnings.iter().for_each(|warning| eprintln!("{}", warning.trim_end()));
    let (revision, hash) = (reloaded.revision, &reloaded.dialplan_hash);
    print_line(&say!(
        cli.language,
        "reloaded: database revision {revision}, dialplan {hash}",
        "herladen: databaserevisie {revision}, belplan {hash}"
    ));
    database::waiting(&reloaded, cli.language).iter().for_each(|line| print_line(line));
    Ok(())
}

async fn drain(cli: &Cli, client: &Client, limit_secs: Option<u64>) -> Result<(), Failure> {
    let draining = client.drain(DrainRequest { limit_secs }).await?;
    if cli.json {
        return cli.print_json(&draining);
    }
    let (calls, secs) = (draining.calls, draining.limit_secs);
    print_line(&say!(
        cli.language,
        "no new calls; live calls: {calls}; the PBX stops when they have ended, in {secs} s at the latest",
        "geen nieuwe gesprekken; lopende gesprekken: {calls}; de centrale stopt als die klaar zijn, uiterlijk over {secs} s"
    ));
    show::longest(&draining, cli.language).iter().for_each(|longest| print_line(longest));
    Ok(())
}
