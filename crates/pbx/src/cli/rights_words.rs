//! Rights in words: whose, which, where they are said, and why a call is refused.

use kiestoon_call::Rights;
use kiestoon_dialplan::Timestamp;
use kiestoon_store::{AccountChange, Money, ProfileSettings, RightsOf};
use serde_json::{Value, json};

use super::ctl::reason as hold_reason;
use super::language::{Language, say};
use super::table::Table;
use super::when;

/// Whose rights they are.
pub(super) fn who(rights: &RightsOf, language: Language) -> String {
    let organisation = &rights.organisation.slug;
    match &rights.number {
        Some(number) => {
            say!(language, "extension {number} of {organisation}", "toestel {number} van {organisation}")
        }
        None => say!(language, "organisation {organisation}", "organisatie {organisation}"),
    }
}

/// The classes that may be called.
pub(super) fn classes(rights: &RightsOf) -> String {
    listed(&classes_of(&rights.effective()))
}

fn classes_of(settings: &ProfileSettings) -> Vec<&'static str> {
    match &settings.rights {
        Some(classes) => classes.iter().map(|class| class.word()).collect(),
        None => Rights::default().classes().map(|class| class.as_str()).collect(),
    }
}

fn listed(classes: &[&str]) -> String {
    if classes.is_empty() { "-".into() } else { classes.join(", ") }
}

/// Where the classes are said.
fn origin(rights: &RightsOf) -> &'static str {
    let has_rights = |profile: &Option<kiestoon_store::Profile>| {
        profile.as_ref().is_some_and(|p| p.settings.rights.is_some())
    };
    match rights {
        RightsOf { own: Some(_), .. } => "own",
        RightsOf { profile: Some(_), .. } if has_rights(&rights.profile) => "profile",
        RightsOf { profile: None, .. } if has_rights(&rights.of_all) => "organisation",
        _ => "default",
    }
}

fn origin_in_words(rights: &RightsOf, language: Language) -> String {
    let name = |profile: &Option<kiestoon_store::Profile>| {
        profile.as_ref().map(|profile| profile.name.clone()).unwrap_or_default()
    };
    match origin(rights) {
        "own" => language.pick("said at the extension", "gezegd bij het toestel").into(),
        "profile" => {
            let name = name(&rights.profile);
            say!(language, "profile {name}", "profiel {name}")
        }
        "organisation" => {
            let name = name(&rights.of_all);
            say!(language, "profile {name} of the organisation", "profiel {name} van de organisatie")
        }
        _ => language.pick("default", "standaard").into(),
    }
}

/// Everything as JSON; money in millionths of the currency.
pub(super) fn as_json(rights: &RightsOf, account: &AccountChange) -> Value {
    let settings = rights.effective();
    let held = account.held.as_ref();
    json!({
        "organisation": rights.organisation.slug,
        "number": rights.number,
        "rights": classes_of(&settings),
        "from": origin(rights),
        "profile": rights.profile.as_ref().map(|profile| &profile.name),
        "organisation_profile": rights.of_all.as_ref().map(|profile| &profile.name),
        "settings": settings,
        "spent_today": account.today,
        "spent_this_month": account.this_month,
        "held": held.map(|held| json!({ "since": moment(held.since), "reason": held.reason, "by": held.by })),
    })
}

fn moment(micros: i64) -> String {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

/// Everything as a table.
pub(super) fn shown(rights: &RightsOf, account: &AccountChange, language: Language) -> String {
    let settings = rights.effective();
    let mut table = Table::new(&[&who(rights, language), "", ""]);
    let mut row = |title: &str, value: String, more: String| table.row(vec![title.into(), value, more]);
    row(
        language.pick("may call", "mag bellen"),
        listed(&classes_of(&settings)),
        origin_in_words(rights, language),
    );
    for (key, value) in lines(&settings).into_iter().filter(|(key, _)| key != "rights") {
        row(&key, value, String::new());
    }
    let budget = |limit: Option<Money>| {
        limit.and_then(Money::millionths).map(|limit| {
            let limit = Money::Millionths(limit);
            say!(language, "of {limit}", "van {limit}")
        })
    };
    let spent = |amount: u64| Money::Millionths(amount).to_string();
    row(
        language.pick("spent today", "vandaag besteed"),
        spent(account.today),
        budget(settings.spend_per_day).unwrap_or_default(),
    );
    row(
        language.pick("spent this month", "deze maand besteed"),
        spent(account.this_month),
        budget(settings.spend_per_month).unwrap_or_default(),
    );
    let held = account.held.as_ref();
    row(
        language.pick("on hold", "geblokkeerd tot goedkeuring"),
        held.map_or_else(|| language.pick("no", "nee").into(), |held| when::local(held.since)),
        held.map(|held| hold_reason(&held.reason, language).to_owned()).unwrap_or_default(),
    );
    table.render()
}

/// What is said of a profile, a key each.
pub(super) fn lines(settings: &ProfileSettings) -> Vec<(String, String)> {
    let said = serde_json::to_value(settings).unwrap_or_default();
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(all) if all.is_empty() => "-".into(),
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    let said = |key: &&str| said.get(*key).map(|value| ((*key).to_owned(), text(value)));
    ProfileSettings::KEYS.iter().filter_map(said).collect()
}

/// Why a call out is refused.
pub(super) fn reason(word: &str, language: Language) -> &str {
    match word {
        "no_right" => language.pick("no right to this class", "geen recht op deze klasse"),
        "closed" => language.pick("not outside the hours", "niet buiten openingstijd"),
        "blocked" => language.pick("the number is blocked", "het nummer is geblokkeerd"),
        "calls" => language.pick("too many calls at one time", "te veel oproepen tegelijk"),
        "rate" => language.pick("too many calls a minute", "te veel oproepen per minuut"),
        "spend" => language.pick("the budget is spent", "het budget is op"),
        "no_rate" => language.pick("a budget, and no rate for it", "een budget, en geen tarief ervoor"),
        "held" => language.pick("on hold", "geblokkeerd tot goedkeuring"),
        "gone" => language.pick("the extension is gone", "het toestel is er niet meer"),
        other => other,
    }
}

/// In the currency of the rates.
pub(super) fn price(millionths: Option<u64>) -> String {
    millionths.map_or_else(|| "-".into(), |amount| Money::Millionths(amount).to_string())
}
