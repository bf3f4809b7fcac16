//! `kiestoon dialplan`: what the files say, and what calls would do by them, without a running PBX.

mod coverage;
mod given;
mod graph;
mod replay;
mod schema;
mod test;
mod words;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use kiestoon_dialplan::{CallFacts, Explanation, MomentError, Plan, Plans, Problem, Simulated, Trail};
use serde_json::{Value, json};

use super::args::{DialplanArgs, DialplanVerb, ExplainArgs};
use super::check::{read_there, unresolved};
use super::failure::Failure;
use super::language::{Language, say};
use super::table::{printable, printable_lines};
use super::{Cli, folder, print_line};
use crate::{dutch, sounds};

pub(super) fn dialplan(cli: &Cli, args: DialplanArgs) -> Result<(), Failure> {
    match args.verb {
        DialplanVerb::Check { path } => check(cli, path),
        DialplanVerb::Test(args) => test::test(cli, &args),
        DialplanVerb::Explain(args) => explain(cli, &args),
        DialplanVerb::Coverage(args) => coverage::coverage(cli, &args),
        DialplanVerb::Replay(args) => replay::replay(cli, &args),
        DialplanVerb::Graph(args) => graph::graph(cli, &args),
        DialplanVerb::Schema(args) => schema::schema(cli, &args),
    }
}

fn check(cli: &Cli, path: Option<PathBuf>) -> Result<(), Failure> {
    let files = folder::read(&chosen(cli, path)?, cli.language)?;
    let (problems, plans) = match Plans::load(&files) {
        Ok((plans, mut warnings)) => {
            warnings.extend(references(cli, &plans));
            warnings.extend(plans.not_live());
            warnings.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
            (warnings, Some(plans))
        }
        Err(problems) => (problems, None),
    };
    if cli.json {
        cli.print_json(&problems.iter().map(problem_json).collect::<Vec<_>>())?;
    } else {
        for problem in &problems {
            eprintln!("{}", cli.pasted(&printable_lines(dutch::dialplan(problem, cli.language))));
        }
    }
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    let warnings = problems.len() - errors;
    let Some(plans) = plans else {
        return Err(Failure::Input(say!(
            cli.language,
            "dialplan refused: errors: {errors}; warnings: {warnings}; files: {}",
            "belplan geweigerd: fouten: {errors}; waarschuwingen: {warnings}; bestanden: {}",
            files.len()
        )));
    };
    if !cli.json {
        let end = match warnings {
            0 => String::new(),
            _ => say!(cli.language, "; warnings: {warnings}", "; waarschuwingen: {warnings}"),
        };
        print_line(&format!("{}{end}", folder::summary(&plans, files.len(), cli.language)));
    }
    Ok(())
}

/// What the plan refers to and is not there, as far as that can be known: extensions and trunks of a database that does not open,
/// and anything where there is no good configuration, are not looked for.
fn references(cli: &Cli, plans: &Plans) -> Vec<Problem> {
    let config = cli.config().ok();
    let prompts = config.as_ref().map(|config| {
        let files = sounds::files(&config.media.sounds, |_, _| {}).into_keys();
        files.chain(sounds::tones(&config.media).names().map(str::to_owned)).collect()
    });
    let there = config.and_then(|config| cli.block_on(read_there(&config)).ok());
    unresolved(plans, prompts.as_ref(), there.as_ref())
}

fn explain(cli: &Cli, args: &ExplainArgs) -> Result<(), Failure> {
    let plans = plans(cli, &chosen(cli, args.path.clone())?)?;
    let plan = named(&plans, args.organisation.as_deref(), cli.language)?;
    let now = Timestamp::now();
    let at = match &args.at {
        Some(text) => plan.moment(text, now).map_err(|error| Failure::Input(moment(&error, cli.language)))?,
        // Whole seconds: rules know no smaller ones.
        None => Timestamp::from_second(now.as_second()).unwrap_or(now),
    };
    let overrides = given::overrides(&args.overrides, plan, at, cli.language)?;
    let given = given::given(&args.given, plan)?;
    let facts = CallFacts {
        context: &args.context,
        from: &args.from,
        from_name: &args.from_name,
        dialled: &args.number,
        at,
        overrides: &overrides,
    };
    let explanation = plan.explain(&facts);
    if !explanation.context_known {
        return Err(Failure::Input(words::no_context(&explanation, plan, cli.language)));
    }
    let simulated = plan.simulate(&facts, &given);
    if cli.json {
        let mut json = explanation_json(&explanation);
        json["way"] = serde_json::to_value(&simulated).map_err(anyhow::Error::from)?;
        return cli.print_json(&json);
    }
    print_line(&words::words(&explanation, cli.language));
    if explanation.matched.is_some() {
        print_line(&way(&simulated, cli.language));
    }
    Ok(())
}

fn moment(error: &MomentError, language: Language) -> String {
    match error {
        MomentError::Form(text) => say!(
            language,
            "{error}",
            "`{text}` is geen moment: schrijf \"2026-11-20T10:00\", \"za 10:00\" of \"10:00\""
        ),
        MomentError::Range(text) => {
            say!(language, "{error}", "zo ver reikt de kalender niet: `{text}`")
        }
    }
}

/// What a call does with the results that were given, and how it ends.
fn way(simulated: &Simulated, language: Language) -> String {
    let mut lines = vec![language.pick("  the way of this call:", "  de weg van deze oproep:").to_string()];
    lines.extend(results(simulated, language).iter().map(|step| format!("    {step}")));
    let end = &simulated.end;
    lines.push(say!(language, "    end: {end}", "    einde: {end}"));
    if !simulated.trail.steps().is_empty() {
        let attempts: Vec<String> =
            simulated.attempts.iter().map(|attempt| quoted(&printable(attempt))).collect();
        let attempts = attempts.join(", ");
        lines.push(say!(
            language,
            "    for a test: expect = [{attempts}]",
            "    voor een test: expect = [{attempts}]"
        ));
    }
    lines.join("\n")
}

/// As a text of TOML.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The path that was named, or else the one of the configuration.
fn chosen(cli: &Cli, path: Option<PathBuf>) -> Result<PathBuf, Failure> {
    path.map_or_else(|| cli.config().map(|config| config.dialplan.path), Ok)
}

/// What was done, each step with its result and its place.
fn results(simulated: &Simulated, language: Language) -> Vec<String> {
    let mut lines: Vec<String> = simulated
        .trail
        .steps()
        .iter()
        .enumerate()
        .map(|(at, step)| {
            let result = step.result.map(|result| format!(" -> {result}")).unwrap_or_default();
            let place = step.place.as_ref().filter(|place| place.line > 0);
            let place = place
                .map(|place| format!("  ({}:{})", printable(&place.file), place.line))
                .unwrap_or_default();
            let notes = simulated.not_live.iter().filter(|note| note.step == Some(at));
            let notes: String = notes.map(|note| words::not_live(note.what, language)).collect();
            format!("{}{result}{place}{notes}", printable(&step.text))
        })
        .collect();
    let count = simulated.trail.left_out();
    if count > 0 {
        let at = lines.len().min(Trail::FIRST);
        lines.insert(at, say!(language, "... {count} left out", "... {count} weggelaten"));
    }
    lines
}

/// The plan of an organisation, that of all without files of their own where none is named, or why there is none.
fn named<'a>(plans: &'a Plans, slug: Option<&str>, language: Language) -> Result<&'a Arc<Plan>, Failure> {
    plans.named(slug).map_err(|unknown| {
        let (slug, known) = (printable(&unknown.slug), unknown.known.join(", "));
        let near = unknown.nearest().map(|near| {
            say!(language, "\n  = did you mean `{near}`?", "\n  = bedoelde u `{near}`?")
        });
        let text = match unknown.known.as_slice() {
            [] => say!(
                language,
                "no file is of organisation `{slug}`: there is one plan, for all; leave --organisation out",
                "geen bestand is van organisatie `{slug}`: er is één belplan, voor allen; laat --organisation weg"
            ),
            _ => say!(
                language,
                "no file is of organisation `{slug}`; there are: {known} (without --organisation: the plan that all share)",
                "geen bestand is van organisatie `{slug}`; wel: {known} (zonder --organisation: het belplan van allen)"
            ),
        };
        Failure::Input(text + &near.unwrap_or_default())
    })
}

fn plans(cli: &Cli, path: &Path) -> Result<Plans, Failure> {
    let files = folder::read(path, cli.language)?;
    let (plans, _) = Plans::load(&files).map_err(|problems| {
        let told: Vec<String> =
            problems.iter().map(|problem| dutch::dialplan(problem, cli.language)).collect();
        Failure::Input(printable_lines(told.join("\n")))
    })?;
    Ok(plans)
}

fn explanation_json(explanation: &Explanation) -> Value {
    let rule = |rule: &kiestoon_dialplan::RuleRef| json!({ "context": &*rule.context, "name": &*rule.name, "file": &*rule.file, "line": rule.line });
    json!({
        "context": explanation.context,
        "context_known": explanation.context_known,
        "number": explanation.dialled,
        "from": explanation.from,
        "at": explanation.local_time,
        "passed": explanation.passed.iter().map(|passed| {
            json!({ "rule": rule(&passed.rule), "reason": passed.reason.to_string() })
        }).collect::<Vec<_>>(),
        "elsewhere": explanation.elsewhere.iter().map(|other| {
            json!({ "context": other.context, "rule": rule(&other.rule) })
        }).collect::<Vec<_>>(),
        "matched": explanation.matched.as_ref().map(|matched| json!({
            "rule": rule(&matched.rule),
            "pattern": matched.pattern,
            "require": matched.require,
            "emergency": matched.emergency,
            "steps": matched.steps.iter().map(|step| {
                json!({ "depth": step.depth, "branch": step.branch, "text": step.text, "not_live": step.not_live })
            }).collect::<Vec<_>>(),
        })),
    })
}

pub(super) fn problem_json(problem: &Problem) -> Value {
    json!({
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "severity": problem.severity.to_string(),
        "message": problem.message,
        "hint": problem.hint,
    })
}
