//! Who may call what: profiles of rights and limits, and who has which. What was spent, and who is on hold, is in `accounts`.

mod accounts;
mod rows;
mod settings;
mod store;
mod word;

pub use accounts::{AccountChange, AccountHold};
pub(crate) use rows::{all, classes, classes_json, insert, set_organisation_profile, update};
pub use settings::ProfileSettings;
pub use store::{ProfileSaved, RightsChange, RightsOf};
pub use word::{CallClass, Limit, Money, Prefix};

/// A profile: rights and limits with a name.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Profile {
    /// UUIDv7.
    pub id: String,
    /// The organisation it belongs to.
    pub organisation_id: String,
    /// Unique in its organisation.
    pub name: String,
    /// What was said of it.
    pub settings: ProfileSettings,
}

/// What holds for an extension: its own rights over its profile, and where it has none that of its organisation. What nobody has
/// said is left open. Rights of its own are never widened by what a profile allows outside the hours.
#[must_use]
pub fn effective(
    own: Option<&[CallClass]>,
    profile: Option<&ProfileSettings>,
    organisation: Option<&ProfileSettings>,
) -> ProfileSettings {
    let mut settings = profile.or(organisation).cloned().unwrap_or_default();
    if let Some(own) = own {
        if let Some(closed) = &mut settings.rights_closed {
            closed.retain(|class| own.contains(class));
        }
        settings.rights = Some(own.to_vec());
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(words: &[(&str, &str)]) -> ProfileSettings {
        let mut settings = ProfileSettings::default();
        for (key, text) in words {
            settings.take_text(key, text).unwrap_or_else(|faults| panic!("{key}={text}: {faults:?}"));
        }
        settings
    }

    #[test]
    fn own_rights_come_first_then_the_profile_then_that_of_the_organisation() {
        let all = with(&[("rights", "internal,national,mobile,international"), ("calls", "30")]);
        let sales = with(&[("rights", "internal,premium"), ("rights_closed", "internal,premium")]);
        assert_eq!(effective(None, Some(&sales), Some(&all)), sales);
        assert_eq!(effective(None, None, Some(&all)), all);
        assert_eq!(effective(None, None, None), ProfileSettings::default());
        let own = [CallClass::Internal, CallClass::National];
        let held = effective(Some(&own), Some(&sales), Some(&all));
        assert_eq!(held.rights.as_deref(), Some(&own[..]));
        assert_eq!(
            held.rights_closed.as_deref(),
            Some(&[CallClass::Internal][..]),
            "not more outside the hours than within them"
        );
        assert_eq!(effective(Some(&own), None, Some(&all)).calls, Some(Limit::Most(30)));
    }

    #[test]
    fn what_is_said_is_kept_and_read_again() {
        let said = with(&[
            ("rights", "internal,National"),
            ("rights_closed", "internal"),
            ("hours", "kantoor"),
            ("calls", "5"),
            ("calls_per_minute", "off"),
            ("spend_per_day", "25.00"),
            ("spend_per_month", "0.000001"),
            ("blocked", "+49,09008844"),
            ("allowed", "+4930"),
            ("watch_within", "30m"),
            ("watch_calls", "off"),
            ("watch_destinations", "4"),
        ]);
        let json = serde_json::to_string(&said).unwrap();
        for part in [
            r#""rights":["internal","national"]"#,
            r#""calls":5"#,
            r#""calls_per_minute":"off""#,
            r#""spend_per_day":"25.00""#,
            r#""spend_per_month":"0.000001""#,
            r#""watch_within":"30m""#,
        ] {
            assert!(json.contains(part), "{part} in {json}");
        }
        assert_eq!(serde_json::from_str::<ProfileSettings>(&json).unwrap(), said);
        assert!(serde_json::from_str::<ProfileSettings>(r#"{"colour":"red"}"#).is_err());
    }

    #[test]
    fn each_wrong_value_says_what_is_wanted() {
        for (key, text, wanted) in [
            ("rights", "internal,nationl", "`rights` must be one of"),
            ("rights", "mobile,mobile", "`rights` has mobile twice"),
            ("hours", "na vijven", "`hours` is refused: `na vijven` cannot be the name of hours"),
            ("calls", "many", "`calls` must be a number or \"off\", not \"many\""),
            ("calls", "100001", "`calls` is 100001, but must be from 0 to 100000"),
            ("spend_per_day", "25,00", "`spend_per_day` must be an amount such as 25.00"),
            ("spend_per_day", "-1", "`spend_per_day` must be an amount such as 25.00"),
            ("blocked", "+49x", "`blocked` has \"+49x\", which is no beginning of a number"),
            ("blocked", "0049", "`blocked` has \"0049\", which others dial in another way: write it as +49"),
            ("watch_within", "10s", "`watch_within` is 10s, but must be from 1m to 24h"),
            ("watch_calls", "1001", "`watch_calls` is 1001, but must be from 0 to 999"),
            ("call", "5", "a profile has no key `call`: did you mean `calls`?"),
        ] {
            let faults = ProfileSettings::default().take_text(key, text).unwrap_err();
            assert!(faults[0].starts_with(wanted), "{faults:?}");
        }
        let many: Vec<String> = (0..1_001).map(|n| format!("+{}", 1_000 + n)).collect();
        let faults = ProfileSettings::default().take_text("blocked", &many.join(",")).unwrap_err();
        assert_eq!(faults, ["`blocked` has 1001 values, but may have 1000"]);
        ProfileSettings::default().take_text("blocked", &many[1..].join(",")).unwrap();
    }
}
