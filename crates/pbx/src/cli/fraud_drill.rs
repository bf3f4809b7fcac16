//! `kiestoon fraud-drill`: what a thief would try, asked of the running PBX. No call is made and nothing is counted.

use std::collections::HashSet;

use kiestoon_config::Config;
use kiestoon_control::{Client, DrillAttempt, DrillRequest};
use serde_json::json;

use super::args::DrillArgs;
use super::failure::Failure;
use super::language::{Language, say};
use super::table::Table;
use super::{Cli, database, print_line, rights_words as words};

/// Somebody at whose cost everything is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    organisation: String,
    number: Option<String>,
}

pub(super) fn fraud_drill(cli: &Cli, args: DrillArgs) -> Result<(), Failure> {
    let config = cli.config()?;
    cli.block_on(async {
        let client = Client::new(&config.control.socket);
        let mut drills = Vec::new();
        for target in targets(&config, &args).await? {
            let Target { organisation, number } = target.clone();
            let request = DrillRequest { organisation: Some(organisation), number };
            drills.push((target, client.drill(&request).await?));
        }
        report(cli, &drills)
    })
}

/// The extension that was named; else of each organisation the first one of each kind of rights, and the organisation itself.
async fn targets(config: &Config, args: &DrillArgs) -> Result<Vec<Target>, Failure> {
    let store = database::open_existing(config).await?;
    let directory = store.directory().await?;
    let named = match &args.from {
        Some(number) => Some(store.rights(args.organisation.as_deref(), Some(number)).await?),
        None => None,
    };
    if let Some(slug) = &args.organisation {
        store.rights(Some(slug), None).await?;
    }
    store.close().await;
    if let Some(rights) = named {
        return Ok(vec![Target { organisation: rights.organisation.slug, number: rights.number }]);
    }
    let mut targets = Vec::new();
    let wanted = |slug: &str| args.organisation.as_deref().is_none_or(|wanted| wanted == slug);
    for home in directory.organisations.iter().filter(|home| wanted(&home.slug)) {
        let own = directory.extensions.iter().filter(|own| own.organisation_id == home.id && own.enabled);
        let mut seen = HashSet::new();
        let first = own.filter(|own| seen.insert((own.profile_id.clone(), own.rights.clone())));
        let numbers: Vec<Option<String>> = first.map(|own| Some(own.number.clone())).collect();
        // The PBX has no organisation without extensions in its snapshot, and none of its calls is anybody's.
        let itself = (!numbers.is_empty()).then_some(None);
        let targets_of = numbers.into_iter().chain(itself);
        targets.extend(targets_of.map(|number| Target { organisation: home.slug.clone(), number }));
    }
    Ok(targets)
}

fn report(cli: &Cli, drills: &[(Target, Vec<DrillAttempt>)]) -> Result<(), Failure> {
    let language = cli.language;
    let attempts = drills.iter().flat_map(|(_, attempts)| attempts);
    let findings = attempts.clone().filter(|attempt| attempt.verdict == "finding").count();
    if cli.json {
        let shown = drills.iter().map(|(target, attempts)| {
            json!({ "organisation": target.organisation, "number": target.number, "attempts": attempts })
        });
        cli.print_json(&json!({ "findings": findings, "drills": shown.collect::<Vec<_>>() }))?;
    } else {
        drills.iter().for_each(|(target, attempts)| print_line(&shown(target, attempts, language)));
    }
    if attempts.count() == 0 {
        return Err(Failure::Other(
            language
                .pick(
                    "nobody to try: there are no extensions",
                    "niemand om te proberen: er zijn geen toestellen",
                )
                .into(),
        ));
    }
    if findings > 0 {
        return Err(Failure::Other(say!(
            language,
            "{findings} findings: calls get out that should not; see docs/rights.md",
            "{findings} bevindingen: er gaan oproepen uit die niet zouden moeten; zie docs/rights.md"
        )));
    }
    if !cli.json {
        print_line(language.pick(
            "nothing gets out that should not, and help can be called",
            "er gaat niets uit dat niet zou moeten, en hulp is te bellen",
        ));
    }
    Ok(())
}

fn shown(target: &Target, attempts: &[DrillAttempt], language: Language) -> String {
    let Target { organisation, number } = target;
    let who = match number {
        Some(number) => {
            say!(language, "{organisation}: extension {number}", "{organisation}: toestel {number}")
        }
        None => {
            say!(language, "{organisation}: the organisation itself", "{organisation}: de organisatie zelf")
        }
    };
    let mut table = Table::new(&[
        &who,
        language.pick("number", "nummer"),
        language.pick(">tried", ">geprobeerd"),
        language.pick(">may get out", ">mag eruit"),
        language.pick(">got out", ">ging eruit"),
        language.pick("why not", "waarom niet"),
        language.pick("verdict", "oordeel"),
    ]);
    for attempt in attempts {
        let expected = attempt.expected.map_or_else(
            || language.pick("all", "alles").to_owned(),
            |most| most.min(attempt.tried).to_string(),
        );
        table.row(vec![
            name(&attempt.attempt, language).to_owned(),
            attempt.dialled.clone(),
            attempt.tried.to_string(),
            expected,
            attempt.out.to_string(),
            attempt.reason.as_deref().map_or("-", |reason| words::reason(reason, language)).to_owned(),
            verdict(&attempt.verdict, language).to_owned(),
        ]);
    }
    table.render()
}

fn name(attempt: &str, language: Language) -> &str {
    match attempt {
        "premium" => language.pick("a premium number", "een betaald nummer"),
        "world_premium" => language.pick("premium and satellite abroad", "betaald en satelliet in de wereld"),
        "premium_burst" => language.pick("100 premium calls", "100 betaalde oproepen"),
        "international_burst" => language.pick("100 calls abroad", "100 oproepen naar het buitenland"),
        "international_night" => {
            language.pick("100 calls abroad at night", "100 's nachts naar het buitenland")
        }
        "budget_spent" => {
            language.pick("a call while the budget is spent", "een oproep als het budget op is")
        }
        "forward" => language.pick("a phone that forwards to premium", "doorschakelen naar betaald"),
        "transfer" => language.pick("a transfer (REFER) to premium", "doorverbinden (REFER) naar betaald"),
        "from_outside" => language.pick("from outside to premium", "van buiten naar betaald"),
        "emergency" => {
            language.pick("emergency, on hold and spent", "noodnummer, geblokkeerd en zonder budget")
        }
        other => other,
    }
}

fn verdict(word: &str, language: Language) -> &str {
    match word {
        "fine" => language.pick("fine", "goed"),
        "finding" => language.pick("FINDING", "BEVINDING"),
        "not_set" => language.pick("nothing is set", "niets ingesteld"),
        other => other,
    }
}
