//! What the command line takes and refuses.

use clap::{CommandFactory as _, Parser as _};

use super::args::{Args, CtlVerb, DialplanVerb, ExtensionVerb, Verb};
use super::pasted;

fn parse(line: &str) -> Result<Args, clap::Error> {
    Args::try_parse_from(std::iter::once("kiestoon").chain(line.split_whitespace()))
}

#[test]
fn the_words_are_consistent() {
    Args::command().debug_assert();
}

#[test]
fn config_may_stand_before_or_after_the_verb() {
    for line in [
        "--config a.toml serve",
        "serve --config a.toml",
        "--config a.toml import x.toml",
        "import --config a.toml x.toml",
        "import x.toml --config a.toml",
        "extension --config a.toml list",
        "extension list --config a.toml",
        "ctl calls --json --config a.toml",
        "dialplan check --config a.toml",
    ] {
        let args = parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(args.config.as_deref(), Some("a.toml".as_ref()), "{line}");
    }
}

#[test]
fn every_verb_of_the_contract_is_taken() {
    for line in [
        "check",
        "print-config",
        "version",
        "extension add 201 --name Balie --password -",
        "extension remove 201 --organisation kantoor",
        "extension --organisation kantoor password 201",
        "extension show 201 --reveal",
        "trunk list --json",
        "trunk show voys --reveal",
        "trunk add voys --preset voipgrid username=100001 password=-",
        "trunk set voys channels=30 host=",
        "trunk numbers voys --add +31201234567 --context verkoop --remove +31205555555",
        "trunk presets twilio",
        "trunk disable voys --organisation kantoor",
        "rights show 201 --json",
        "rights show --itself --organisation kantoor",
        "rights set 201 --rights internal,national --profile sales",
        "rights set 201 --inherit --no-profile",
        "rights set --itself --profile office",
        "rights test 201 +49301234567",
        "profile list",
        "profile set sales calls=5 spend_per_day=25.00",
        "profile remove sales",
        "fraud-drill --from 201 --json",
        "user add anna --role admin --extension 201 --password -",
        "user passwd anna",
        "user extension anna",
        "user list --json",
        "dialplan check",
        "dialplan check dialplans",
        "dialplan test dialplans --filter nacht --junit a.xml --json",
        "dialplan explain 1 --from 2 --from-name Jan --given ext:2=busy --given a=1 --override kantoor=closed",
        "dialplan coverage --min 80",
        "dialplan replay --last 7d dialplans",
        "dialplan replay --from 2026-11-01 --to 2026-11-08 --organisation kantoor --json",
        "history --json --limit 5 --number 201 --since 7d --disposition busy",
        "ctl status",
        "ctl registrations",
        "ctl trunks --json",
        "ctl hangup 0199",
        "ctl reload",
        "ctl drain --limit-secs 5",
        "ctl watch --plain",
    ] {
        assert!(parse(line).is_ok(), "{line}: {:?}", parse(line).err().map(|error| error.to_string()));
    }
    for line in [
        "",
        "server",
        "import",
        "ctl",
        "extension add",
        "trunk set voys",
        "rights show",
        "rights show 201 --itself",
        "rights set 201 --rights none --inherit",
        "rights set --itself --rights none",
        "rights test 201",
        "profile",
        "trunk numbers voys --context verkoop",
        "user add anna --role king",
        "history --limit 0",
        "history --limit x",
        "serve now",
    ] {
        assert!(parse(line).is_err_and(|error| error.use_stderr()), "{line}");
    }
}

#[test]
fn explain_has_its_defaults() {
    let args = parse("dialplan explain 202 --from 201").unwrap();
    let Verb::Dialplan(dialplan) = args.verb else { panic!("another verb") };
    let DialplanVerb::Explain(explain) = dialplan.verb else { panic!("another verb") };
    let words = [explain.number, explain.from, explain.context, explain.from_name];
    assert_eq!(words, ["202", "201", "intern", ""]);
    assert!(explain.at.is_none() && explain.path.is_none() && explain.given.is_empty());
    assert!(parse("dialplan explain 202").is_err(), "--from is needed");
}

#[test]
fn an_organisation_and_json_reach_the_inner_verbs() {
    let args = parse("extension list --organisation kantoor --json").unwrap();
    assert!(args.json);
    let Verb::Extension(extension) = args.verb else { panic!("another verb") };
    assert_eq!(extension.organisation.as_deref(), Some("kantoor"));
    assert!(matches!(extension.verb, ExtensionVerb::List));
    let Verb::Ctl(ctl) = parse("ctl watch").unwrap().verb else { panic!("another verb") };
    assert!(matches!(ctl.verb, CtlVerb::Watch { plain: false }));
}

#[test]
fn every_verb_has_an_example() {
    fn examples(command: &clap::Command) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(command.get_name() == "help" || help.contains("Example:\n  "), "{}", command.get_name());
        for below in command.get_subcommands() {
            examples(below);
        }
    }
    examples(&Args::command());
}

#[test]
fn commands_can_be_pasted_as_they_are_printed() {
    let text = "first `kiestoon check && kiestoon serve`, then `*43` and `kiestoon-admin serve`";
    assert_eq!(pasted(text, &kiestoon_config::ConfigFile::Default, &[]), text);
    assert_eq!(
        pasted(text, &kiestoon_config::ConfigFile::Named("/etc/k.toml".into()), &[]),
        "first `kiestoon check --config /etc/k.toml && kiestoon serve --config /etc/k.toml`, then `*43` and `kiestoon-admin serve --config /etc/k.toml`"
    );
    assert_eq!(
        pasted(
            "`kiestoon check`",
            &kiestoon_config::ConfigFile::Named("my it's.toml".into()),
            &["KIESTOON__LOG__LEVEL".into()]
        ),
        r#"`KIESTOON__LOG__LEVEL="$KIESTOON__LOG__LEVEL" kiestoon check --config 'my it'\''s.toml'`"#
    );
}
