//! A step in words, for explanations: all of it, whether a call comes there or not.

use std::fmt::Write as _;

use super::{
    ChooseStep, CollectStep, DialOrder, DialStep, Does, Goto, IfStep, Rotation, Step, TargetTemplate,
};
use crate::template::Variables;

impl Step {
    /// The step in words, with this call's numbers filled in as far as they are known.
    pub(crate) fn describe(&self, variables: &Variables) -> String {
        match &self.does {
            Does::Dial(step) => dial(step, variables),
            Does::Play { prompt } => format!("play {prompt}"),
            Does::Say { kind, text: None } => format!("say the {}", kind.word()),
            Does::Say { kind, text: Some(text) } => {
                format!("say {} as {}", text.show(variables), kind.word())
            }
            Does::Collect(step) => collect(step),
            Does::Choose(step) => choose(step),
            Does::If(step) => condition(step),
            Does::Set { values } => {
                let values = values.iter().map(|(name, value)| format!("{name} to {value}"));
                format!("set {}", values.collect::<Vec<_>>().join(", "))
            }
            Does::Goto(goto) => match &**goto {
                Goto::Rule { context, name } => format!("go to rule {context}/{name}"),
                Goto::Context { context, number: None } => format!("go to context {context}"),
                Goto::Context { context, number: Some(number) } => {
                    format!("go to context {context} as {}", number.show(variables))
                }
            },
            Does::Webhook(step) => {
                format!("ask webhook {} for at most {} s", step.name, step.timeout.as_secs())
            }
            Does::Override { hours, to } => format!("set hours {hours} to {to}"),
            Does::Notify { whom } => format!("notify {}", whom.show(variables)),
            Does::Echo => "echo".to_string(),
            Does::Reject { status } => format!("reject with {status}"),
            Does::Hangup { cause: None } => "hang up".to_string(),
            Does::Hangup { cause: Some(cause) } => format!("hang up with cause {cause}"),
            Does::NotBuilt { step, argument: None } => format!("{step} (not built)"),
            Does::NotBuilt { step, argument: Some(argument) } => {
                format!("{step} {} (not built)", argument.show(variables))
            }
        }
    }
}

fn dial(dial: &DialStep, variables: &Variables) -> String {
    let targets: Vec<String> = match dial.targets.as_slice() {
        [TargetTemplate::Group(group)] => vec![format!("group:{}", group.name)],
        targets => shown(targets, variables),
    };
    let count = match dial.targets.as_slice() {
        [TargetTemplate::Group(group)] => group.members.len(),
        _ => targets.len(),
    };
    let order = match (count, dial.order) {
        (0, _) => return "dial nobody".to_string(),
        (1, _) => "",
        (_, DialOrder::Parallel) => " together",
        (_, DialOrder::Sequence) => " in turn",
        (_, DialOrder::Rotate(Rotation::RoundRobin)) => " in turn, each first once",
        (_, DialOrder::Rotate(Rotation::LongestIdle)) => " in turn, the longest idle first",
        (_, DialOrder::Rotate(Rotation::Weighted)) => " in turn, by weight",
        (_, DialOrder::Rotate(Rotation::Cost)) => " in turn, the cheapest first",
    };
    let mut text = format!("dial {}{order} for {} s", targets.join(", "), dial.timeout.as_secs());
    if let Some(to) = &dial.to {
        let _ = write!(text, ", to {}", to.show(variables));
    }
    if let Some(caller_id) = &dial.caller_id {
        let _ = write!(text, ", as {}", caller_id.show(variables));
    }
    text
}

/// Each target once. An extension whose number is empty is nobody.
fn shown(targets: &[TargetTemplate], variables: &Variables) -> Vec<String> {
    let mut shown: Vec<String> = Vec::new();
    let mut add = |text: String| {
        if !shown.contains(&text) {
            shown.push(text);
        }
    };
    for target in targets {
        match target {
            TargetTemplate::Extension(number) => match number.show(variables) {
                number if number.is_empty() => {}
                number => add(format!("ext:{number}")),
            },
            TargetTemplate::Trunk(name) => add(format!("trunk:{name}")),
            TargetTemplate::Group(group) => {
                group.members.iter().for_each(|member| add(member.target.to_string()));
            }
        }
    }
    shown
}

fn collect(step: &CollectStep) -> String {
    let digits = if step.min == step.max {
        format!("{} digits", step.max)
    } else {
        format!("{} to {} digits", step.min, step.max)
    };
    let prompt = step.prompt.as_ref().map(|prompt| format!(" after {prompt}")).unwrap_or_default();
    format!("ask for {digits} as {}{prompt}", step.variable)
}

fn choose(step: &ChooseStep) -> String {
    format!("choose by {}", step.text)
}

fn condition(step: &IfStep) -> String {
    let mut parts = Vec::new();
    if !step.condition.when.is_empty() {
        let when: Vec<String> = step.condition.when.iter().map(ToString::to_string).collect();
        parts.push(format!("when {}", when.join(", ")));
    }
    if !step.condition.from.is_empty() {
        parts.push(format!("the caller is {}", step.condition.from));
    }
    if let Some((text, matcher)) = &step.value {
        parts.push(format!("{text} is {matcher}"));
    }
    format!("if {}", parts.join(" and "))
}
