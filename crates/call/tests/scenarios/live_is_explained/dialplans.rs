//! Random dialplans that load: rules over a few numbers, with every construct whose results the office's phones can give.

use std::fmt::Write as _;

use kiestoon_testkit::Chance;

/// What is dialled.
pub(super) const NUMBERS: [&str; 9] = ["119", "100", "101", "110", "111", "200", "202", "0612345678", "*43"];

const PATTERNS: [&str; 10] = [
    "\"100\"",
    "\"_1XX\"",
    "\"_10X\"",
    "\"_[12]!\"",
    "\"_0ZXXXXXXXX\"",
    "'re:^1(\\d)(\\d)$'",
    "[\"101\", \"_2XX\"]",
    "\"set:kort\"",
    "\"_!\"",
    "\"*43\"",
];
const TARGETS: [&str; 10] = [
    "ext:202",
    "ext:203",
    "ext:204",
    "ext:205",
    "ext:206",
    "group:allen",
    "group:rij",
    "group:beurt",
    "ext:20${number:-1}",
    "ext:${doel|default:203}",
];
const CONDITIONS: [&str; 8] = [
    "when = \"altijd\"",
    "when = \"!altijd\"",
    "when = \"kantoor\"",
    "value = \"${toets}\", match = \"1\"",
    "from = \"_2XX\"",
    "from = [\"!set:kort\", \"201\"]",
    "value = \"${number}\", match = \"_1XX\"",
    "value = \"${doel}\", match = [\"203\", \"!_.\"]",
];
const HEAD: &str = r#"
[hours.altijd]
open = "00:00-24:00"
[set.kort]
numbers = ["100", "_11X"]
[group.allen]
members = ["203", "204"]
timeout = "5s"
[group.rij]
members = ["206", "205"]
strategy = "sequential"
timeout = "4s"
[group.beurt]
members = ["203", "205", "206"]
strategy = "round-robin"
timeout = "4s"
[hours.kantoor]
open = "00:00-24:00"
[webhook.crm]
url = "https://crm.example/route"
variables = ["klant"]
[variables]
vast = "4"
[[context.intern]]
name = "nood"
match = "119"
emergency = true
do = [{ dial = "ext:203", on_busy = [{ notify = "chef" }, { dial = "ext:204", timeout = "2s" }] }, { notify = "bhv ${from}" }, { dial = "ext:202" }]
"#;

/// Where every variable comes from that others use.
const ASKS: &str = r#"
[[context.derde]]
name = "vraagt"
match = "999"
do = [
  { collect = "toets", digits = 1 },
  { collect = "geheim", digits = 2, secret = true },
  { webhook = "crm" },
]
"#;

pub(super) fn rules(dice: &mut Chance) -> String {
    let mut text = HEAD.to_string();
    for context in ["intern", "extra"] {
        for rule in 0..1 + dice.below(4) {
            let _ = write!(
                text,
                "[[context.{context}]]\nname = \"r{rule}\"\nmatch = {}\n",
                pick(dice, &PATTERNS)
            );
            if dice.happens(200) {
                let _ = writeln!(text, "when = \"{}\"", pick(dice, &["altijd", "!altijd"]));
            }
            if dice.happens(200) {
                let _ = writeln!(text, "from = \"{}\"", pick(dice, &["201", "!201", "_2XX"]));
            }
            let _ = writeln!(text, "do = [{}]", steps(dice, 0));
        }
    }
    text.push_str("[[context.intern]]\nname = \"rest\"\nmatch = \"_!\"\ndo = [{ set = { doel = \"204\" } }, { dial = \"ext:203\" }]\n");
    text.push_str("[[context.extra]]\ninclude = \"derde\"\n[[context.derde]]\nname = \"laatste\"\nmatch = \"_!\"\ndo = [{ play = \"een\" }]\n");
    text.push_str(ASKS);
    text
}

fn steps(dice: &mut Chance, depth: u64) -> String {
    let count = 1 + dice.below(3);
    let steps: Vec<String> = (0..count).map(|_| step(dice, depth)).collect();
    steps.join(", ")
}

fn step(dice: &mut Chance, depth: u64) -> String {
    let kinds = if depth < 2 { 20 } else { 12 };
    match dice.below(kinds) {
        0 => format!("{{ dial = \"{}\", timeout = \"{}s\" }}", pick(dice, &TARGETS), 2 + dice.below(5)),
        1 => format!(
            "{{ dial = [\"{}\", \"{}\"], order = \"{}\", timeout = \"3s\" }}",
            pick(dice, &TARGETS),
            pick(dice, &TARGETS),
            pick(dice, &["parallel", "sequence"])
        ),
        2 => format!("{{ play = \"{}\" }}", pick(dice, &["een", "twee"])),
        3 => format!(
            "{{ set = {{ doel = \"{}\" }} }}",
            pick(dice, &["203", "20${vast}", "${number:0:3}", "${from}", ""])
        ),
        4 => "{ notify = \"bhv ${from}\" }".to_string(),
        5 => {
            pick(dice, &["{ reject = \"busy\" }", "{ reject = 604 }", "{ hangup = true }", "{ hangup = 21 }"])
                .to_string()
        }
        6 => pick(
            dice,
            &[
                "{ goto = \"rule:extra/r0\" }",
                "{ goto = \"rule:intern/nood\" }",
                "{ goto = \"context:extra\" }",
                "{ goto = \"context:derde\", number = \"${doel}\" }",
                "{ goto = \"context:intern\", number = \"1${number:-2}\" }",
            ],
        )
        .to_string(),
        7 => pick(
            dice,
            &[
                "{ say = \"number:42\" }",
                "{ say = \"digits:${toets|default:7}\" }",
                "{ say = \"digits:${geheim}\" }",
                "{ say = \"time\" }",
            ],
        )
        .to_string(),
        8 => "{ webhook = \"crm\" }".to_string(),
        9 => format!(
            "{{ override = \"kantoor\", to = \"{}\" }}",
            pick(dice, &["toggle", "open", "closed", "auto"])
        ),
        10 => pick(
            dice,
            &[
                "{ collect = \"toets\", prompt = \"een\", digits = 1, timeout = \"3s\", retries = 0 }",
                "{ collect = \"toets\", min = 2, max = 4, timeout = \"3s\", pause = \"2s\", retries = 1 }",
                "{ collect = \"geheim\", digits = 2, timeout = \"3s\", retries = 0, secret = true }",
            ],
        )
        .to_string(),
        11 => if dice.happens(300) { "{ voicemail = \"204\" }" } else { "{ notify = \"klant ${klant}\" }" }
            .to_string(),
        12 => format!(
            "{{ collect = \"toets\", digits = 1, match = \"_[12]\", timeout = \"3s\", retries = 1, on_timeout = [{}], on_invalid = [{}] }}",
            steps(dice, depth + 1),
            steps(dice, depth + 1)
        ),
        13 => format!(
            "{{ collect = \"geheim\", digits = 2, match = \"11\", timeout = \"3s\", retries = 1, secret = true, on_timeout = [{}], on_invalid = [{}] }}",
            steps(dice, depth + 1),
            steps(dice, depth + 1)
        ),
        14 => format!("{{ webhook = \"crm\", on_failure = [{}] }}", steps(dice, depth + 1)),
        15 | 16 => format!(
            "{{ dial = \"{}\", timeout = \"3s\", on_busy = [{}], on_no_answer = [{}], on_unavailable = [{}], on_rejected = [{}] }}",
            pick(dice, &TARGETS),
            steps(dice, depth + 1),
            steps(dice, depth + 1),
            steps(dice, depth + 1),
            steps(dice, depth + 1)
        ),
        17 => format!(
            "{{ choose = \"${{{}}}\", cases = {{ 1 = \"ext:202\", 11 = \"hangup\", 100 = [{}], \"_1XX\" = \"play:twee\", \"set:kort\" = \"rule:extra/r0\" }}, else = [{}] }}",
            pick(dice, &["number", "doel", "1", "toets", "geheim", "klant"]),
            steps(dice, depth + 1),
            steps(dice, depth + 1)
        ),
        18 => format!("{{ if = {{ {} }}, then = [{}] }}", pick(dice, &CONDITIONS), steps(dice, depth + 1)),
        _ => format!(
            "{{ if = {{ {} }}, then = [{}], else = [{}] }}",
            pick(dice, &CONDITIONS),
            steps(dice, depth + 1),
            steps(dice, depth + 1)
        ),
    }
}

fn pick<'a>(dice: &mut Chance, items: &[&'a str]) -> &'a str {
    dice.pick(items).copied().expect("items")
}
