//! What is wrong with a dialplan, in Dutch, as far as its faults are values; the others are told in English.

use kiestoon_dialplan::{Definition, Fault, Found, Problem, ReferenceKind, Wanted};

use crate::language::Language;

/// A problem with its line below it.
pub(crate) fn dialplan(problem: &Problem, language: Language) -> String {
    match said(problem, language) {
        Some((severity, message, hint)) => problem.rendered(severity, &message, hint.as_deref()),
        None => problem.render(),
    }
}

/// The same on one line.
pub(crate) fn dialplan_line(problem: &Problem, language: Language) -> String {
    let Some((severity, message, hint)) = said(problem, language) else { return problem.to_string() };
    let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("{}:{}:{}: {severity}: {message}{hint}", problem.file, problem.line, problem.column)
}

/// Severity, sentence and hint in Dutch.
fn said(problem: &Problem, language: Language) -> Option<(&'static str, String, Option<String>)> {
    let fault = problem.fault.as_ref().filter(|_| language == Language::Dutch)?;
    let severity = if problem.is_error() { "fout" } else { "waarschuwing" };
    let hint = match fault {
        Fault::Disabled { trunk } => {
            Some(format!("schakel hem in: `kiestoon trunk enable {}`", trunk.trim_matches('`')))
        }
        _ => problem.near.as_ref().map(|near| format!("bedoelde u `{near}`?")),
    };
    Some((severity, sentence(fault), hint))
}

/// The fault alone.
pub(super) fn sentence(fault: &Fault) -> String {
    match fault {
        Fault::UnknownKey { key, of: _, known } => {
            format!("onbekende sleutel {key}: hier mag staan {}", one_of(known))
        }
        Fault::Type { key, wanted, found } => {
            format!("`{key}` moet {} zijn, niet {}", self::wanted(wanted), self::found(*found))
        }
        Fault::OutOfBounds { key, first, last } => {
            format!("`{key}` moet een getal van {first} tot {last} zijn")
        }
        Fault::Undefined { kind, name } => match kind {
            Definition::Context => {
                format!("er is geen context {name}: schrijf de naam van een [[context.*]]")
            }
            Definition::Span => {
                format!(
                    "er zijn geen openingstijden {name}: schrijf de naam van een [hours.*] of [closure.*]"
                )
            }
            Definition::Hours => {
                format!("er zijn geen openingstijden {name}: schrijf de naam van een [hours.*]")
            }
            Definition::Group => format!("er is geen groep {name}: schrijf de naam van een [group.*]"),
            Definition::Set => format!("er is geen verzameling {name}: schrijf de naam van een [set.*]"),
            Definition::Ivr => format!("er is geen keuzemenu {name}: schrijf de naam van een [ivr.*]"),
            Definition::Queue => format!("er is geen wachtrij {name}: schrijf de naam van een [queue.*]"),
            Definition::Webhook => format!("er is geen webhook {name}: schrijf de naam van een [webhook.*]"),
        },
        Fault::NoRule { context, rule } => format!("context {context} heeft geen regel {rule}"),
        Fault::UnknownStep { word, known } => format!("onbekende stap {word}: kies uit {}", one_of(known)),
        Fault::UnknownVariable { name, known } => {
            format!("onbekende variabele {name}: kies uit {}", one_of(known))
        }
        Fault::Disabled { trunk } => format!("trunk {trunk} is uitgeschakeld, dus er gaat geen oproep over"),
        Fault::Missing { kind, name } => match kind {
            ReferenceKind::Extension => format!("toestel {name} bestaat niet"),
            ReferenceKind::Trunk => format!("trunk {name} bestaat niet"),
            ReferenceKind::Prompt => format!("meldtekst {name} bestaat niet"),
            ReferenceKind::Saying => {
                format!("opnamen voor `say = \"{name}:\"` ontbreken in de taal van het belplan")
            }
        },
    }
}

/// Names in a row: "`a`, `b` of `c`".
fn one_of(known: &[String]) -> String {
    let quoted: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} of {last}", rest.join(", ")),
        Some((only, _)) => only.clone(),
        None => "niets".into(),
    }
}

fn wanted(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Text(example) => format!("een tekst zoals \"{example}\""),
        Wanted::Flag => "true of false".into(),
        Wanted::Time => "een tijdsduur zoals \"25s\"".into(),
    }
}

fn found(found: Found) -> &'static str {
    match found {
        Found::Text => "een tekst",
        Found::Number => "een getal",
        Found::Fraction => "een getal met decimalen",
        Found::Flag => "true of false",
        Found::Date => "een datum zonder aanhalingstekens",
        Found::List => "een lijst",
        Found::Table => "een tabel",
        Found::Nothing => "niets",
    }
}
