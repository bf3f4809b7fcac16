//! Any text as a dialplan: loading never panics, and what loads decides, explains and walks to an end.
#![no_main]

use kiestoon_dialplan::{
    Action, CallFacts, Circumstances, Overrides, Plan, Plans, SourceFile, StepResult, Timestamp, WebhookAnswer,
};
use libfuzzer_sys::fuzz_target;

const RESULTS: [Option<StepResult>; 4] =
    [Some(StepResult::Busy), Some(StepResult::NoAnswer), Some(StepResult::Unavailable), None];

// The first line is what the caller dials, the rest is the plan.
fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (dialled, plan) = text.split_once('\n').unwrap_or(("201", text));
    let files = [SourceFile { path: "fuzz.toml".into(), text: plan.into() }];
    assert_eq!(Plan::load(&files).is_ok(), Plans::load(&files).is_ok());
    let plan = match Plan::load(&files) {
        Ok(loaded) => loaded.plan,
        Err(problems) => {
            assert!(problems.iter().any(|problem| problem.is_error() && !problem.render().is_empty()));
            return;
        }
    };
    let (at, overrides) = (Timestamp::UNIX_EPOCH, &Overrides::NONE);
    let now = Circumstances { plan: &plan, at, overrides };
    for context in ["intern", "inkomend"] {
        let call = CallFacts { context, from: dialled, from_name: dialled, dialled, at, overrides };
        let explained = plan.explain(&call).matched.map(|matched| matched.rule);
        let decision = plan.decide(&call);
        assert_eq!(decision.as_ref().map(|decision| &decision.rule), explained.as_ref());
        let Some(mut decision) = decision else { continue };
        let run = &mut decision.run;
        let (mut results, mut steps, mut result) = (RESULTS.into_iter().cycle(), 0, None);
        loop {
            result = match run.next(result, &now) {
                Action::Done => break,
                Action::Collect(_) => Some(run.collected(dialled, &plan)),
                Action::Webhook(_) => {
                    let variables = vec![(dialled.to_owned(), dialled.to_owned())];
                    let answer = WebhookAnswer { destination: Some(dialled.to_owned()), variables };
                    Some(run.webhook_answered(&answer, &plan))
                }
                _ => results.next().flatten(),
            };
            steps += 1;
            assert!(steps <= 200, "the walk goes on");
        }
    }
});
