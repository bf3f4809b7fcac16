//! `kiestoon dialplan replay`: calls of the history, by the files as they are now.

use std::collections::{BTreeMap, HashMap};

use jiff::{Timestamp, Zoned};
use kiestoon_control::Way;
use kiestoon_dialplan::{Change, Forced, Overrides, Plans, Recorded, RecordedStep, Replay, Trail};
use kiestoon_store::{Cdr, HistoryFilter};

use super::super::args::ReplayArgs;
use super::super::failure::Failure;
use super::super::language::{Language, say};
use super::super::table::{printable, printable_lines};
use super::super::{Cli, database, print_line, when};
use super::{chosen, plans};

pub(in crate::cli) fn replay(cli: &Cli, args: &ReplayArgs) -> Result<(), Failure> {
    let plans = plans(cli, &chosen(cli, args.path.clone())?)?;
    let now = Zoned::now();
    let moment = |text: &str| when::since(text, &now, cli.language);
    let since = args.from.as_deref().or(Some(&args.last)).map(moment).transpose()?;
    let until = args.to.as_deref().map(moment).transpose()?;
    let (calls, slugs) = calls(cli, args, since, until)?;
    let (calls, is_cut) = newest(calls, MOST);
    let oldest = calls.last().map(|call| when::local(call.started_at));
    let replay = Replay { is_cut, ..replayed(&plans, &calls, &slugs) };
    if cli.json {
        return cli.print_json(&replay);
    }
    print_line(&printable_lines(lines(&replay, cli.language)));
    if let Some(oldest) = oldest.filter(|_| is_cut) {
        eprintln!("{}", cut(&oldest, cli.language));
    }
    Ok(())
}

/// So many of the calls, which come newest first, and whether there are more.
fn newest(mut calls: Vec<Cdr>, most: usize) -> (Vec<Cdr>, bool) {
    let is_cut = calls.len() > most;
    calls.truncate(most);
    (calls, is_cut)
}

/// That older calls were not looked at, and what to do.
fn cut(oldest: &str, language: Language) -> String {
    say!(
        language,
        "warning: only the newest {MOST} calls were looked at, those since {oldest}; name a shorter --last, or take parts with --from and --to",
        "waarschuwing: alleen de nieuwste {MOST} oproepen zijn bekeken, die vanaf {oldest}; noem een kortere --last, of neem delen met --from en --to"
    )
}

/// The calls, and the slugs of organisations by their ids.
fn calls(
    cli: &Cli,
    args: &ReplayArgs,
    since: Option<i64>,
    until: Option<i64>,
) -> Result<(Vec<Cdr>, HashMap<String, String>), Failure> {
    let config = cli.config()?;
    cli.block_on(async {
        let store = database::open_existing(&config).await?;
        let organisations = store.organisations().await?;
        let slugs: HashMap<String, String> =
            organisations.into_iter().map(|organisation| (organisation.id, organisation.slug)).collect();
        let tenant_id = match &args.organisation {
            None => None,
            Some(slug) => {
                let found = slugs.iter().find(|(_, known)| *known == slug).map(|(id, _)| id.clone());
                Some(found.ok_or_else(|| {
                    let mut known: Vec<&str> = slugs.values().map(String::as_str).collect();
                    known.sort_unstable();
                    let known = known.join(", ");
                    Failure::Input(say!(
                        cli.language,
                        "there is no organisation `{slug}`; there are: {known}",
                        "er is geen organisatie `{slug}`; wel: {known}"
                    ))
                })?)
            }
        };
        // One more says that there are more.
        let limit = u32::try_from(MOST + 1).unwrap_or(u32::MAX);
        let filter = HistoryFilter { limit, since, until, tenant_id, ..HistoryFilter::default() };
        let calls = store.history(&filter).await?;
        store.close().await;
        Ok((calls, slugs))
    })
}

fn replayed(plans: &Plans, calls: &[Cdr], slugs: &HashMap<String, String>) -> Replay {
    let mut replay = Replay::default();
    for call in calls.iter().rev() {
        let slug = call.tenant_id.as_ref().and_then(|id| slugs.get(id));
        let plan = slug.map_or_else(|| plans.shared(), |slug| plans.of(slug));
        // The same files have the same answers, also to calls whose hours were set by hand.
        if call.dialplan_hash.as_deref() == Some(plan.hash()) {
            replay.calls += 1;
        } else {
            replay.add(plan, &recorded(call));
        }
    }
    replay.sort();
    replay
}

/// What a call asked of the dialplan: once, and once more for each number that it was sent on to.
fn recorded(call: &Cdr) -> Vec<Recorded> {
    let ways = call.way.iter().filter_map(|way| serde_json::from_value::<Way>(way.clone()).ok());
    let from_name = || call.from_name.clone().unwrap_or_default();
    let asked: Vec<Recorded> = ways
        .filter_map(|way| {
            Some(Recorded {
                id: call.id.clone(),
                context: way.context,
                from: way.by_number,
                from_name: from_name(),
                dialled: way.number,
                at: way.at.parse().ok()?,
                overrides: overrides(&way.by_hand),
                rule: way.rule,
                steps: way
                    .steps
                    .into_iter()
                    // What follows a gap is no longer known step by step.
                    .take(if way.left_out > 0 { Trail::FIRST } else { usize::MAX })
                    .map(|step| RecordedStep { text: step.step, result: step.result })
                    .collect(),
                is_cut: way.left_out > 0,
            })
        })
        .collect();
    if !asked.is_empty() {
        return asked;
    }
    // One of a release that did not keep the way: only its rule is known.
    let of_record = || {
        Some(Recorded {
            id: call.id.clone(),
            context: call.context.clone()?,
            from: call.from_number.clone().unwrap_or_default(),
            from_name: from_name(),
            dialled: call.dialed.clone()?,
            at: Timestamp::from_microsecond(call.started_at).ok()?,
            overrides: Overrides::NONE,
            rule: call.route.clone(),
            steps: Vec::new(),
            is_cut: false,
        })
    };
    of_record().into_iter().collect()
}

fn overrides(by_hand: &BTreeMap<String, String>) -> Overrides {
    let mut overrides = Overrides::NONE;
    for (hours, state) in by_hand {
        overrides.set(hours, Some(if state == "open" { Forced::Open } else { Forced::Closed }));
    }
    overrides
}

fn lines(replay: &Replay, language: Language) -> String {
    let Replay { calls, changed, unknown, changes, .. } = replay;
    let mut lines = vec![say!(
        language,
        "{calls} calls, {changed} would go another way",
        "{calls} oproepen, {changed} zouden anders gaan"
    )];
    if *unknown > 0 {
        lines.push(say!(
            language,
            "  {unknown} x the same up to a step that a secret decides: what was pressed is in no record",
            "  {unknown} x gelijk tot een stap waar een geheim beslist: wat is ingetoetst staat nergens"
        ));
    }
    changes.iter().for_each(|change| lines.extend(change_lines(change, language)));
    lines.join("\n")
}

fn change_lines(change: &Change, language: Language) -> Vec<String> {
    let name = |rule: &Option<String>| match rule {
        Some(rule) => format!("{}/{rule}", change.context),
        None => language.pick("no rule", "geen regel").to_string(),
    };
    let (before, after, calls) = (name(&change.before), name(&change.after), change.calls);
    let mut lines = vec![format!("  {calls} x {before} -> {after}")];
    for example in &change.examples {
        let at = when::local(example.at.as_microsecond());
        let (from, dialled) = (printable(&example.from), printable(&example.dialled));
        lines.push(say!(
            language,
            "      {at}  {from} dialled {dialled}",
            "      {at}  {from} belde {dialled}"
        ));
        let steps = |steps: &[String]| printable(if steps.is_empty() { "-".into() } else { steps.join(" ") });
        lines.push(say!(language, "        was: {}", "        was: {}", steps(&example.before)));
        lines.push(say!(language, "        new: {}", "        nu:  {}", steps(&example.after)));
    }
    lines
}

/// The newest calls that are looked at.
const MOST: usize = 200_000;

#[cfg(test)]
mod tests {
    use super::*;
    use kiestoon_dialplan::SourceFile;
    use serde_json::json;

    fn plan(text: &str) -> Plans {
        Plans::load(&[SourceFile { path: "a.toml".into(), text: text.into() }]).unwrap().0
    }

    fn replayed(plans: &Plans, calls: &[Cdr]) -> Replay {
        super::replayed(plans, calls, &HashMap::new())
    }

    const RULE: &str = "version = 1\n[[context.intern]]\nname = \"a\"\nmatch = \"_2XX\"\n\
                        do = [{ dial = \"ext:${number}\" }, { play = \"weg\" }]\n";

    fn call(way: serde_json::Value) -> Cdr {
        Cdr {
            id: "1".into(),
            context: Some("intern".into()),
            from_number: Some("201".into()),
            dialed: Some("202".into()),
            route: Some("a".into()),
            way: way.as_array().cloned().unwrap_or_default(),
            ..Cdr::default()
        }
    }

    #[test]
    fn a_record_goes_the_way_that_it_went_or_says_how_not() {
        let way = json!([{
            "number": "202", "by_number": "201", "at": "2026-11-20T10:00:00Z", "context": "intern", "rule": "a",
            "steps": [
                { "step": "dial:ext:202", "result": "no-answer", "line": 5 },
                { "step": "play:weg", "result": "played", "line": 5 },
            ],
        }]);
        let calls = [call(way), call(json!([]))];
        let same = replayed(&plan(RULE), &calls);
        assert_eq!((same.calls, same.changed), (2, 0), "{same:?}");
        let changed = replayed(&plan(&RULE.replace("weg", "dicht")), &calls);
        assert_eq!((changed.calls, changed.changed), (2, 1));
        let text = lines(&changed, Language::Dutch);
        assert!(text.starts_with("2 oproepen, 1 zouden anders gaan\n  1 x intern/a -> intern/a\n"), "{text}");
        assert!(text.ends_with(
            "201 belde 202\n        was: dial:ext:202 play:weg\n        nu:  dial:ext:202 play:dicht"
        ));
        let renamed = replayed(&plan(&RULE.replace("\"a\"", "\"b\"")), &calls);
        assert_eq!((renamed.changed, renamed.changes[0].after.as_deref()), (2, Some("b")));
    }

    #[test]
    fn what_is_not_looked_at_is_said() {
        let calls = |count: usize| vec![call(json!([])); count];
        assert_eq!((newest(calls(2), 2).0.len(), newest(calls(2), 2).1), (2, false));
        assert_eq!((newest(calls(3), 2).0.len(), newest(calls(3), 2).1), (2, true));
        let text = cut("2026-11-20 10:00", Language::English);
        assert!(text.contains("only the newest 200000 calls") && text.contains("a shorter --last"), "{text}");
    }

    #[test]
    fn the_files_that_decided_change_nothing() {
        let plan = plan(RULE);
        let same = Cdr { route: Some("met de hand".into()), ..call(json!([])) };
        assert_eq!(replayed(&plan, std::slice::from_ref(&same)).changed, 1);
        let same = Cdr { dialplan_hash: Some(plan.hash().into()), ..same };
        assert_eq!(replayed(&plan, &[same]).changed, 0);
    }
}
