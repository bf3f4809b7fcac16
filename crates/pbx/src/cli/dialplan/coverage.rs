//! `kiestoon dialplan coverage`: what of a plan its tests do not reach.

use kiestoon_dialplan::{Coverage, MissedStep, Plan, Reached};

use super::super::args::CoverageArgs;
use super::super::failure::Failure;
use super::super::language::{Language, say};
use super::super::table::{printable, printable_lines};
use super::super::{Cli, print_line};
use super::{chosen, named, plans, test};

pub(in crate::cli) fn coverage(cli: &Cli, args: &CoverageArgs) -> Result<(), Failure> {
    let path = chosen(cli, args.path.clone())?;
    let plans = plans(cli, &path)?;
    let measured: Vec<&Plan> = match args.organisation.as_deref() {
        None => plans.all().map(|plan| &**plan).collect(),
        Some(slug) => vec![named(&plans, Some(slug), cli.language)?],
    };
    let report = test::suite(cli, &plans, &path)?.run(&plans, "", None);
    let mut coverage = Coverage::default();
    report.cases.iter().for_each(|case| coverage.add(&case.simulated));
    let reached = coverage.of(measured);
    if cli.json {
        cli.print_json(&reached)?;
    } else {
        print_line(&printable_lines(lines(&reached, cli.language)));
    }
    let failed = report.failed;
    if failed > 0 {
        return Err(Failure::Other(say!(
            cli.language,
            "tests that are wrong: {failed}; see `kiestoon dialplan test`",
            "testen die fout zijn: {failed}; zie `kiestoon dialplan test`"
        )));
    }
    match args.min {
        Some(min) if reached.percent < min => {
            let percent = reached.percent;
            Err(Failure::Other(say!(
                cli.language,
                "the tests reach {percent} % of the steps, less than {min} %",
                "de testen raken {percent} % van de stappen, minder dan {min} %"
            )))
        }
        _ => Ok(()),
    }
}

fn lines(reached: &Reached, language: Language) -> String {
    let mut lines: Vec<String> = Vec::new();
    for rule in &reached.rules_missed {
        lines.push(say!(language, "rule not reached  {rule}", "regel niet geraakt  {rule}"));
    }
    for MissedStep { place, rule, branch, text } in &reached.steps_missed {
        let branch = if branch.is_empty() { String::new() } else { format!("{branch}: ") };
        let (place, text) = (format!("{}:{}", place.file, place.line), printable(text));
        let rule = format!("{}/{}", rule.context, rule.name);
        lines.push(say!(
            language,
            "step not reached  {place} {rule}  {branch}{text}",
            "stap niet geraakt   {place} {rule}  {branch}{text}"
        ));
    }
    let Reached { rules, steps, steps_reached, percent, .. } = reached;
    let rules_reached = rules.saturating_sub(reached.rules_missed.len());
    lines.push(say!(
        language,
        "reached: {rules_reached} of {rules} rules, {steps_reached} of {steps} steps ({percent} %)",
        "geraakt: {rules_reached} van {rules} regels, {steps_reached} van {steps} stappen ({percent} %)"
    ));
    lines.join("\n")
}
