//! The steps of a rule as boxes: their words, their branches, and where they lead to.

use super::chart::{Way, words};
use crate::plan::Plan;
use crate::run::Target;
use crate::step::{
    CollectStep, DialOrder, DialStep, Does, Failover, Goto, Rotation, Step, Steps, TargetTemplate,
};
use crate::template::Template;

#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) kind: Kind,
    /// The word of the language.
    pub(super) verb: &'static str,
    /// The most important part, as it is written in the file.
    pub(super) title: String,
    pub(super) details: Vec<String>,
    pub(super) place: String,
    pub(super) leads_to: Option<Way>,
    pub(super) branches: Vec<(String, Vec<Self>)>,
    pub(super) then: Then,
}

/// What a step is about: its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ring,
    Speak,
    Ask,
    Decide,
    Tell,
    Goto,
    End,
    NotBuilt,
    /// Stands for steps that are not drawn.
    More,
}

/// How the next step follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Next,
    /// Where no branch was taken: a branch replaces what follows.
    Otherwise,
    /// Where somebody answered, a caller or a service, and the branches are for those who did not.
    Answered,
    /// After the branch too.
    Afterwards,
    Never,
}

impl Then {
    /// What stands at the line to the next step; None where there is no such line.
    pub(super) fn label(self) -> Option<Option<&'static str>> {
        match self {
            Self::Never => None,
            Self::Next => Some(None),
            Self::Otherwise => Some(Some("otherwise")),
            Self::Answered => Some(Some("answered")),
            Self::Afterwards => Some(Some("afterwards")),
        }
    }
}

/// How many boxes a picture still has room for.
pub(super) struct Budget {
    picture: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { picture: MOST_BLOCKS }
    }
}

impl Budget {
    pub(super) fn is_spent(&self) -> bool {
        self.picture == 0
    }
}

pub(super) fn blocks(plan: &Plan, steps: &Steps, budget: &mut Budget) -> Vec<Block> {
    list(plan, steps, &mut MOST_BLOCKS_OF_RULE.min(budget.picture), &mut budget.picture)
}

fn list(plan: &Plan, steps: &Steps, rule: &mut usize, picture: &mut usize) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        if *rule == 0 {
            blocks.push(more(step, steps.len() - at));
            break;
        }
        *rule -= 1;
        *picture = picture.saturating_sub(1);
        let mut block = block(step);
        for (label, steps) in step.branches() {
            block.branches.push((label, list(plan, steps, rule, picture)));
        }
        for (key, text) in keys(plan, step) {
            match plan.steps_to(text).ok().and_then(|steps| Some(self::block(steps.first()?))) {
                Some(led) if *rule > 0 => {
                    *rule -= 1;
                    *picture = picture.saturating_sub(1);
                    // A menu of a menu is drawn where it is asked for by a step.
                    let led = Block { place: block.place.clone(), then: Then::Never, ..led };
                    block.branches.push((key.clone(), vec![led]));
                }
                _ => block.details.push(format!("{key}: {text}")),
            }
            block.then = Then::Otherwise;
        }
        blocks.push(block);
    }
    blocks
}

/// The keys of the `[ivr.*]` that a step asks for, and where they lead.
fn keys<'p>(plan: &'p Plan, step: &Step) -> &'p [(String, String)] {
    let name = match &step.does {
        Does::NotBuilt { step: "ivr", argument } => argument.as_ref().and_then(Template::literal),
        _ => None,
    };
    name.and_then(|name| plan.ivrs.get(name)).map_or(&[], Vec::as_slice)
}

fn more(step: &Step, count: usize) -> Block {
    Block {
        kind: Kind::More,
        verb: "not drawn",
        title: if count == 1 { "1 more step".to_string() } else { format!("{count} more steps") },
        details: vec!["see `kiestoon dialplan explain`".to_string()],
        place: place(step),
        leads_to: None,
        branches: Vec::new(),
        then: Then::Never,
    }
}

fn place(step: &Step) -> String {
    format!("{}:{}", step.place.file, step.place.line)
}

fn block(step: &Step) -> Block {
    let mut leads_to = None;
    let (kind, verb, title, details) = match &step.does {
        Does::Dial(dial) => (Kind::Ring, "dial", targets(dial), dial_details(dial)),
        Does::Play { prompt } => (Kind::Speak, "play", prompt.clone(), Vec::new()),
        Does::Say { kind, text: Some(text) } => {
            (Kind::Speak, "say", format!("{}:{text}", kind.word()), Vec::new())
        }
        Does::Say { kind, text: None } => (Kind::Speak, "say", format!("{} of now", kind.word()), Vec::new()),
        Does::Collect(collect) => {
            (Kind::Ask, "collect", collect.variable.to_string(), collect_details(collect))
        }
        Does::Choose(choose) => (Kind::Decide, "choose", choose.text.to_string(), Vec::new()),
        Does::If(step) => {
            let mut parts = words(&step.condition);
            parts.extend(step.value.as_ref().map(|(text, matcher)| format!("{text} is {matcher}")));
            (Kind::Decide, "if", parts.join(" and "), Vec::new())
        }
        Does::Set { values } => {
            let mut lines = values.iter().map(|(name, text)| format!("{name} = {text}"));
            (Kind::Decide, "set", lines.next().unwrap_or_default(), lines.collect())
        }
        Does::Goto(goto) => {
            let (way, details) = way(goto);
            let title = way.to_string();
            leads_to = Some(way);
            (Kind::Goto, "goto", title, details)
        }
        Does::Webhook(hook) => {
            let wait = format!("waits at most {} s", hook.timeout.as_secs());
            (Kind::Tell, "webhook", hook.name.to_string(), vec![wait])
        }
        Does::Override { hours, to } => (Kind::Tell, "override", format!("{hours}: {to}"), Vec::new()),
        Does::Notify { whom } => (Kind::Tell, "notify", whom.to_string(), Vec::new()),
        Does::Echo => (Kind::Speak, "echo", "what the caller says".to_string(), Vec::new()),
        Does::Reject { status } => (Kind::End, "reject", format!("SIP {status}"), Vec::new()),
        Does::Hangup { cause: None } => (Kind::End, "hangup", "the call ends".to_string(), Vec::new()),
        Does::Hangup { cause: Some(cause) } => {
            (Kind::End, "hangup", format!("Q.850 cause {cause}"), Vec::new())
        }
        Does::NotBuilt { step, argument } => {
            let title = argument.as_ref().map_or_else(|| (*step).to_string(), ToString::to_string);
            (Kind::NotBuilt, *step, title, Vec::new())
        }
    };
    let branches = step.branches().len();
    let then = match &step.does {
        Does::Reject { .. } | Does::Hangup { .. } | Does::Goto(_) => Then::Never,
        Does::Choose(_) | Does::If(_) => Then::Afterwards,
        Does::Collect(_) | Does::Webhook(_) if branches > 0 => Then::Answered,
        _ if branches > 0 => Then::Otherwise,
        _ => Then::Next,
    };
    Block { kind, verb, title, details, place: place(step), leads_to, branches: Vec::new(), then }
}

fn way(goto: &Goto) -> (Way, Vec<String>) {
    match goto {
        Goto::Rule { context, name } => {
            (Way::Rule { context: context.to_string(), name: name.to_string() }, Vec::new())
        }
        Goto::Context { context, number } => {
            let number = number.as_ref().map(|number| format!("as number {number}"));
            (Way::Context(context.to_string()), number.into_iter().collect())
        }
    }
}

fn targets(dial: &DialStep) -> String {
    let texts: Vec<String> = dial
        .targets
        .iter()
        .map(|target| match target {
            TargetTemplate::Extension(number) => format!("ext:{number}"),
            TargetTemplate::Trunk(name) => format!("trunk:{name}"),
            TargetTemplate::Group(group) => format!("group:{}", group.name),
        })
        .collect();
    texts.join(", ")
}

fn dial_details(dial: &DialStep) -> Vec<String> {
    let mut lines = Vec::new();
    for target in &dial.targets {
        let TargetTemplate::Group(group) = target else { continue };
        let members: Vec<String> = group
            .members
            .iter()
            .map(|member| {
                let name = match &member.target {
                    Target::Extension(number) => number.clone(),
                    other => other.to_string(),
                };
                let weighted = group.order == DialOrder::Rotate(Rotation::Weighted);
                let own = matches!(member.target, Target::Extension(_)).then_some(1);
                match member.weight.or(own).filter(|_| weighted) {
                    Some(weight) => format!("{name} \u{d7}{weight}"),
                    None => name,
                }
            })
            .collect();
        let name = if dial.targets.len() > 1 { format!("{}: ", group.name) } else { String::new() };
        lines.push(format!("{name}{}", members.join(", ")));
    }
    let several = dial.targets.iter().map(TargetTemplate::count).sum::<usize>() > 1;
    let order = if several { format!("{}, ", order(dial.order)) } else { String::new() };
    lines.push(format!("{order}{} s", dial.timeout.as_secs()));
    lines.extend(dial.to.as_ref().map(|to| format!("to {to}")));
    lines.extend(dial.caller_id.as_ref().map(|caller_id| format!("shown as {caller_id}")));
    if !dial.failover.is_empty() {
        let reasons: Vec<String> = dial.failover.iter().map(reason).collect();
        lines.push(format!("next after {}", reasons.join(", ")));
    }
    lines
}

fn order(order: DialOrder) -> &'static str {
    match order {
        DialOrder::Parallel => "all at once",
        DialOrder::Sequence => "one after the other",
        DialOrder::Rotate(Rotation::RoundRobin) => "in turn (round-robin)",
        DialOrder::Rotate(Rotation::LongestIdle) => "longest idle first",
        DialOrder::Rotate(Rotation::Weighted) => "by weight",
        DialOrder::Rotate(Rotation::Cost) => "the cheapest first",
    }
}

fn reason(failover: &Failover) -> String {
    match failover {
        Failover::Status(status) => status.to_string(),
        Failover::Class(class) => format!("{class}xx"),
        Failover::NoMedia => "no-media".to_string(),
    }
}

fn collect_details(collect: &CollectStep) -> Vec<String> {
    let digits = match (collect.min, collect.max) {
        (1, 1) => "1 digit".to_string(),
        (min, max) if min == max => format!("{max} digits"),
        (min, max) => format!("{min} to {max} digits"),
    };
    let prompt = collect.prompt.as_ref().map(|prompt| format!(" after {prompt}")).unwrap_or_default();
    let mut lines = vec![format!("{digits}{prompt}")];
    if !collect.valid.is_empty() {
        lines.push(format!("one of {}", collect.valid));
    }
    lines.push(format!(
        "within {} s, asked {} times",
        collect.timeout.as_secs(),
        u16::from(collect.retries) + 1
    ));
    lines
}

/// Boxes of steps in one picture: a browser shows that many at once.
const MOST_BLOCKS: usize = 3_000;
const MOST_BLOCKS_OF_RULE: usize = 150;
