//! The schema of editors says what the reader says: what loads validates, every word of the reader is in it, and typical slips
//! are seen.

mod plans;

use jsonschema::Validator;
use kiestoon_dialplan::{Plans, Problem, SCHEMA, Suite, TEST_SCHEMA};
use plans::{file, load};
use serde_json::{Map, Value};
use toml_edit::{Document, Item, TableLike};

fn validator(schema: &str) -> Validator {
    jsonschema::validator_for(&serde_json::from_str(schema).expect("JSON")).expect("a schema")
}

fn table(table: &dyn TableLike) -> Value {
    Value::Object(table.iter().map(|(key, item)| (key.to_string(), item_json(item))).collect::<Map<_, _>>())
}

fn item_json(item: &Item) -> Value {
    match item {
        Item::None => Value::Null,
        Item::Value(value) => value_json(value),
        Item::Table(inner) => table(inner),
        Item::ArrayOfTables(list) => list.iter().map(|inner| table(inner)).collect(),
    }
}

fn value_json(value: &toml_edit::Value) -> Value {
    use toml_edit::Value as Toml;
    match value {
        Toml::String(text) => text.value().clone().into(),
        Toml::Integer(number) => (*number.value()).into(),
        Toml::Float(number) => (*number.value()).into(),
        Toml::Boolean(boolean) => (*boolean.value()).into(),
        Toml::Datetime(moment) => serde_json::json!({ "datetime": moment.value().to_string() }),
        Toml::Array(list) => list.iter().map(value_json).collect(),
        Toml::InlineTable(inner) => table(inner),
    }
}

fn json(text: &str) -> Option<Value> {
    Some(table(Document::parse(text).ok()?.as_table()))
}

/// The texts between quotes of Rust sources, plain and raw.
fn texts(source: &str) -> Vec<String> {
    let mut found: Vec<String> =
        source.split("r#\"").skip(1).filter_map(|rest| Some(rest.split("\"#").next()?.to_string())).collect();
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        if c != '"' {
            continue;
        }
        let mut text = String::new();
        while let Some(c) = chars.next() {
            match c {
                '"' => break,
                '\\' => match chars.next() {
                    Some('n') => text.push('\n'),
                    Some('\n') => {}
                    Some(c) => text.push(c),
                    None => {}
                },
                c => text.push(c),
            }
        }
        found.push(text);
    }
    found
}

#[test]
fn what_loads_validates() {
    let schema = validator(SCHEMA);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    let mut sources: Vec<String> = Vec::new();
    let files = |folder: &str| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    for path in files(folder).chain(files(&format!("{folder}/language"))) {
        if path.extension().is_some_and(|ending| ending == "rs") {
            sources.extend(texts(&std::fs::read_to_string(path).unwrap()));
        }
    }
    sources.push(include_str!("fixtures/features.toml").to_string());
    sources.push(include_str!("../../../dialplans/kantoor.toml").to_string());
    let mut checked = 0;
    for source in &sources {
        for text in [
            source.clone(),
            format!("version = 1\n{source}"),
            format!("version = 1\ntimezone = \"Europe/Amsterdam\"\n{source}"),
            format!("version = 1\n[[context.intern]]\nmatch = \"_!\"\ndo = [{source}]\n"),
            format!("version = 1\n[[context.intern]]\n{source}\n"),
        ] {
            if text.trim().is_empty() || load(&text).is_err() {
                continue;
            }
            let value = json(&text).expect("it loads");
            checked += 1;
            let faults: Vec<String> = schema
                .iter_errors(&value)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(faults.is_empty(), "{text}\n{faults:#?}");
        }
    }
    assert!(checked > 60, "only {checked} plans");
}

/// The words that the reader would have expected.
fn expected(text: &str) -> Vec<String> {
    expected_of(&load(text).expect_err(text), text)
}

/// The same of a test file, for a plan that has what it names.
fn expected_in_test(text: &str) -> Vec<String> {
    let plan = "version = 1\n[webhook.crm]\nurl = \"https://crm.example.nl/\"\n[[context.intern]]\nmatch = \"1\"\ndo = [{ webhook = \"crm\" }]\n";
    let plans = Plans::shared_by_all(load(plan).expect("a plan").plan);
    let problems = Suite::load(&plans, &[file("tests/a.toml", text)]).expect_err(text);
    expected_of(&problems, text)
}

fn expected_of(problems: &[Problem], text: &str) -> Vec<String> {
    let message = problems.iter().map(ToString::to_string).find(|message| message.contains("xyzzy"));
    let message = message.unwrap_or_else(|| panic!("{text}\n{problems:#?}"));
    let words = message.split(", expected ").nth(1).expect("words").split(';').next().unwrap_or_default();
    words.split('`').skip(1).step_by(2).map(str::to_string).collect()
}

fn properties(pointer: &str) -> Vec<String> {
    properties_of(SCHEMA, pointer)
}

fn properties_of(schema: &str, pointer: &str) -> Vec<String> {
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    let table = schema.pointer(pointer).and_then(Value::as_object);
    table.unwrap_or_else(|| panic!("no {pointer}")).keys().cloned().collect()
}

fn assert_same(mut reader: Vec<String>, mut schema: Vec<String>, what: &str) {
    reader.sort();
    schema.sort();
    assert_eq!(reader, schema, "{what}");
}

#[test]
fn every_word_of_the_reader_is_in_the_schema() {
    let step = |step: &str| format!("version = 1\n[[context.intern]]\nmatch = \"1\"\ndo = [{{ {step} }}]\n");
    let verbs = expected(&step("xyzzy = 1"));
    assert!(verbs.len() >= 25, "{verbs:?}");
    for verb in &verbs {
        let words = expected(&step(&format!("{verb} = \"x\", xyzzy = 1")));
        assert_same(words, properties(&format!("/definitions/step-{verb}/properties")), verb);
    }
    let forms: Vec<String> = properties("/definitions")
        .iter()
        .filter_map(|name| Some(name.strip_prefix("step-")?.to_string()))
        .collect();
    assert_same(verbs, forms, "verbs");
    assert_same(expected("version = 1\nxyzzy = 1\n"), properties("/properties"), "a file");
    for section in ["hours", "closure", "set", "group", "ivr", "queue", "webhook"] {
        let words = expected(&format!("version = 1\n[{section}.a]\nxyzzy = 1\n"));
        assert_same(
            words,
            properties(&format!("/properties/{section}/additionalProperties/properties")),
            section,
        );
    }
    let rule = |keys: &str| format!("version = 1\n[[context.intern]]\n{keys}\nxyzzy = 1\n");
    assert_same(expected(&rule("match = \"1\"")), properties("/definitions/rule/properties"), "a rule");
    assert_same(
        expected(&rule("include = \"intern\"")),
        properties("/definitions/include/properties"),
        "an include",
    );
    let words = expected("version = 1\n[group.a]\nmembers = \"1\"\nstrategy = \"xyzzy\"\n");
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let known: Vec<String> =
        serde_json::from_value(schema["definitions"]["strategy"]["enum"].clone()).unwrap();
    assert_same(words, known, "strategies");
    let countries = expected(&step("dial = \"trunk:a\", to = \"${number|e164:xyzzy}\""));
    let pattern = schema["definitions"]["template"]["allOf"][1]["not"]["pattern"].as_str().unwrap();
    let list = pattern.split("(?!(").nth(1).and_then(|rest| rest.split(')').next()).unwrap();
    assert_same(countries, list.split('|').map(str::to_string).collect(), "countries");
    let languages = expected("version = 1\nlanguage = \"xyzzy\"\n");
    let known: Vec<String> =
        serde_json::from_value(schema["properties"]["language"]["enum"].clone()).unwrap();
    assert_same(languages, known, "languages");
}

#[test]
fn slips_are_seen() {
    let schema = validator(SCHEMA);
    let rule = "[[context.intern]]\nmatch = \"1\"\n";
    let step = |step: &str| format!("{rule}do = [{{ {step} }}]\n");
    let cases = [
        "version = 2\n".to_string(),
        "timezon = \"UTC\"\n".to_string(),
        "[context.intern]\nmatch = \"1\"\n".to_string(),
        "language = \"es\"\n".to_string(),
        "[hours.k]\nclosed = []\n".to_string(),
        "[hours.k]\nopen = \"ma\"\nclosd = []\n".to_string(),
        "[group.a]\nmembers = [\"group:b\"]\n".to_string(),
        "[group.a]\nmembers = [201]\n".to_string(),
        "[group.a]\nmembers = [\"201\"]\nstrategy = \"ringall\"\n".to_string(),
        "[group.a]\nmembers = [\"201\"]\ntimeout = 20\n".to_string(),
        "[group.a]\nmembers = [\"201\"]\ntimeout = \"20\"\n".to_string(),
        "[webhook.a]\nurl = \"crm\"\n".to_string(),
        "[ivr.a]\nprompt = \"a\"\nkeys = { 10 = \"ext:1\" }\n".to_string(),
        "[variables]\nnumber = \"1\"\n".to_string(),
        "[[context.intern]]\ndo = [{ echo = true }]\n".to_string(),
        "[[context.intern]]\nmach = \"1\"\nmatch = \"1\"\ndo = [{ echo = true }]\n".to_string(),
        "[[context.intern]]\ninclude = \"x\"\ndo = [{ echo = true }]\n".to_string(),
        "[[context.intern]]\nmatch = \"1\"\nemergency = true\nwhen = \"k\"\ndo = [{ dial = \"ext:1\" }]\n"
            .to_string(),
        format!("{rule}do = []\n"),
        format!("{rule}do = {{ echo = true }}\n"),
        step("dail = \"ext:1\""),
        step("timeout = \"5s\""),
        step("play = \"a\", echo = true"),
        step("play = \"../a\""),
        step("play = \"a\", timeout = \"5s\""),
        step("dial = \"201\""),
        step("dial = \"ext:1\", timout = \"5s\""),
        step("dial = \"ext:1\", order = \"paralel\""),
        step("dial = \"ext:1\", failover = [\"2xx\"]"),
        step("dial = \"trunk:a\", to = \"e164:xx:${number}\""),
        step("dial = \"trunk:a\", to = \"${number|e164:xx}\""),
        step("dial = \"ext:${number|stripp:9}\""),
        step("dial = \"ext:${number\""),
        step("dial = \"ext:1\", on_busy = { echo = true }"),
        step("echo = false"),
        step("reject = \"bussy\""),
        step("hangup = 0"),
        step("say = \"nummer:1\""),
        step("collect = \"x\", end = \"5\""),
        step("choose = \"${number}\""),
        step("choose = \"${number}\", cases = { 1 = \"grup:a\" }"),
        step("if = { value = \"1\" }, then = [{ echo = true }]"),
        step("if = { from = \"1\" }"),
        step("goto = \"nacht\""),
        step("override = \"k\", to = \"day\""),
    ];
    for text in cases {
        let text = if text.starts_with("version") { text } else { format!("version = 1\n{text}") };
        let value = json(&text).unwrap_or_else(|| panic!("{text}"));
        assert!(!schema.is_valid(&value), "{text}");
        assert!(load(&text).is_err(), "{text} is no slip");
    }
}

#[test]
fn test_files_have_a_schema() {
    let schema = validator(TEST_SCHEMA);
    let case = |keys: &str| format!("[[case]]\n{keys}\n");
    let call = "call = { context = \"intern\", from = \"206\", to = \"1\" }";
    for keys in [
        "expect = [\"play:gesloten\", \"...\"]\nat = \"2026-11-21T15:00\"\nname = \"x\"",
        "expect = []\ngiven = { \"trunk:voys\" = \"503\", \"ext:1\" = \"busy\", keuze = [\"1\", \"2\"], \"webhook:crm\" = \"failed\" }",
        "expect_rule = \"intern/x\"\ngiven = { \"webhook:crm\" = { destination = \"group:balie\", variables = { klant = \"1\" } } }",
        "expect_rule = \"intern/x\"\noverrides = { kantoor = \"closed\" }\npermissions = [\"call.international\"]",
    ] {
        let value = json(&case(&format!("{call}\n{keys}"))).unwrap();
        let faults: Vec<String> = schema.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(faults.is_empty(), "{keys}\n{faults:#?}");
    }
    for text in [
        case("expect = []"),
        case(call),
        case(&format!("{call}\nexpect = []\nat = 5")),
        case(&format!("{call}\nexpect = []\noverrides = {{ kantoor = \"day\" }}")),
        case(&format!("{call}\nexpect = []\ngiven = {{ \"ext:1\" = \"bussy\" }}")),
        case(&format!("{call}\nexpect = []\nexpcet = []")),
        "[[cases]]\n".to_string(),
    ] {
        assert!(!schema.is_valid(&json(&text).unwrap()), "{text}");
    }
}

#[test]
fn every_word_of_a_test_file_is_in_its_schema() {
    let call = "call = { context = \"intern\", to = \"1\" }\nexpect = []\n";
    let case = "/properties/case/items/properties";
    let answer = "given = { \"webhook:crm\" = { xyzzy = 1 } }";
    for (text, pointer) in [
        ("xyzzy = 1\n".to_string(), "/properties".to_string()),
        (format!("[[case]]\n{call}xyzzy = 1\n"), case.to_string()),
        (format!("[[case]]\n{}", call.replace("to =", "xyzzy = 1, to =")), format!("{case}/call/properties")),
        (
            format!("[[case]]\n{call}{answer}\n"),
            format!("{case}/given/patternProperties/^webhook:./anyOf/2/properties"),
        ),
    ] {
        assert_same(expected_in_test(&text), properties_of(TEST_SCHEMA, &pointer), &text);
    }
    let replies = expected_in_test(&format!("[[case]]\n{call}given = {{ \"ext:1\" = \"xyzzy\" }}\n"));
    let schema: Value = serde_json::from_str(TEST_SCHEMA).expect("JSON");
    let given = &schema["properties"]["case"]["items"]["properties"]["given"]["patternProperties"];
    let pattern = given["^(ext|trunk|group):."]["anyOf"][0].to_string();
    assert!(
        replies.len() >= 6 && replies.iter().all(|word| pattern.contains(word)),
        "{replies:?}\n{pattern}"
    );
    let most = &schema["properties"]["case"]["items"]["properties"]["expect"]["anyOf"][1]["maxItems"];
    assert_eq!(most, &serde_json::json!(500), "as the reader has it");
}
