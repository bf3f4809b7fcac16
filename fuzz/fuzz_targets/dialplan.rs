//! Any text as a dialplan: loading never panics, and what loads decides, explains and walks to an end.
#![no_main]

use kiestoon_dialplan::{Action, CallFacts, Plan, SourceFile, StepResult, Timestamp};
use libfuzzer_sys::fuzz_target;

const RESULTS: [Option<StepResult>; 4] =
    [Some(StepResult::Busy), Some(StepResult::NoAnswer), Some(StepResult::Unavailable), None];

// The first line is what the caller dials, the rest is the plan.
fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (dialled, plan) = text.split_once('\n').unwrap_or(("201", text));
    let plan = match Plan::load(&[SourceFile { path: "fuzz.toml".into(), text: plan.into() }]) {
        Ok(loaded) => loaded.plan,
        Err(problems) => {
            assert!(problems.iter().any(|problem| problem.is_error() && !problem.render().is_empty()));
            return;
        }
    };
    for context in ["intern", "inkomend"] {
        let call = CallFacts { context, from: dialled, dialled, at: Timestamp::UNIX_EPOCH };
        let explained = plan.explain(&call).matched.map(|matched| matched.rule);
        let decision = plan.decide(&call);
        assert_eq!(decision.as_ref().map(|decision| &decision.rule), explained.as_ref());
        let Some(mut decision) = decision else { continue };
        let mut results = RESULTS.into_iter().cycle();
        let mut steps = 0;
        while decision.run.next(results.next().flatten()) != Action::Done {
            steps += 1;
            assert!(steps <= 200, "the walk goes on");
        }
    }
});
