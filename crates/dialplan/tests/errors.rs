//! Every kind of fault, with the exact place where it is reported and the remedy that is offered.

mod plans;

use kiestoon_dialplan::{Plan, Severity};
use plans::{file, load};

/// The problems of a file, each as "line:column: message".
fn problems(text: &str, severity: Severity) -> Vec<String> {
    let all = match load(text) {
        Ok(loaded) => loaded.warnings,
        Err(problems) => problems,
    };
    let wanted = all.into_iter().filter(|problem| problem.severity == severity);
    wanted.map(|problem| problem.to_string().split_off("plan.toml:".len())).collect()
}

fn errors(text: &str) -> Vec<String> {
    problems(text, Severity::Error)
}

/// Checks that the text has this one error, by its start, and that its hint is there.
fn one(text: &str, expected: &str, hint: &str) {
    let found = errors(text);
    assert_eq!(found.len(), 1, "{text}\n{found:#?}");
    let expected = expected.replacen(": ", ": error: ", 1);
    assert!(found[0].starts_with(&expected), "{text}\nwanted {expected}\nfound  {}", found[0]);
    assert!(found[0].ends_with(hint), "{text}\nwanted {hint}\nfound  {}", found[0]);
}

/// A step in a rule: the step starts at line 4, column 7.
fn step(step: &str, expected: &str, hint: &str) {
    one(&format!("version = 1\n[[context.intern]]\nmatch = \"_2XX\"\ndo = [{step}]\n"), expected, hint);
}

/// A rule's own lines, from line 3 on.
fn rule(lines: &str, expected: &str, hint: &str) {
    one(&format!("version = 1\n[[context.intern]]\n{lines}\n"), expected, hint);
}

#[test]
fn of_the_file() {
    one("version = 1\nfoo = [\n", "2:8: unclosed array", "");
    one("version = 1\nversion = 1\n", "2:1: duplicate key", "");
    one("version = 2\n", "1:11: this version of the language is not known", "expected `version = 1`");
    one("version = \"1\"\n", "1:11: this version", "");
    one(
        "version = 1\ntimezon = \"UTC\"\n",
        "2:1: unknown key `timezon` in a dialplan",
        "did you mean `timezone`?",
    );
    one(
        "version = 1\ntimezone = 1\n",
        "2:12: `timezone` must be a text such as \"Europe/Amsterdam\", not a number",
        "",
    );
    one(
        "version = 1\ntimezone = \"Europe/Amsterdm\"\n",
        "2:12: unknown time zone",
        "did you mean `Europe/Amsterdam`?",
    );
    one(
        "version = 1\n[[case]]\n",
        "2:3: `[[case]]` is a test",
        "tests lie in the folder `tests` below the one of the plans",
    );
    one(
        "version = 1\n[group.k]\nmembers = \"201, 202\"\n",
        "3:11: `201, 202` is no number of an extension",
        "of several write a list: [\"201\", \"202\"]",
    );
    one("version = 1\n[contexts.intern]\n", "2:2: unknown key `contexts`", "did you mean `context`?");
    one(
        "version = 1\n[context.intern]\nmatch = \"1\"\n",
        "2:10: a rule starts with `[[context.intern]]`",
        "",
    );
    one("version = 1\ncontext = 5\n", "2:11: `context` must be a table, not a number", "");
}

#[test]
fn of_definitions() {
    let cases = [
        ("[hours.k]\nopen = [\"xx 08:00-17:00\"]", "3:9: `xx 08:00-17:00`: `xx` is no day"),
        ("[hours.k]\nopen = [\"ma 8-17\"]", "3:9: `ma 8-17`: `8-17` is no range of time"),
        ("[hours.k]\nclosed = [\"2026-12-25\"]", "2:1: hours need `open`"),
        ("[hours.k]\nopen = \"ma\"\nclosed = [\"kerst\"]", "4:11: unknown closure `kerst`"),
        ("[hours.k]\nopen = \"ma\"\nclosd = []", "4:1: unknown key `closd` in hours"),
        ("[group.k]\nstrategy = \"ring-all\"", "2:1: a group needs `members`"),
        ("[group.k]\nmembers = []", "3:11: `members` is empty"),
        ("[group.k]\nmembers = [201]", "3:12: `members` must be a text"),
        ("[group.k]\nmembers = [\"20 1\"]", "3:12: `20 1` is no number of an extension"),
        ("[group.k]\nmembers = [\"group:a\"]", "3:12: `group:a` is no member"),
        ("[group.k]\nmembers = [\"ext:${number}\"]", "3:12: a member is fixed"),
        ("[group.k]\nmembers = \"1\"\nstrategy = \"ringall\"", "4:12: unknown strategy `ringall`"),
        (
            "[group.k]\nmembers = \"1\"\ntimeout = 20",
            "4:11: `timeout` must be a time such as \"25s\", not a number",
        ),
        ("[group.k]\nmembers = \"1\"\ntimeout = \"20\"", "4:11: `20` is no time"),
        ("[group]\nk = 1", "3:5: a group must be a table"),
        ("[ivr.k]\nprompt = \"a\"", "2:1: an ivr needs `keys`"),
        ("[ivr.k]\nkeys = {}", "2:1: an ivr needs `prompt`"),
        ("[ivr.k]\nprompt = \"a\"\nkeys = { 10 = \"ext:1\" }", "4:10: `10` is no key"),
        ("[ivr.k]\nprompt = \"a\"\nkeys = { 1 = \"group:x\" }", "4:14: unknown group `x`"),
        ("[ivr.k]\nprompt = \"a\"\nkeys = { 1 = \"grup:x\" }", "4:14: `grup:x` is no destination"),
        (
            "[webhook.k]\nurl = \"http://x\"\nvariables = [\"klant\", \"number\"]",
            "4:23: `number` is given with every call",
        ),
        ("[queue.k]\nmembers = \"1\"\nstrategy = \"fifo\"", "4:12: unknown strategy `fifo`"),
    ];
    for (text, expected) in cases {
        one(&format!("version = 1\n{text}\n"), expected, "");
    }
}

#[test]
fn of_rules() {
    rule("do = [{ echo = true }]", "2:1: a rule needs `match`", "");
    rule("match = \"1\"", "2:1: a rule needs `do`", "");
    rule("match = \"1\"\ndo = []", "4:6: `do` needs at least one step", "");
    rule("match = \"1\"\ndo = { echo = true }", "4:6: `do` must be a list of steps", "");
    rule("match = []\ndo = [{ echo = true }]", "3:9: `match` is empty", "");
    rule(
        "match = 201\ndo = [{ echo = true }]",
        "3:9: `match` must be a text such as \"_2XX\", not a number",
        "",
    );
    rule("match = [\"1\", true]\ndo = [{ echo = true }]", "3:15: `match` must be a text", "");
    rule(
        "match = \"_2[5-1]\"\ndo = [{ echo = true }]",
        "3:13: pattern `_2[5-1]`: the range 5-1 runs backwards",
        "",
    );
    rule("match = \"_2.X\"\ndo = [{ echo = true }]", "3:12: pattern `_2.X`: `.` stands for the rest", "");
    rule(
        "match = 're:^(1'\ndo = [{ echo = true }]",
        "3:10: pattern `re:^(1`: not a regular expression",
        "unclosed group",
    );
    rule("match = \"\"\ndo = [{ echo = true }]", "3:10: pattern ``: an empty pattern matches nothing", "");
    rule("match = \"1\"\nwhen = \"x\"\ndo = [{ echo = true }]", "4:8: unknown hours `x`", "");
    rule(
        "match = \"1\"\nwhen = \"za 25:00-26:00\"\ndo = [{ echo = true }]",
        "4:8: `za 25:00-26:00`: `25:00-26:00`",
        "",
    );
    rule("match = \"1\"\nrequire = \"a b\"\ndo = [{ echo = true }]", "4:11: `a b` is no permission", "");
    rule(
        "match = \"1\"\nrequire = \"call.internatonal\"\ndo = [{ echo = true }]",
        "4:11: `call.internatonal` is no permission, expected `call.internal`, `call.national`",
        "did you mean `call.international`?",
    );
    rule(
        "match = \"1\"\nemergency = 1\ndo = [{ echo = true }]",
        "4:13: `emergency` must be true or false",
        "",
    );
    rule(
        "mach = \"1\"\nmatch = \"1\"\ndo = [{ echo = true }]",
        "3:1: unknown key `mach` in a rule",
        "`match`?",
    );
    rule("name = 5\nmatch = \"1\"\ndo = [{ echo = true }]", "3:8: `name` must be a text", "");
}

#[test]
fn a_fault_of_the_name_hides_no_other() {
    let found =
        errors("version = 1\n[[context.intern]]\nname = 5\nmatch = \"_2[5-1]\"\ndo = [{ dail = 1 }]\n");
    let places: Vec<&str> = found.iter().filter_map(|problem| problem.split(": error").next()).collect();
    assert_eq!(places, ["3:8", "4:13", "5:9"]);
    let found = errors("version = 1\n[[context.intern]]\ninclude = 5\nwhen = \"x\"\n");
    let places: Vec<&str> = found.iter().filter_map(|problem| problem.split(": error").next()).collect();
    assert_eq!(places, ["3:11", "4:8"]);
}

#[test]
fn of_names_of_rules() {
    let named = |context: &str, name: &str| {
        format!(
            "[[context.{context}]]\nname = \"{name}\"\nmatch = \"_2XX\"\nfrom = \"1\"\ndo = [{{ echo = true }}]\n"
        )
    };
    let two = format!("version = 1\n{}{}", named("intern", "a"), named("intern", "a"));
    one(&two, "8:8: context `intern` already has a rule `a` at plan.toml:3", "a name of its own, or none");
    assert_eq!(errors(&format!("version = 1\n{}{}", named("intern", "a"), named("ander", "a"))), [""; 0]);
    for name in ["#2", ""] {
        one(
            &format!("version = 1\n{}", named("intern", name)),
            &format!("3:8: `{name}` is no name of a rule"),
            "",
        );
    }
    let nameless = "[[context.intern]]\nmatch = \"_!\"\ndo = [{ echo = true }]\n";
    assert_eq!(errors(&format!("version = 1\n{nameless}{nameless}")), [""; 0]);
    let apart = Plan::load(&[
        file("a.toml", &format!("version = 1\n{}", named("intern", "a"))),
        file("b.toml", &format!("version = 1\n{}", named("intern", "a"))),
    ]);
    let at = "b.toml:3:8: error: context `intern` already has a rule `a` at a.toml:3";
    assert!(apart.unwrap_err().iter().any(|problem| problem.to_string().starts_with(at)));
}

#[test]
fn of_when() {
    let when = |when: &str, expected: &str, hint: &str| {
        let text = format!(
            "version = 1\ntimezone = \"UTC\"\n[hours.kantoor]\nopen = \"ma-vr 08:00-17:00\"\n[[context.intern]]\n\
             match = \"1\"\nwhen = \"{when}\"\ndo = [{{ echo = true }}]\n"
        );
        one(&text, expected, hint);
    };
    when(
        "za",
        "7:8: `za` names days, and here the name of hours belongs",
        "for all of these days write `za 00:00-24:00`",
    );
    when("!ma-vr", "7:8: `!ma-vr` names days", "write `!ma-vr 00:00-24:00`");
    when(
        "!!kantoor",
        "7:8: `!!kantoor` has more than one `!`, which means not",
        "write `kantoor` or `!kantoor`",
    );
    when("! !kantoor", "7:8: `! !kantoor` has more than one `!`", "write `kantoor` or `!kantoor`");
    rule(
        "match = \"1\"\nfrom = \"!!201\"\ndo = [{ echo = true }]",
        "4:10: pattern `!!201`: more than one `!`, which means not",
        "",
    );
    let list = |count: usize| {
        let when = vec!["\"za 10:00-11:00\""; count].join(", ");
        format!("version = 1\n[[context.intern]]\nmatch = \"1\"\nwhen = [{when}]\ndo = [{{ echo = true }}]\n")
    };
    assert_eq!(errors(&list(50)), [""; 0]);
    one(&list(51), "4:8: `when` has at most 50 entries", "");
}

#[test]
fn of_names_of_hours() {
    let hours = |name: &str| format!("version = 1\ntimezone = \"UTC\"\n[hours.\"{name}\"]\nopen = \"ma\"\n");
    one(&hours("!x"), "3:8: `!x` is no name of hours", "write `[hours.x]`");
    one(&hours(" x"), "3:8: ` x` is no name of hours", "write `[hours.x]`");
    one(&hours(""), "3:8: `` is no name of hours", "with a space");
    one("version = 1\n[closure.\"!x\"]\ndates = \"2026-12-25\"\n", "2:10: `!x` is no name of hours", "");
}

#[test]
fn of_prompts_everywhere() {
    for bad in ["../../etc/passwd", "/a", "a/../b", "a b", "", "tone:../a"] {
        let fault = format!("`{bad}` is no prompt");
        let found = |text: String| {
            let found = errors(&text);
            assert!(found.iter().any(|problem| problem.contains(&fault)), "{text}\n{found:#?}");
        };
        let rule = |step: &str| format!("version = 1\n[[context.intern]]\nmatch = \"1\"\ndo = [{step}]\n");
        found(rule(&format!("{{ play = \"{bad}\" }}")));
        found(rule(&format!("{{ collect = \"x\", prompt = \"{bad}\" }}")));
        found(rule(&format!("{{ choose = \"${{number}}\", cases = {{ 1 = \"play:{bad}\" }} }}")));
        found(rule(&format!("{{ if = {{ from = \"1\" }}, then = \"play:{bad}\" }}")));
        found(format!("version = 1\n[ivr.k]\nprompt = \"{bad}\"\nkeys = {{ 1 = \"hangup\" }}\n"));
        found(format!("version = 1\n[ivr.k]\nprompt = \"a\"\nkeys = {{ 1 = \"play:{bad}\" }}\n"));
    }
    one(
        "version = 1\n[ivr.k]\nprompt = \"a\"\nkeys = { 1 = \"play:../..\" }\n",
        "4:20: `../..` is no prompt",
        "folders with `/`",
    );
    one(
        "version = 1\n[ivr.k]\nprompt = \"a\"\nkeys = { 1 = \"say:x\" }\n",
        "4:14: `say:x` is no destination",
        "",
    );
    assert_eq!(
        errors("version = 1\n[ivr.k]\nprompt = \"a\"\nkeys = { 1 = \"repeat\", 2 = \"play:menu/dag\" }\n"),
        [""; 0]
    );
}

#[test]
fn of_limits() {
    let contexts = |count: usize| {
        let rules =
            (0..count).map(|n| format!("[[context.c{n}]]\nmatch = \"1\"\ndo = [{{ echo = true }}]\n"));
        format!("version = 1\n{}", rules.collect::<String>())
    };
    assert_eq!(errors(&contexts(1_000)), [""; 0]);
    one(&contexts(1_001), "3002:11: a plan has at most 1000 contexts", "");
}

#[test]
fn of_steps() {
    step("{ dail = \"ext:201\" }", "4:9: unknown step `dail`, expected `dial`", "did you mean `dial`?");
    step("{ timeout = \"5s\" }", "4:7: a step without a word for what to do", "");
    step("{ play = \"a\", echo = true }", "4:21: two steps in one: `play` and `echo`", "{ echo = ... }");
    step("5", "4:7: a step must be a table, not a number", "");
    step("{ play = \"../x\" }", "4:16: `../x` is no prompt", "folders with `/`");
    step("{ play = true }", "4:16: `play` must be a text", "");
    step(
        "{ play = \"a\", timeout = \"5s\" }",
        "4:21: unknown key `timeout` in step `play`, expected `play`",
        "",
    );
    step("{ echo = false }", "4:16: expected `echo = true`", "");
    step("{ reject = 200 }", "4:18: `reject` takes a SIP status from 400 to 699", "");
    step("{ reject = \"bussy\" }", "4:18: `reject` takes a SIP status", "did you mean `busy`?");
    step("{ hangup = 0 }", "4:18: `hangup` takes true, or a Q.850 cause from 1 to 127", "");
    step("{ hangup = false }", "4:18: `hangup` takes true", "");
    step("{ voicemail = false }", "4:21: `voicemail` takes a text", "");
    step("{ voicemail = \"${numer}\" }", "4:22: unknown variable `numer`", "did you mean `number`?");
    step("{ ivr = \"x\" }", "4:15: unknown ivr `x`, expected the name of a [ivr.*]", "");
    step("{ queue = \"x\" }", "4:17: unknown queue `x`", "");
    step(
        "{ play = 2026-01-01 }",
        "4:16: `play` must be a text such as \"welkom\", not a date without quotes",
        "",
    );
}

#[test]
fn of_dialling() {
    step("{ dial = \"201\" }", "4:16: `201` cannot be dialled", "did you mean `ext:201`?");
    step("{ dial = \"exit:201\" }", "4:16: `exit:201` cannot be dialled", "did you mean `ext`?");
    step("{ dial = \"group:x\" }", "4:16: unknown group `x`", "");
    step("{ dial = \"group:${number}\" }", "4:16: a group is named as it is", "");
    step("{ dial = \"trunk:\" }", "4:16: a trunk is named as it is", "");
    step("{ dial = \"ext:\" }", "4:16: `` is no number of an extension", "");
    step("{ dial = [] }", "4:16: `dial` is empty", "");
    step("{ dial = \"ext:${numbr}\" }", "4:21: unknown variable `numbr`", "did you mean `number`?");
    step("{ dial = \"ext:${number\" }", "4:21: `${` without its `}`", "");
    step(
        "{ dial = \"ext:1\", timout = \"5s\" }",
        "4:25: unknown key `timout` in step `dial`",
        "did you mean `timeout`?",
    );
    step("{ dial = \"ext:1\", timeout = \"11m\" }", "4:35: `11m` is no time", "");
    step("{ dial = \"ext:1\", timeout = \"0s\" }", "4:35: `0s` is no time", "");
    step(
        "{ dial = \"ext:1\", order = \"paralel\" }",
        "4:33: unknown order `paralel`",
        "did you mean `parallel`?",
    );
    step(
        "{ dial = [\"ext:1\", \"ext:2\"], strategy = \"round-robin\" }",
        "4:47: only a group knows whose turn it is: `round-robin` needs a `dial` of one group",
        "dial = \"group:NAME\"",
    );
    step("{ dial = \"ext:1\", to = \"e164:xx:${number}\" }", "4:31: unknown country `xx`", "");
    step("{ dial = \"ext:1\", failover = [\"2xx\"] }", "4:37: `2xx` is no reason", "");
    step("{ dial = \"ext:1\", failover = \"5xx\" }", "4:36: `failover` must be a list", "");
    step("{ dial = \"ext:1\", on_busy = [{ echo = 1 }] }", "4:45: expected `echo = true`", "");
    step("{ dial = \"ext:1\", on_bussy = [] }", "4:25: unknown key `on_bussy`", "did you mean `on_busy`?");
    let deep = format!("{}{{ echo = true }}{}", "{ dial = \"ext:1\", on_busy = [".repeat(9), "] }".repeat(9));
    step(&deep, "4:267: branches go at most 8 deep", "");
    let many = format!("{{ dial = [{}] }}", vec!["\"ext:1\""; 101].join(", "));
    step(&many, "4:16: a call rings at most 100 targets", "");
}

#[test]
fn of_emergency_rules() {
    let plan = |above: &str, emergency: &str| {
        format!(
            "version = 1\n[[context.intern]]\nname = \"boven\"\n{above}\ndo = [{{ dial = \"trunk:a\" }}]\n[[context.intern]]\n\
             name = \"nood\"\nemergency = true\n{emergency}\ndo = [{{ dial = \"trunk:a\" }}]\n"
        )
    };
    let message = "6:1: emergency rule nood could be shadowed by rule boven above it (plan.toml:2)";
    let hint = "put emergency rules first";
    one(&plan("match = \"_1XX\"", "match = [\"0112\", \"112\"]"), message, hint);
    one(
        &plan("match = \"112\"\nwhen = \"ma 10:00-11:00\"", "match = \"112\""),
        &message.replacen("6:1", "7:1", 1),
        hint,
    );
    one(&plan("match = 're:^11'", "match = \"112\""), message, hint);
    one(&plan("match = 're:^9'", "match = \"_11X\""), message, hint);
    one(&plan("match = 're:^112$'", "match = \"1-1-2\""), message, hint);
    assert_eq!(errors(&plan("match = \"_2XX\"", "match = [\"0112\", \"112\"]")), [""; 0]);
    assert_eq!(errors(&plan("match = \"112\"\nemergency = true", "match = \"112\"")), [""; 0]);
    one(
        &plan("match = \"1\"", "match = \"112\"\nwhen = \"ma 10:00-11:00\""),
        "10:1: an emergency rule always counts",
        "no `when`",
    );
    one(
        &plan("match = \"1\"", "match = \"112\"\nrequire = \"call.national\""),
        "10:1: an emergency rule always counts",
        "no `require`",
    );
}

#[test]
fn all_at_once_and_in_order() {
    let found = errors(
        "version = 3\ntimezone = \"Mars\"\n[[context.intern]]\nmatch = \"_[\"\ndo = [{ dail = 1 }, { play = 2 }]\n[hours.k]\n\
         open = \"x\"\n[[context.intern]]\nfoo = 1\n",
    );
    let places: Vec<&str> = found.iter().filter_map(|problem| problem.split(": error").next()).collect();
    assert_eq!(places, ["1:11", "2:12", "4:11", "5:9", "5:30", "7:8", "8:1", "8:1", "9:1"]);
}

#[test]
fn a_broken_file_does_not_accuse_the_others() {
    let problems = Plan::load(&[
        file("a.toml", "version = 1\n[[context.intern]]\nmatch = \"1\"\nwhen = \"k\"\ndo = [{ dial = \"group:g\" }, { dail = 1 }]\n"),
        file("b.toml", "version = 1\n[hours.k\n"),
    ])
    .unwrap_err();
    let places: Vec<String> = problems
        .iter()
        .map(|problem| format!("{}:{}:{}", problem.file, problem.line, problem.column))
        .collect();
    assert_eq!(places, ["a.toml:5:31", "b.toml:2:9"]);
}

#[test]
fn faults_are_shown_with_their_line() {
    let problems =
        load("version = 1\n[[context.intern]]\nmatch = \"1\"\ndo = [{ dail = \"ext:201\" }]\n").unwrap_err();
    let text = problems[0].render();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[2], "4 | do = [{ dail = \"ext:201\" }]");
    assert_eq!(lines[3], "  |         ^^^^");
    assert_eq!(lines[4], "  = did you mean `dial`?");
}

#[test]
fn a_hopeless_file_has_a_bounded_list() {
    let text = format!("version = 1\n{}", (0..5_000).map(|n| format!("key{n} = 1\n")).collect::<String>());
    let problems = load(&text).unwrap_err();
    assert_eq!(problems.len(), 201);
    assert!(problems[200].message.contains("more than 200 errors"), "{}", problems[200]);
    let large = format!("version = 1\n#{}", "x".repeat(4 << 20));
    assert_eq!(errors(&large), ["1:1: error: the dialplan is larger than 4 MiB"]);
    let long = format!("version = 1\n# {}\n", "x".repeat(100_000));
    assert_eq!(errors(&long), ["2:1: error: this line is longer than 100000 bytes"]);
}
