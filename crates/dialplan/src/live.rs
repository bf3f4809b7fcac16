//! What this version checks, decides, tests and explains, and cannot carry out on a live call: the one list of it. `check` warns of
//! what is on it, `explain` notes it at the step in the way, and a live call ends or goes on as it says. What leaves the list stops
//! compiling wherever it has to be mended.

use std::fmt;

use serde::{Serialize, Serializer};

/// Something that a live call cannot do yet. Serialises as its word in the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotLive {
    /// `callerid = "site"` and `"user"`: the caller's own number is shown.
    CallerId,
    /// A step that hears a prompt and ends the call; its word.
    Step(&'static str),
}

impl NotLive {
    /// A step by its word, where a live call cannot carry it out.
    pub(crate) fn step(verb: &str) -> Option<Self> {
        STEPS.into_iter().find(|step| *step == verb).map(Self::Step)
    }

    /// Whose number to show, where that is not known.
    pub(crate) fn caller_id(text: &str) -> Option<Self> {
        matches!(text, "site" | "user").then_some(Self::CallerId)
    }

    /// What stands for it in a plan.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::CallerId => "callerid",
            Self::Step(verb) => verb,
        }
    }
}

/// What happens instead, as a warning says it.
impl fmt::Display for NotLive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CallerId => f.write_str(
                "`callerid = \"site\"` and `\"user\"` show the caller's own number on live calls: this version knows no other",
            ),
            Self::Step(verb) => write!(f, "step `{verb}` is not built yet: this version cannot carry it out"),
        }
    }
}

impl Serialize for NotLive {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// The context that calls of extensions enter.
pub const ENTERED: &str = "intern";
/// The context that calls from trunks enter.
pub const INBOUND: &str = "inkomend";

const STEPS: [&str; 11] = [
    "voicemail",
    "ivr",
    "queue",
    "conference",
    "park",
    "pickup",
    "page",
    "record",
    "forward",
    "dnd",
    "intercom",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::step::VERBS;
    use crate::run::Action;
    use crate::{CallFacts, Given, Overrides, Plan, SourceFile, Timestamp};

    /// The way of a call by a rule with this step, or None where the step takes more than a word.
    fn last(step: &str) -> Option<String> {
        let text = format!(
            "version = 1\n[ivr.x]\nprompt = \"a\"\nkeys = {{ 1 = \"ext:1\" }}\n[queue.x]\nmembers = [\"1\"]\n\
             [[context.intern]]\nmatch = \"1\"\ndo = [{{ {step} }}]\n"
        );
        let plan = Plan::load(&[SourceFile { path: "a.toml".into(), text }]).ok()?.plan;
        let call = CallFacts {
            context: ENTERED,
            from: "2",
            from_name: "",
            dialled: "1",
            at: Timestamp::UNIX_EPOCH,
            overrides: &Overrides::default(),
        };
        Some(plan.simulate(&call, &Given::default()).end.to_string())
    }

    #[test]
    fn the_list_names_the_steps_that_end_a_call_as_not_built() {
        for verb in VERBS {
            let ends: Vec<String> = ["\"x\"", "true"]
                .into_iter()
                .filter_map(|argument| last(&format!("{verb} = {argument}")))
                .collect();
            let is_built = NotLive::step(verb).is_none();
            let not_built = Action::NotBuilt { step: verb }.to_string();
            let ended = ends.iter().any(|end| *end == format!("not-built:{not_built}"));
            assert_eq!(is_built, !ended, "{verb}: {ends:?}");
        }
    }
}
