//! `kiestoon dialplan`: what the files say, and what calls would do by them, without a running PBX.

mod coverage;
mod given;
mod graph;
mod replay;
mod schema;
mod test;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use kiestoon_dialplan::{
    CallFacts, Explanation, Forced, HoursReason, NotThen, Plan, Plans, Problem, Reason, Simulated,
};
use serde_json::{Value, json};

use super::args::{DialplanArgs, DialplanVerb, ExplainArgs};
use super::check::{read_numbers, unresolved};
use super::failure::Failure;
use super::language::{Language, say};
use super::table::printable;
use super::{Cli, folder, print_line, when};
use crate::sounds;

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
            (warnings, Some(plans))
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

/// What the plan refers to and is not there, as far as that can be known: the extensions of a database that does not open,
/// and anything where there is no good configuration, are not looked for.
fn references(cli: &Cli, plans: &Plans) -> Vec<Problem> {
    let config = cli.config().ok();
    let prompts = config.as_ref().map(|config| {
        let files = sounds::files(&config.media.sounds, |_, _| {}).into_keys();
        files.chain(sounds::tones(&config.media).names().map(str::to_owned)).collect()
    });
    let numbers = config.and_then(|config| cli.block_on(read_numbers(&config)).ok());
    unresolved(plans, prompts.as_ref(), numbers.as_ref())
}

fn explain(cli: &Cli, args: &ExplainArgs) -> Result<(), Failure> {
    let plan = loaded(cli, &chosen(cli, args.path.clone())?, args.organisation.as_deref())?;
    let now = Timestamp::now().to_zoned(plan.timezone().clone());
    let at = match &args.at {
        Some(text) => when::at(text, &now, cli.language)?,
        // Whole seconds: rules know no smaller ones.
        None => Timestamp::from_second(now.timestamp().as_second()).unwrap_or_else(|_| now.timestamp()),
    };
    let overrides = given::overrides(&args.overrides, &plan, at, cli.language)?;
    let given = given::given(&args.given, cli.language)?;
    let facts = CallFacts {
        context: &args.context,
        from: &args.from,
        from_name: &args.from_name,
        dialled: &args.number,
        at,
        overrides: &overrides,
    };
    let explanation = plan.explain(&facts);
    let simulated = plan.simulate(&facts, &given);
    if cli.json {
        let mut json = explanation_json(&explanation);
        json["way"] = serde_json::to_value(&simulated).map_err(anyhow::Error::from)?;
        return cli.print_json(&json);
    }
    print_line(&words(&explanation, cli.language));
    if explanation.matched.is_some() {
        print_line(&way(&simulated, cli.language));
    }
    Ok(())
}

/// What a call does with the results that were given, and how it ends.
fn way(simulated: &Simulated, language: Language) -> String {
    let mut lines = vec![language.pick("  the way of this call:", "  de weg van deze oproep:").to_string()];
    lines.extend(results(simulated).iter().map(|step| format!("    {step}")));
    let end = &simulated.end;
    lines.push(say!(language, "    end: {end}", "    einde: {end}"));
    lines.join("\n")
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
        let reason = reason(&passed.reason, language);
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

/// Why a rule did not take the call.
fn reason(reason: &Reason, language: Language) -> String {
    match reason {
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
    }
}

/// What was done, each step with its result and its place.
fn results(simulated: &Simulated) -> Vec<String> {
    let mut lines: Vec<String> = simulated
        .trail
        .steps()
        .iter()
        .map(|step| {
            let result = step.result.map(|result| format!(" -> {result}")).unwrap_or_default();
            let place = step.place.as_ref().filter(|place| place.line > 0);
            let place = place.map(|place| format!("  ({}:{})", place.file, place.line)).unwrap_or_default();
            format!("{}{result}{place}", printable(&step.text))
        })
        .collect();
    if simulated.trail.left_out() > 0 {
        lines.push(format!("... {}", simulated.trail.left_out()));
    }
    lines
}

/// The plan of an organisation at a path, that of all without files of their own where none is named, or why there is none.
fn loaded(cli: &Cli, path: &Path, organisation: Option<&str>) -> Result<Arc<Plan>, Failure> {
    let plans = plans(cli, path)?;
    Ok(Arc::clone(organisation.map_or_else(|| plans.shared(), |slug| plans.of(slug))))
}

fn plans(cli: &Cli, path: &Path) -> Result<Plans, Failure> {
    let files = folder::read(path, cli.language)?;
    let (plans, _) = Plans::load(&files).map_err(|problems| {
        Failure::Input(problems.iter().map(Problem::render).collect::<Vec<_>>().join("\n"))
    })?;
    Ok(plans)
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
