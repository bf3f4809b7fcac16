//! Whatever text comes, loading never panics; whatever results come, a walk ends.

mod plans;

use kiestoon_dialplan::{Action, Plan, StepResult};
use plans::{call, decide_for, file, load};
use proptest::prelude::*;

const VALID: [&str; 2] =
    [include_str!("fixtures/features.toml"), include_str!("../../../dialplans/kantoor.toml")];

fn results() -> impl Strategy<Value = Option<StepResult>> {
    prop_oneof![
        Just(None),
        Just(Some(StepResult::Busy)),
        Just(Some(StepResult::NoAnswer)),
        Just(Some(StepResult::Unavailable)),
        Just(Some(StepResult::Played)),
        Just(Some(StepResult::Failed)),
        (0..700_u16).prop_map(|status| Some(StepResult::Rejected { status })),
    ]
}

/// Loads, and where that succeeds also decides, walks and explains. Fails when a walk does not end.
fn exercise(text: &str, dialled: &str, results: &[Option<StepResult>]) {
    let loaded = match load(text) {
        Ok(loaded) => loaded,
        Err(problems) => {
            assert!(problems.iter().any(kiestoon_dialplan::Problem::is_error));
            problems.iter().for_each(|problem| assert!(!problem.render().is_empty()));
            return;
        }
    };
    walk_all(&loaded.plan, dialled, results);
}

fn walk_all(plan: &Plan, dialled: &str, results: &[Option<StepResult>]) {
    for context in ["intern", "inkomend"] {
        let facts = call(context, dialled);
        let decision = plan.decide(&facts);
        let explained = plan.explain(&facts).matched.map(|matched| matched.rule);
        assert_eq!(decision.as_ref().map(|decision| &decision.rule), explained.as_ref());
        if decision.is_none() {
            continue;
        }
        let mut decided = decide_for(plan, &facts);
        let mut results = results.iter().cycle().copied();
        let mut previous = None;
        let ended = (0..=200).any(|_| {
            let action = decided.run.next(previous);
            previous = results.next().flatten();
            action == Action::Done
        });
        assert!(ended, "the walk goes on");
        assert_eq!(decided.run.next(previous), Action::Done);
    }
}

/// Words of the language in any order: much closer to a plan than any text.
fn language() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "version = 1\n",
        "[hours.k]\n",
        "open = ",
        "closed = ",
        "[closure.c]\n",
        "dates = ",
        "\"12-24..01-02\"",
        "\"holidays:nl\"",
        "\"2026-12-19 10:00-16:00\"",
        "\"c\"",
        "[group.g]\n",
        "members = ",
        "[[context.intern]]\n",
        "match = ",
        "do = ",
        "[",
        "]",
        "{ ",
        " }",
        ", ",
        "\n",
        "dial = ",
        "on_busy = ",
        "echo = true",
        "play = ",
        "when = ",
        "\"_2XX\"",
        "\"_[1-\"",
        "'re:^(2'",
        "'re:^2'",
        "\"ext:${number}\"",
        "\"ext:201\"",
        "\"group:g\"",
        "\"ma-vr 08:00-09:00\"",
        "\"k\"",
        "\"25s\"",
        "timeout = ",
        "reject = ",
        "404",
        "true",
        "1",
        "\"é\u{1F600}\"",
        "emergency = true\n",
        "x.y.z = ",
        "\"e164:nl:${from|strip:9}\"",
    ]);
    prop::collection::vec(words, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in "\\PC{0,200}", dialled in "\\PC{0,8}") {
        exercise(&text, &dialled, &[None]);
    }

    #[test]
    fn any_words(text in language(), dialled in "[0-9*+]{0,6}", results in prop::collection::vec(results(), 1..8)) {
        exercise(&text, &dialled, &results);
    }

    #[test]
    fn mutated_plans(
        which in 0..VALID.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8, any::<char>()), 1..6),
        dialled in "[0-9*+]{1,12}",
        results in prop::collection::vec(results(), 1..8),
    ) {
        let mut text: Vec<char> = VALID[which].chars().collect();
        for (at, kind, c) in edits {
            let at = at.index(text.len());
            match kind {
                0 => { text.remove(at); }
                1 => text.insert(at, c),
                2 => text[at] = c,
                _ => { let cut = text.len().min(at + 12); text.drain(at..cut); }
            }
        }
        exercise(&text.into_iter().collect::<String>(), &dialled, &results);
    }

    #[test]
    fn mutated_quotes_and_numbers(which in 0..VALID.len(), at in any::<prop::sample::Index>(), word in "[\"'\\[\\]{}=.,#0-9a-z]{1,3}") {
        let text = VALID[which];
        let at = text.char_indices().nth(at.index(text.chars().count())).map_or(0, |(at, _)| at);
        exercise(&format!("{}{word}{}", &text[..at], &text[at..]), "201", &[None]);
    }

    #[test]
    fn every_walk_ends(results in prop::collection::vec(results(), 1..40)) {
        let branch = "[{ dial = \"ext:2\", on_busy = [{ echo = true }, { dial = \"ext:3\" }], on_unavailable = [{ play = \"a\" }] }]";
        let step = format!("{{ dial = \"ext:${{number:5}}\", on_busy = {branch}, on_no_answer = {branch}, on_unavailable = {branch} }}");
        let steps = vec![step; 100].join(",\n");
        let text = format!("version = 1\n[[context.intern]]\nmatch = \"_!\"\ndo = [{steps}]\n");
        let plan = Plan::load(&[file("p.toml", &text)]).unwrap().plan;
        walk_all(&plan, "20", &results);
        walk_all(&plan, "1234567", &results);
    }
}
