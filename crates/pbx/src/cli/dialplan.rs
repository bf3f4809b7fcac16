//! `kiestoon dialplan check` and `explain`: what the files say, without a database or a running PBX.

mod graph;
mod schema;

use std::path::PathBuf;

use jiff::Timestamp;
use kiestoon_dialplan::{
    CallFacts, Explanation, Forced, HoursReason, Loaded, NotThen, Overrides, Plan, Problem, Reason,
};
use serde_json::{Value, json};

use super::args::{DialplanArgs, DialplanVerb};
use super::check::{read_numbers, unresolved};
use super::failure::Failure;
use super::language::{Language, say};
use super::table::printable;
use super::{Cli, folder, print_line, when};
use crate::sounds;

pub(super) fn dialplan(cli: &Cli, args: DialplanArgs) -> Result<(), Failure> {
    match args.verb {
        DialplanVerb::Check { path } => check(cli, path),
        DialplanVerb::Explain { number, from, context, at, path } => {
            explain(cli, path, &Question { number, from, context, at })
        }
        DialplanVerb::Graph(args) => graph::graph(cli, &args),
        DialplanVerb::Schema(args) => schema::schema(cli, &args),
    }
}

struct Question {
    number: String,
    from: String,
    context: String,
    at: Option<String>,
}

fn check(cli: &Cli, path: Option<PathBuf>) -> Result<(), Failure> {
    let files = folder::read(&chosen(cli, path)?, cli.language)?;
    let (problems, plan) = match Plan::load(&files) {
        Ok(Loaded { plan, mut warnings }) => {
            warnings.extend(references(cli, &plan));
            (warnings, Some(plan))
        }
        Err(problems) => (problems, None),
    };
    if cli.json {
        cli.print_json(&problems.iter().map(problem_json).collect::<Vec<_>>())?;
    } else {
        problems.iter().for_each(|problem| eprintln!("{}", problem.render()));
    }
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    let warnings = problems.len() - errors;
    let Some(plan) = plan else {
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
        print_line(&format!("{}{end}", folder::summary(&plan, files.len(), cli.language)));
    }
    Ok(())
}

/// What the plan refers to and is not there, as far as that can be known: the extensions of a database that does not open,
/// and anything where there is no good configuration, are not looked for.
fn references(cli: &Cli, plan: &Plan) -> Vec<Problem> {
    let config = cli.config().ok();
    let prompts = config.as_ref().map(|config| {
        let files = sounds::files(&config.media.sounds, |_, _| {}).into_keys();
        files.chain(sounds::tones(&config.media).names().map(str::to_owned)).collect()
    });
    let numbers = config.and_then(|config| cli.block_on(read_numbers(&config)).ok());
    unresolved(plan, prompts.as_ref(), numbers.as_ref())
}

fn explain(cli: &Cli, path: Option<PathBuf>, question: &Question) -> Result<(), Failure> {
    let files = folder::read(&chosen(cli, path)?, cli.language)?;
    let loaded = Plan::load(&files).map_err(|problems| {
        Failure::Input(problems.iter().map(Problem::render).collect::<Vec<_>>().join("\n"))
    })?;
    let now = Timestamp::now().to_zoned(loaded.plan.timezone().clone());
    let at = match &question.at {
        Some(text) => when::at(text, &now, cli.language)?,
        // Whole seconds: rules know no smaller ones.
        None => Timestamp::from_second(now.timestamp().as_second()).unwrap_or_else(|_| now.timestamp()),
    };
    let facts = CallFacts {
        context: &question.context,
        from: &question.from,
        from_name: "",
        dialled: &question.number,
        at,
        overrides: &Overrides::NONE,
    };
    let explanation = loaded.plan.explain(&facts);
    if cli.json {
        return cli.print_json(&explanation_json(&explanation));
    }
    print_line(&words(&explanation, cli.language));
    Ok(())
}

/// The path that was named, or else the one of the configuration.
fn chosen(cli: &Cli, path: Option<PathBuf>) -> Result<PathBuf, Failure> {
    path.map_or_else(|| cli.config().map(|config| config.dialplan.path), Ok)
}

fn words(explanation: &Explanation, language: Language) -> String {
    let Explanation { context, local_time, .. } = explanation;
    let (from, dialled) = (printable(&explanation.from), printable(&explanation.dialled));
    let mut lines = vec![say!(
        language,
        "{from} dials {dialled} in context {context} at {local_time}",
        "{from} belt {dialled} in context {context} op {local_time}"
    )];
    if !explanation.context_known {
        lines.push(say!(
            language,
            "no rule: there is no such context",
            "geen regel: die context bestaat niet"
        ));
        return lines.join("\n");
    }
    for passed in &explanation.passed {
        let reason = match &passed.reason {
            Reason::Number(patterns) => {
                say!(language, "the number does not fit {patterns}", "het nummer past niet bij {patterns}")
            }
            Reason::Caller(from) => {
                say!(language, "not for this caller ({from})", "niet voor deze beller ({from})")
            }
            Reason::Time(times) => {
                let times: Vec<String> = times.iter().map(|time| not_then(time, language)).collect();
                let times = times.join("; ");
                say!(language, "not then: {times}", "dan niet: {times}")
            }
        };
        lines.push(say!(language, "  passed over  {}: {reason}", "  overgeslagen {}: {reason}", passed.rule));
    }
    let Some(matched) = &explanation.matched else {
        lines.push(say!(
            language,
            "no rule matches: the call is refused",
            "geen regel past: de oproep wordt geweigerd"
        ));
        return lines.join("\n");
    };
    lines.push(say!(
        language,
        "  matches      {}: {}",
        "  past         {}: {}",
        matched.rule,
        matched.pattern
    ));
    if let Some(right) = &matched.require {
        lines.push(say!(language, "  needs the right {right}", "  vraagt het recht {right}"));
    }
    if matched.emergency {
        lines.push(say!(language, "  is an emergency call", "  is een noodoproep"));
    }
    for step in &matched.steps {
        let indent = "  ".repeat(step.depth);
        let branch = step.branch.as_ref().map(|branch| format!("{branch}: ")).unwrap_or_default();
        lines.push(format!("    {indent}{branch}{}", printable(&step.text)));
    }
    lines.join("\n")
}

/// Why a `when` does not hold, such as "kantoor is dicht: Koningsdag (holidays:nl)".
fn not_then(time: &NotThen, language: Language) -> String {
    let name = time.when.trim_start_matches('!').trim_start();
    if let Some(forced) = time.forced {
        return match forced {
            Forced::Open => say!(language, "{name} is set open by hand", "{name} is met de hand open gezet"),
            Forced::Closed => {
                say!(language, "{name} is set closed by hand", "{name} is met de hand dicht gezet")
            }
        };
    }
    match &time.by_the_clock {
        HoursReason::Open { text } if text == name => say!(language, "it is {name}", "het is {name}"),
        HoursReason::Open { text } => say!(language, "{name} is open: {text}", "{name} is open: {text}"),
        HoursReason::Closed { text, holiday: Some(holiday) } => {
            say!(language, "{name} is closed: {holiday} ({text})", "{name} is dicht: {holiday} ({text})")
        }
        HoursReason::Closed { text, holiday: None } => {
            say!(language, "{name} is closed: {text}", "{name} is dicht: {text}")
        }
        HoursReason::Outside => say!(language, "outside {name}", "buiten {name}"),
    }
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
        "matched": explanation.matched.as_ref().map(|matched| json!({
            "rule": rule(&matched.rule),
            "pattern": matched.pattern,
            "require": matched.require,
            "emergency": matched.emergency,
            "steps": matched.steps.iter().map(|step| {
                json!({ "depth": step.depth, "branch": step.branch, "text": step.text })
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
