//! What `--given` and `--override` say.

use jiff::Timestamp;
use kiestoon_dialplan::{Forced, Given, Overrides, Plan};

use super::super::failure::Failure;
use super::super::language::{Language, say};
use super::super::table::printable;

/// What the plan does not have is a fault of the operator's.
pub(super) fn given(words: &[String], plan: &Plan) -> Result<Given, Failure> {
    Given::of_words(words, plan).map_err(|(word, error)| {
        let hint = error.hint().map(|hint| format!("\n  = {hint}")).unwrap_or_default();
        Failure::Input(format!("--given {}: {error}{hint}", printable(word)))
    })
}

/// `kantoor=closed`.
pub(super) fn overrides(
    words: &[String],
    plan: &Plan,
    at: Timestamp,
    language: Language,
) -> Result<Overrides, Failure> {
    let mut overrides = Overrides::default();
    for word in words {
        let (hours, state) = parts(word, "kantoor=closed", language)?;
        let known: Vec<&str> = plan.hours(at).map(|(name, _)| name).collect();
        if !known.contains(&hours) {
            let known = known.join(", ");
            if known.is_empty() {
                return Err(Failure::Input(say!(
                    language,
                    "--override {word}: the plan has no hours at all",
                    "--override {word}: het belplan heeft geen openingstijden"
                )));
            }
            return Err(Failure::Input(say!(
                language,
                "--override {word}: the plan has no hours `{hours}`; it has: {known}",
                "--override {word}: het belplan heeft geen openingstijden `{hours}`; wel: {known}"
            )));
        }
        let forced = match state {
            "open" => Forced::Open,
            "closed" => Forced::Closed,
            _ => {
                return Err(Failure::Input(say!(
                    language,
                    "--override {word}: `{state}` is neither `open` nor `closed`",
                    "--override {word}: `{state}` is geen `open` en geen `closed`"
                )));
            }
        };
        overrides.set(hours, Some(forced));
    }
    Ok(overrides)
}

fn parts<'a>(word: &'a str, example: &str, language: Language) -> Result<(&'a str, &'a str), Failure> {
    word.split_once('=').ok_or_else(|| {
        Failure::Input(say!(
            language,
            "`{word}` has no `=`: write it as in `{example}`",
            "`{word}` heeft geen `=`: schrijf het zoals `{example}`"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kiestoon_dialplan::SourceFile;

    #[test]
    fn results_are_read_or_refused_with_a_remedy() {
        let text = "version = 1\n[group.balie]\nmembers = [\"201\"]\n[webhook.crm]\nurl = \"http://127.0.0.1/\"\nvariables = [\"klant\"]\n\
                    [[context.intern]]\nmatch = \"1\"\ndo = [{ collect = \"keuze\" }, { webhook = \"crm\" }, { dial = \"trunk:voys\" }]\n";
        let plan = Plan::load(&[SourceFile { path: "a.toml".into(), text: text.into() }]).unwrap().plan;
        let read = |word: &str| given(&[word.to_string()], &plan);
        for word in [
            "ext:201=busy",
            "trunk:voys=503",
            "keuze=",
            "keuze=1,2",
            "webhook:crm=group:balie",
            "webhook:crm=failed",
            "webhook:crm={ variables = { klant = \"9\" } }",
        ] {
            assert!(read(word).is_ok(), "{word}");
        }
        for (word, part) in [
            ("ext:201", "has no `=`"),
            ("ext:201=bussy", "did you mean `busy`?"),
            ("x:1=busy", "has no results"),
            ("trunk:vois=503", "the plan has no trunk `vois`\n  = did you mean `voys`?"),
            ("keze=1", "the plan has no question for `keze`\n  = did you mean `keuze`?"),
            ("webhook:crm=groep:balie", "a service cannot send a call there"),
            (
                "webhook:crm={ variables = { klnt = \"9\" } }",
                "of [webhook.crm] `klnt`\n  = did you mean `klant`?",
            ),
            ("webhook:crm={ variables", "is no result"),
        ] {
            let Err(Failure::Input(text)) = read(word) else { panic!("{word} is refused") };
            assert!(text.contains(part), "{text}");
        }
    }
}
