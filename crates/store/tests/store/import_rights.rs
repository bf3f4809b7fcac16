//! Profiles and rights from a file: again without change, what is left out is kept, and everything that is wrong at its place.

use kiestoon_store::{CallClass, Counts, Import, Limit, Money, StoreError};

use crate::{Fixture, import, presets};

const RIGHTS: &str = r#"
[[organisation]]
slug = "kantoor"
profile = "allen"

[[profile]]
name = "allen"
calls = 30
spend_per_month = 500

[[profile]]
name = "verkoop"
rights = ["internal", "national", "mobile", "international"]
hours = "kantoor"
rights_closed = ["internal"]
spend_per_day = 25.50
blocked = ["+49"]
watch_calls = "off"

[[extension]]
number = "201"
password = "geheim201"
profile = "verkoop"

[[extension]]
number = "202"
password = "geheim202"
rights = ["internal", "premium"]
"#;

#[tokio::test]
async fn a_second_run_changes_nothing_and_what_is_left_out_is_kept() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let first = import(&store, RIGHTS).await;
    assert_eq!(first.profiles, Counts { created: 2, ..Counts::default() });
    let directory = store.directory().await.unwrap();
    let verkoop = &directory.profiles[1];
    assert_eq!(
        (verkoop.settings.spend_per_day, verkoop.settings.watch_calls),
        (Some(Money::Millionths(25_500_000)), Some(Limit::Off))
    );
    assert_eq!(directory.extensions[0].profile_id.as_ref(), Some(&verkoop.id));
    assert_eq!(
        directory.extensions[1].rights.as_deref(),
        Some(&[CallClass::Internal, CallClass::Premium][..])
    );
    assert_eq!(directory.organisations[0].profile_id.as_ref(), Some(&directory.profiles[0].id));

    let second = import(&store, RIGHTS).await;
    assert!(!second.changed(), "{second:?}");
    let less = "[[profile]]\nname = \"verkoop\"\ncalls = 2\n[[extension]]\nnumber = \"201\"\nname = \"Balie\"\n\
                [[extension]]\nnumber = \"202\"\nprofile = \"verkoop\"\n[[organisation]]\nslug = \"kantoor\"\nname = \"Kantoor\"\n";
    let third = import(&store, less).await;
    assert_eq!((third.profiles.updated, third.extensions.updated, third.organisations.updated), (1, 2, 1));
    let now = store.directory().await.unwrap();
    assert_eq!(now.profiles[1].settings.calls, Some(Limit::Most(2)));
    assert_eq!(now.profiles[1].settings.spend_per_day, verkoop.settings.spend_per_day);
    assert_eq!(now.extensions[0].profile_id.as_ref(), Some(&verkoop.id));
    assert_eq!(now.extensions[1].rights, directory.extensions[1].rights);
    assert_eq!(now.extensions[1].profile_id.as_ref(), Some(&verkoop.id));
    assert!(now.organisations[0].profile_id.is_some());

    let none = "[[extension]]\nnumber = \"201\"\nprofile = \"\"\n[[organisation]]\nslug = \"kantoor\"\nprofile = \"\"\n";
    let fourth = import(&store, none).await;
    assert_eq!(
        (fourth.extensions.updated, fourth.organisations.updated, fourth.organisations.unchanged),
        (1, 1, 0)
    );
    let now = store.directory().await.unwrap();
    assert!(now.extensions[0].profile_id.is_none() && now.organisations[0].profile_id.is_none());
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_its_place() {
    let text = "[[extension]]\nnumber = \"201\"\nrights = [\"internal\", \"natonal\"]\n\
                [[profile]]\nname = \"a b\"\ncalls = \"veel\"\nblocked = [\"+49\", \"x\"]\n\
                [[profile]]\nname = \"c\"\nspend_per_day = \"25,00\"\ncals = 3\n[[profile]]\nname = \"c\"\n";
    let problems: Vec<String> =
        Import::parse("f.toml", text).unwrap_err().iter().map(ToString::to_string).collect();
    for (problem, expected) in problems.iter().zip([
        "f.toml:3:23: error: `rights` must be one of \"internal\"",
        "f.toml:5:8: error: `a b` cannot be a profile's name",
        "f.toml:6:9: error: `calls` must be a number or \"off\", not \"veel\"",
        "f.toml:7:19: error: `blocked` has \"x\", which is no beginning of a number",
        "f.toml:10:17: error: `spend_per_day` must be an amount such as 25.00",
        "f.toml:11:1: error: unknown key `cals`: did you mean `calls`?",
        "f.toml:13:8: error: profile `c` stands here for the second time: first in line 9",
    ]) {
        assert!(problem.starts_with(expected), "{problem}\n{expected}");
    }
    assert_eq!(problems.len(), 7, "{problems:#?}");

    let fixture = Fixture::new();
    let store = fixture.open().await;
    let text = "[[profile]]\nname = \"verkoop\"\n[[extension]]\nnumber = \"201\"\nprofile = \"verkop\"\n\
                [[organisation]]\nslug = \"kantoor\"\nprofile = \"niets\"\n";
    let import = Import::parse("f.toml", text).unwrap();
    let Err(StoreError::Import(problems)) = store.import(&import, &presets(), &mut |_, _| {}).await else {
        panic!("it was taken")
    };
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "f.toml:5:11: error: there is no profile `verkop`: did you mean `verkoop`?",
            "f.toml:8:11: error: there is no profile `niets`: add a [[profile]] of this name",
        ]
    );
}
