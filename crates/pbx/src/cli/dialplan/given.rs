//! What `--given` and `--override` say.

use jiff::Timestamp;
use kiestoon_dialplan::{Forced, Given, GivenValue, Overrides, Plan};

use super::super::failure::Failure;
use super::super::language::{Language, say};

/// `ext:201=busy`, `keuze=12`, `keuze=9,1` for several questions, `webhook:crm=group:balie`.
pub(super) fn given(words: &[String], language: Language) -> Result<Given, Failure> {
    let mut given = Given::default();
    for word in words {
        let (about, result) = parts(word, "ext:201=busy", language)?;
        let is_list = result.contains(',') && !about.starts_with("webhook:");
        let value = if is_list {
            GivenValue::Texts(result.split(',').map(str::to_string).collect())
        } else {
            GivenValue::Text(result.to_string())
        };
        given.set(about, value).map_err(|error| {
            let hint = error.hint().map(|hint| format!("\n  = {hint}")).unwrap_or_default();
            Failure::Input(format!("--given {word}: {error}{hint}"))
        })?;
    }
    Ok(given)
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

    #[test]
    fn results_are_read_or_refused_with_a_remedy() {
        let read = |word: &str| given(&[word.to_string()], Language::English);
        for word in ["ext:201=busy", "trunk:voys=503", "keuze=", "keuze=1,2", "webhook:crm=group:balie"] {
            assert!(read(word).is_ok(), "{word}");
        }
        for (word, part) in [
            ("ext:201", "has no `=`"),
            ("ext:201=bussy", "did you mean `busy`?"),
            ("x:1=busy", "has no results"),
        ] {
            let Err(Failure::Input(text)) = read(word) else { panic!("{word} is refused") };
            assert!(text.contains(part), "{text}");
        }
    }
}
