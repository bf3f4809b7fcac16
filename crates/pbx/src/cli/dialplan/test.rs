//! `kiestoon dialplan test`: the cases below the dialplan folder, each a call that nobody makes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use kiestoon_dialplan::{CaseReport, DiffLine, Plans, Report, SourceFile, Suite};
use serde_json::json;

use super::super::args::DialplanTestArgs;
use super::super::failure::Failure;
use super::super::language::{Language, say};
use super::super::table::{printable, printable_lines};
use super::super::{Cli, folder, print_line};
use super::{chosen, named, plans, results, words};
use crate::dutch;

pub(in crate::cli) fn test(cli: &Cli, args: &DialplanTestArgs) -> Result<(), Failure> {
    let path = chosen(cli, args.path.clone())?;
    let plans = plans(cli, &path)?;
    let organisation = args.organisation.as_deref();
    named(&plans, organisation, cli.language)?;
    let suite = suite(cli, &plans, &path)?;
    let report = suite.run(&plans, args.filter.as_deref().unwrap_or_default(), organisation);
    if report.cases.is_empty() {
        return Err(Failure::Input(say!(
            cli.language,
            "no case has that name or organisation",
            "geen test heeft die naam of organisatie"
        )));
    }
    if let Some(file) = &args.junit {
        std::fs::write(file, junit(&report)).map_err(|error| {
            let file = file.display();
            Failure::Other(say!(
                cli.language,
                "{file}: cannot be written ({error})",
                "{file}: kan niet worden geschreven ({error})"
            ))
        })?;
    }
    if cli.json {
        let Report { passed, failed, cases } = &report;
        cli.print_json(&json!({ "passed": passed, "failed": failed, "cases": cases }))?;
    } else {
        report.cases.iter().for_each(|case| print_line(&printable_lines(lines(case, cli.language))));
        print_line(&summary(&report, cli.language));
    }
    if report.failed > 0 { Err(Failure::Other(String::new())) } else { Ok(()) }
}

/// The cases of a folder; that there is none is a fault of the operator's.
pub(super) fn suite(cli: &Cli, plans: &Plans, path: &Path) -> Result<Suite, Failure> {
    let files = files(path, cli.language)?;
    let suite = Suite::load(plans, &files).map_err(|problems| {
        let problems: Vec<String> =
            problems.iter().map(|problem| dutch::dialplan(problem, cli.language)).collect();
        Failure::Input(printable_lines(problems.join("\n")))
    })?;
    if suite.is_empty() {
        let folder = folder_of(path);
        let folder = folder.display();
        return Err(Failure::Input(say!(
            cli.language,
            "{folder}: there are no tests; write [[case]] in a *.toml file there",
            "{folder}: er zijn geen tests; schrijf [[case]] in een *.toml-bestand daar"
        )));
    }
    Ok(suite)
}

fn files(path: &Path, language: Language) -> Result<Vec<SourceFile>, Failure> {
    let folder = folder_of(path);
    if folder.is_dir() { folder::read(&folder, language) } else { Ok(Vec::new()) }
}

/// `tests` in the folder of the dialplan, also where one file of it was named.
fn folder_of(path: &Path) -> PathBuf {
    let folder = if path.is_file() { path.parent().unwrap_or_else(|| Path::new("")) } else { path };
    folder.join("tests")
}

fn lines(case: &CaseReport, language: Language) -> String {
    let name = match &case.organisation {
        Some(slug) => format!("{}: {}", printable(slug), printable(&case.name)),
        None => printable(&case.name),
    };
    if case.passed {
        return say!(language, "ok    {name}", "goed  {name}");
    }
    let place = format!("{}:{}", case.file, case.line);
    let mut text = say!(language, "WRONG {name} ({place})", "FOUT  {name} ({place})");
    for line in &case.attempts {
        let (mark, attempt, note) = match line {
            DiffLine::Same(attempt) => (' ', attempt, ""),
            DiffLine::Missing(attempt) => ('-', attempt, language.pick("  (expected)", "  (verwacht)")),
            DiffLine::Extra(attempt) => ('+', attempt, language.pick("  (happened)", "  (gebeurde)")),
        };
        let _ = write!(text, "\n      {mark} {}{note}", printable(attempt));
    }
    if let Some(rule) = &case.expected_rule {
        text.push_str(&say!(
            language,
            "\n      - rule {rule}  (expected)",
            "\n      - regel {rule}  (verwacht)"
        ));
    }
    text.push_str(&why(case, language));
    text
}

/// By which rule, at what time, and what was passed over.
fn why(case: &CaseReport, language: Language) -> String {
    let mut text = String::new();
    let at = &case.local_time;
    match &case.simulated.rule {
        None => text.push_str(&say!(language, "\n      no rule at {at}", "\n      geen regel om {at}")),
        Some(rule) => text.push_str(&say!(
            language,
            "\n      by rule {rule} at {at}",
            "\n      door regel {rule} op {at}"
        )),
    }
    for passed in &case.passed_over {
        let (rule, reason) = (&passed.rule, words::reason(&passed.reason, language));
        text.push_str(&say!(
            language,
            "\n      passed over {rule}: {reason}",
            "\n      overgeslagen {rule}: {reason}"
        ));
    }
    for step in results(&case.simulated, language) {
        let _ = write!(text, "\n        {step}");
    }
    let end = &case.simulated.end;
    text.push_str(&say!(language, "\n      end: {end}", "\n      einde: {end}"));
    text
}

fn summary(report: &Report, language: Language) -> String {
    let Report { passed, failed, .. } = report;
    say!(language, "passed: {passed}; wrong: {failed}", "goed: {passed}; fout: {failed}")
}

/// As continuous integration reads it.
fn junit(report: &Report) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"dialplan\" tests=\"{}\" failures=\"{}\">\n",
        report.cases.len(),
        report.failed
    );
    for case in &report.cases {
        let (name, file) = (escaped(&case.name), escaped(&case.file));
        let _ = write!(text, "  <testcase classname=\"{file}\" name=\"{name}\"");
        if case.passed {
            text.push_str("/>\n");
        } else {
            let body = escaped(&lines(case, Language::English));
            let _ = writeln!(text, "><failure message=\"another way\">{body}</failure></testcase>");
        }
    }
    text.push_str("</testsuite>\n");
    text
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push('\n'),
            // These XML 1.0 does not know.
            '\u{fffe}' | '\u{ffff}' => escaped.push('?'),
            c if c.is_control() => escaped.push('?'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
        let plan = "version = 1\n[hours.dag]\nopen = \"09:00-17:00\"\n[[context.intern]]\nmatch = \"1\"\nwhen = \"!dag\"\n\
                    do = [{ echo = true }]\n[[context.intern]]\nname = \"een\"\nmatch = \"1\"\n\
                    do = [{ dial = \"ext:201\" }, { hangup = true }]\n";
        let (plans, _) = Plans::load(&[file("a.toml", &format!("timezone = \"UTC\"\n{plan}"))]).unwrap();
        let cases = "[[case]]\nname = \"a < b\"\ncall = { context = \"intern\", to = \"1\" }\nexpect = [\"echo\"]\n\
                     [[case]]\nname = \"goed\"\ncall = { context = \"intern\", to = \"1\" }\nexpect = [\"dial:*\"]\n";
        Suite::load(&plans, &[file("tests/a.toml", cases)]).unwrap().run(&plans, "", None)
    }

    #[test]
    fn a_failed_case_says_what_happened_and_why() {
        let report = report();
        assert_eq!(
            lines(&report.cases[0], Language::Dutch),
            "FOUT  a < b (tests/a.toml:1)\n      - echo  (verwacht)\n      + dial:ext:201  (gebeurde)\n      \
             door regel intern/een (a.toml:9) op 2026-03-02T10:00:00\n      \
             overgeslagen intern/#1 (a.toml:5): dan niet: dag is open: 09:00-17:00\n        \
             dial:ext:201 -> answered  (a.toml:12)\n      einde: answered"
        );
        assert_eq!(lines(&report.cases[1], Language::English), "ok    goed");
        assert_eq!(summary(&report, Language::English), "passed: 1; wrong: 1");
    }

    #[test]
    fn junit_is_well_formed() {
        let text = junit(&report());
        assert!(text.contains("tests=\"2\" failures=\"1\"") && text.contains("name=\"a &lt; b\"><failure"));
        assert!(text.ends_with("name=\"goed\"/>\n</testsuite>\n"), "{text}");
        assert_eq!(escaped("a\u{fffe}b\u{ffff}\u{1b}"), "a?b??", "what no document may hold");
    }
}
