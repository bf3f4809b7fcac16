//! What `explain` and `test` print of a decision: in words, Dutch or English.

use kiestoon_dialplan::{
    ENTERED, Elsewhere, Explanation, Forced, HoursReason, INBOUND, NotLive, NotThen, Plan, Reason,
};

use super::super::language::{Language, say};
use super::super::table::{printable, printable_lines};

/// That there is no such context, and which one was meant.
pub(super) fn no_context(explanation: &Explanation, plan: &Plan, language: Language) -> String {
    let known = plan.contexts().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
    let context = printable(&explanation.context);
    let mut lines = vec![say!(
        language,
        "there is no context `{context}`; there are: {known}",
        "er is geen context `{context}`; wel: {known}"
    )];
    lines.extend(
        explanation
            .nearest_context
            .as_ref()
            .map(|near| say!(language, "  = did you mean `{near}`?", "  = bedoelde u `{near}`?")),
    );
    lines.extend(elsewhere(explanation, language));
    printable_lines(lines.join("\n"))
}

pub(super) fn words(explanation: &Explanation, language: Language) -> String {
    printable_lines(lines(explanation, language).join("\n"))
}

fn lines(explanation: &Explanation, language: Language) -> Vec<String> {
    let Explanation { context, local_time, .. } = explanation;
    let (from, dialled) = (printable(&explanation.from), printable(&explanation.dialled));
    let mut lines = vec![say!(
        language,
        "{from} dials {dialled} in context {context} at {local_time}",
        "{from} belt {dialled} in context {context} op {local_time}"
    )];
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
        lines.extend(elsewhere(explanation, language));
        return lines;
    };
    lines.push(say!(
        language,
        "  matches      {}: {}",
        "  past         {}: {}",
        matched.rule,
        matched.pattern
    ));
    if let Some(permission) = &matched.require {
        lines.push(say!(
            language,
            "  needs the permission {permission}",
            "  vereist de toestemming {permission}"
        ));
    }
    if matched.emergency {
        lines.push(say!(language, "  is an emergency call", "  is een noodoproep"));
    }
    for step in &matched.steps {
        let indent = "  ".repeat(step.depth);
        let branch = step.branch.as_ref().map(|branch| format!("{branch}: ")).unwrap_or_default();
        // Steps say it themselves.
        let notes = step.not_live.iter().filter(|what| !matches!(what, NotLive::Step(_)));
        let notes: String = notes.map(|what| not_live(*what, language)).collect();
        lines.push(format!("    {indent}{branch}{}{notes}", printable(&step.text)));
    }
    lines
}

/// Which other contexts have a rule for the call, and who enters them.
fn elsewhere(explanation: &Explanation, language: Language) -> Vec<String> {
    let line = |other: &Elsewhere| {
        let Elsewhere { context, rule } = other;
        let who = match context.as_str() {
            ENTERED => {
                language.pick("calls of extensions enter it", "oproepen van toestellen komen daar binnen")
            }
            INBOUND => language.pick("calls from trunks enter it", "oproepen van buiten komen daar binnen"),
            _ => language.pick(
                "only `goto`, `include` and numbers of trunks lead there",
                "alleen `goto`, `include` en nummers van trunks leiden daarheen",
            ),
        };
        say!(
            language,
            "  context {context} has a rule for it: {rule}; {who}: --context {context}",
            "  context {context} heeft er een regel voor: {rule}; {who}: --context {context}"
        )
    };
    explanation.elsewhere.iter().map(line).collect()
}

/// What happens on a live call instead, in brackets.
pub(super) fn not_live(what: NotLive, language: Language) -> String {
    match what {
        NotLive::CallerId => language.pick(
            "  [live: shows the caller's own number]",
            "  [live: toont het eigen nummer van de beller]",
        ),
        NotLive::Step(_) => language.pick(
            "  [live: not built yet, the call ends here]",
            "  [live: nog niet gebouwd, de oproep eindigt hier]",
        ),
    }
    .to_string()
}

/// Why a rule did not take the call.
pub(super) fn reason(reason: &Reason, language: Language) -> String {
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

/// Why a `when` does not hold, such as "kantoor is dicht: Koningsdag (holidays:nl)".
fn not_then(time: &NotThen, language: Language) -> String {
    let name = time.when.trim_start_matches('!').trim_start();
    if let Some(forced) = time.forced {
        return match forced {
            Forced::Open => say!(language, "{name} is set open by hand", "{name} is met de hand opengezet"),
            Forced::Closed => {
                say!(language, "{name} is set closed by hand", "{name} is met de hand dichtgezet")
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
        HoursReason::Dated { text } => say!(
            language,
            "{name} has hours of its own that day: {text}",
            "{name} heeft die dag eigen tijden: {text}"
        ),
        HoursReason::Outside => say!(language, "outside {name}", "buiten {name}"),
    }
}
