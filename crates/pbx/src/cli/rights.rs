//! `kiestoon rights`: who may call what.

use kiestoon_config::Config;
use kiestoon_control::{Client, TryCallOut};
use kiestoon_dialplan::{Plans, Timestamp};
use kiestoon_store::{AccountChange, ProfileSettings, RightsChange, RightsOf, Store, StoreError};
use serde_json::json;

use super::args::{RightsArgs, RightsVerb, Whose};
use super::desk::{Desk, Opening};
use super::failure::Failure;
use super::language::say;
use super::table::Table;
use super::{Cli, print_line, rights_words as words};
use crate::{clock, snapshot};

pub(super) fn rights(cli: &Cli, args: RightsArgs) -> Result<(), Failure> {
    let config = cli.config()?;
    cli.block_on(async {
        let desk = Desk::open(cli, &config, Opening::MustBeThere, args.organisation, Rights).await?;
        if let RightsVerb::Test { number, dialled } = args.verb {
            let organisation = desk.organisation.clone();
            let asked = is_extension(&desk.store, organisation.as_deref(), &number, &dialled).await;
            desk.store.close().await;
            let request = TryCallOut { organisation, number: Some(number), dialled };
            return if asked? { inside(cli, &request) } else { test(cli, &config, request).await };
        }
        let done = desk.run(args.verb).await;
        desk.close(done).await
    })
}

/// Whose verbs those of this file are.
struct Rights;

impl Desk<'_, Rights> {
    async fn run(&self, verb: RightsVerb) -> Result<(), Failure> {
        match verb {
            RightsVerb::Show(whose) => self.show(&whose).await,
            RightsVerb::Set { whose, rights, inherit, profile, no_profile } => {
                let own = rights.map(|text| classes(&text)).transpose()?;
                let change = RightsChange {
                    rights: if inherit { Some(None) } else { own.map(Some) },
                    profile: if no_profile { Some(None) } else { profile.map(Some) },
                };
                self.set(&whose, change).await
            }
            // Was answered before.
            RightsVerb::Test { .. } => Ok(()),
        }
    }

    async fn show(&self, whose: &Whose) -> Result<(), Failure> {
        let rights = self.store.rights(self.organisation.as_deref(), whose.number.as_deref()).await?;
        let account = self.account(&rights).await?;
        if self.cli.json {
            return self.cli.print_json(&words::as_json(&rights, &account));
        }
        print_line(&words::shown(&rights, &account, self.cli.language));
        Ok(())
    }

    async fn set(&self, whose: &Whose, change: RightsChange) -> Result<(), Failure> {
        let language = self.cli.language;
        if change == RightsChange::default() {
            return Err(Failure::Input(
                language
                    .pick(
                        "say what is to change: --rights, --inherit, --profile or --no-profile",
                        "zeg wat er verandert: --rights, --inherit, --profile of --no-profile",
                    )
                    .into(),
            ));
        }
        let number = whose.number.as_deref();
        let rights = self.store.set_rights(self.organisation.as_deref(), number, change).await?;
        self.announce().await;
        if self.cli.json {
            let account = self.account(&rights).await?;
            return self.cli.print_json(&words::as_json(&rights, &account));
        }
        let (who, classes) = (words::who(&rights, language), words::classes(&rights));
        print_line(&say!(language, "{who} may call {classes}", "{who} mag bellen: {classes}"));
        Ok(())
    }

    /// What was spent on this day and in this month, and whether they are on hold. The PBX writes it within a second or two.
    async fn account(&self, rights: &RightsOf) -> Result<AccountChange, Failure> {
        let number = rights.number.as_deref().unwrap_or_default();
        let all = self.store.accounts().await?;
        let is_it = |account: &AccountChange| {
            account.organisation_id == rights.organisation.id && account.number == number
        };
        let mut account = all.into_iter().find(is_it).unwrap_or_default();
        if let Some(today) = self.today(&rights.organisation.slug) {
            if account.day / 100 != today / 100 {
                account.this_month = 0;
            }
            if account.day != today {
                account.today = 0;
            }
        }
        Ok(account)
    }

    /// The day on the calendar of the organisation; None where the dialplan is broken.
    fn today(&self, slug: &str) -> Option<i64> {
        let files = snapshot::dialplan_files(&self.config.dialplan.path).ok()?;
        let (plans, _) = Plans::load(&files).ok()?;
        let now = Timestamp::from_microsecond(clock::unix_micros()).ok()?;
        let (year, month, day) = plans.of(slug).day(now);
        Some(i64::from(year) * 10_000 + i64::from(month) * 100 + i64::from(day))
    }
}

/// The classes of the command line.
fn classes(text: &str) -> Result<Vec<kiestoon_store::CallClass>, Failure> {
    if text == "none" {
        return Ok(Vec::new());
    }
    let mut settings = ProfileSettings::default();
    settings.take_text("rights", text).map_err(StoreError::ProfileWords)?;
    Ok(settings.rights.unwrap_or_default())
}

/// Whether what is dialled is an extension of the same organisation.
async fn is_extension(
    store: &Store,
    organisation: Option<&str>,
    number: &str,
    dialled: &str,
) -> Result<bool, Failure> {
    let home = store.rights(organisation, Some(number)).await?.organisation;
    Ok(match store.rights(Some(&home.slug), Some(dialled)).await {
        Ok(_) => true,
        Err(StoreError::UnknownExtension { .. }) => false,
        Err(error) => return Err(error.into()),
    })
}

/// A call to an extension asks no trunk.
fn inside(cli: &Cli, request: &TryCallOut) -> Result<(), Failure> {
    let TryCallOut { number, dialled, .. } = request;
    if cli.json {
        return cli
            .print_json(&json!({ "number": number, "dialled": dialled, "internal": true, "trunks": [] }));
    }
    print_line(&say!(
        cli.language,
        "{dialled} is an extension: no call goes out, and no right is asked for",
        "{dialled} is een toestel: er gaat geen oproep uit, en er is geen recht voor nodig"
    ));
    Ok(())
}

async fn test(cli: &Cli, config: &Config, request: TryCallOut) -> Result<(), Failure> {
    let language = cli.language;
    let dialled = &request.dialled;
    let is_number = |text: &str| {
        text.contains(|c: char| c.is_ascii_digit())
            && text.chars().all(|c| c.is_ascii_digit() || "+*# -.()/".contains(c))
    };
    if !is_number(dialled) {
        let shown: String = dialled.chars().take(40).flat_map(char::escape_debug).collect();
        return Err(Failure::Input(say!(
            language,
            "`{shown}` is no number: write it as it is dialled, such as 0201234567 or +31201234567",
            "`{shown}` is geen nummer: schrijf het zoals het wordt gekozen, zoals 0201234567 of +31201234567"
        )));
    }
    let verdicts = Client::new(&config.control.socket).try_call_out(&request).await?;
    let goes_out = verdicts.iter().any(|verdict| verdict.allowed);
    let refused = match (verdicts.is_empty(), goes_out) {
        (_, true) => Ok(()),
        (true, _) => Err(Failure::Other(
            language
                .pick(
                    "there is no trunk: no call goes out; `kiestoon trunk add` makes one",
                    "er is geen trunk: er gaat geen oproep uit; `kiestoon trunk add` maakt er een",
                )
                .into(),
        )),
        (false, false) => Err(Failure::Other(say!(
            language,
            "a call to {dialled} does not go out",
            "een oproep naar {dialled} gaat niet uit"
        ))),
    };
    if cli.json {
        cli.print_json(&json!({
            "number": request.number, "dialled": request.dialled, "internal": false, "trunks": verdicts,
        }))?;
        return refused;
    }
    if verdicts.is_empty() {
        return refused;
    }
    let mut table = Table::new(&[
        "trunk",
        language.pick("class", "klasse"),
        language.pick("verdict", "oordeel"),
        language.pick(">a minute", ">per minuut"),
        language.pick(">setup", ">start"),
    ]);
    for verdict in verdicts {
        let reason = verdict.reason.as_deref();
        table.row(vec![
            verdict.trunk,
            verdict.class.unwrap_or_else(|| language.pick("emergency", "noodnummer").into()),
            reason
                .map_or_else(|| language.pick("allowed", "mag"), |reason| words::reason(reason, language))
                .into(),
            words::price(verdict.per_minute),
            words::price(verdict.setup),
        ]);
    }
    print_line(&table.render());
    refused
}
