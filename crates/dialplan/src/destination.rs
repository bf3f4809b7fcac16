//! Where a call may go, written in one text: `group:balie`, `voicemail:100`. For cases, keys of a menu, and what a webhook
//! answers.

use std::sync::Arc;

use crate::read::dial::RING_TIME;
use crate::say::SayKind;
use crate::step::{DialOrder, DialStep, Does, Goto, Group, Step, StepPlace, Steps, TargetTemplate};
use crate::template::Template;
use crate::words;

/// The steps that lead there. `group` finds a group by name. Nothing in the text is language of the dialplan: no
/// variable, no transform.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn steps(text: &str, group: &dyn Fn(&str) -> Option<Arc<Group>>) -> Result<Steps, String> {
    let fault = || format!("{} is no destination, expected one such as \"group:balie\"", words::quote(text));
    let (kind, name) = text.split_once(':').unwrap_or((text, ""));
    let bare = matches!(kind, "hangup" | "echo");
    let is_language = name.contains("${") || name.split('/').any(|part| part.starts_with("e164:"));
    if bare != name.is_empty() || text.len() > LONGEST || is_language {
        return Err(fault());
    }
    let fixed = || Template::parse(name).map_err(|error| error.message);
    let does = match kind {
        "ext" if name.chars().all(|c| c.is_ascii_graphic()) => dial(TargetTemplate::Extension(fixed()?)),
        "trunk" => dial(TargetTemplate::Trunk(name.to_string())),
        "group" => {
            let group = group(name).ok_or_else(|| format!("unknown group {}", words::quote(name)))?;
            dial(TargetTemplate::Group(group))
        }
        "play" if crate::read::step::is_prompt(name) => Does::Play { prompt: name.to_string() },
        "say" => say(name).ok_or_else(fault)?,
        "rule" => match name.split_once('/') {
            Some((context, rule)) if !context.is_empty() && !rule.is_empty() => {
                Does::Goto(Box::new(Goto::Rule { context: context.into(), name: rule.into() }))
            }
            _ => return Err(fault()),
        },
        "context" => {
            let (context, number) = name.split_once('/').map_or((name, None), |(a, b)| (a, Some(b)));
            let number = number.map(Template::parse).transpose().map_err(|error| error.message)?;
            Does::Goto(Box::new(Goto::Context { context: context.into(), number }))
        }
        "hangup" => Does::Hangup { cause: None },
        "echo" => Does::Echo,
        "queue" | "ivr" | "voicemail" | "conference" | "park" => {
            let step = crate::read::step::verb(kind).ok_or_else(fault)?;
            Does::NotBuilt { step, argument: Some(fixed()?) }
        }
        _ => return Err(fault()),
    };
    Ok([Step { place: StepPlace { file: "".into(), line: 0, column: 0 }, does }].into())
}

fn dial(target: TargetTemplate) -> Does {
    let (order, timeout) = match &target {
        TargetTemplate::Group(group) => (group.order, group.timeout),
        TargetTemplate::Trunk(_) => (DialOrder::Sequence, None),
        TargetTemplate::Extension(_) => (DialOrder::Parallel, None),
    };
    Does::Dial(Box::new(DialStep {
        targets: vec![target],
        order,
        timeout: timeout.unwrap_or(RING_TIME),
        to: None,
        caller_id: None,
        failover: Vec::new(),
        on_busy: None,
        on_no_answer: None,
        on_unavailable: None,
        on_rejected: None,
    }))
}

/// `digits:201`, `time`, `date:2026-12-25`.
pub(crate) fn say(text: &str) -> Option<Does> {
    let (word, argument) = text.split_once(':').map_or((text, None), |(word, rest)| (word, Some(rest)));
    let kind = SayKind::ALL.into_iter().find(|kind| kind.word() == word)?;
    let is_now = matches!(kind, SayKind::Date | SayKind::Time);
    let text = match argument {
        None if is_now => None,
        None | Some("") => return None,
        Some(text) => Some(Template::parse(text).ok()?),
    };
    Some(Does::Say { kind, text })
}

/// Bytes.
const LONGEST: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_answers_is_never_language() {
        for text in
            ["ext:${number}", "ext:e164:nl:0612345678", "context:intern/e164:nl:06", "voicemail:e164:nl:1"]
        {
            assert!(steps(text, &|_| None).unwrap_err().contains("is no destination"), "{text}");
        }
        assert!(steps("context:intern/0612345678", &|_| None).is_ok());
    }
}
