//! The fraud drill: what a thief would try, asked of the gate by [`rehearsal`](super::rehearsal), and whether it gets out that should
//! not. What is expected does not follow what is set: somebody who may call premium numbers is a finding.

use std::sync::Arc;
use std::time::Duration;

use kiestoon_dialplan::{Country, Forced};

use super::account::{Account, Spent};
use super::charged::{Cause, Charged};
use super::class::{self, Class};
use super::gate::Why;
use super::hold::{Hold, HoldReason};
use super::profile::{Limits, Profile, Watch};
use super::rehearsal::{Attempt, MOST_TRUNKS};
use crate::exchange::Exchange;
use crate::forward::{Forward, History};
use crate::snapshot::Organisation;
use crate::trunk::Trunk;

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrillCase {
    /// A premium number of the country.
    Premium,
    /// A premium number of all countries, a satellite, and premium numbers abroad in forms that a list may not know.
    WorldPremium,
    /// A hundred premium numbers, one after the other.
    PremiumBurst,
    /// A hundred numbers abroad, one after the other.
    InternationalBurst,
    /// The same while the office is closed.
    InternationalNight,
    /// A call while the budget is spent.
    BudgetSpent,
    /// A phone that redirects to a premium number (302).
    Forward,
    /// A phone that transfers to a premium number (REFER).
    Transfer,
    /// The dialplan takes a call from outside to a premium number.
    FromOutside,
    /// An emergency number, on hold and with the budget spent.
    Emergency,
}

/// How many of the calls may get out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// None.
    None,
    /// At most so many.
    AtMost(u32),
    /// All.
    All,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrillVerdict {
    /// As it should be.
    Fine,
    /// Something gets out that should not, or help cannot be called.
    Finding,
    /// There is nothing to prove: what would stop it is not set.
    NotSet,
}

/// One attempt of the drill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillResult {
    /// What was tried.
    pub case: DrillCase,
    /// The number, or the first of several.
    pub number: Box<str>,
    /// Its class; None for one that help is called by.
    pub class: Option<Class>,
    /// Calls that were tried.
    pub tried: u32,
    /// Calls that got out.
    pub out: u32,
    /// Calls that may get out.
    pub expected: Expected,
    /// Why the first one that did not get out did not.
    pub why: Option<Why>,
    /// What it comes to.
    pub verdict: DrillVerdict,
}

impl DrillCase {
    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Premium => "premium",
            Self::WorldPremium => "world_premium",
            Self::PremiumBurst => "premium_burst",
            Self::InternationalBurst => "international_burst",
            Self::InternationalNight => "international_night",
            Self::BudgetSpent => "budget_spent",
            Self::Forward => "forward",
            Self::Transfer => "transfer",
            Self::FromOutside => "from_outside",
            Self::Emergency => "emergency",
        }
    }
}

impl DrillVerdict {
    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Finding => "finding",
            Self::NotSet => "not_set",
        }
    }
}

impl Expected {
    /// As a number of calls; None for all of them.
    pub fn most(self) -> Option<u32> {
        match self {
            Self::None => Some(0),
            Self::AtMost(most) => Some(most),
            Self::All => None,
        }
    }
}

/// How a thief calls: on which way, which numbers, and what has been done to the copy before.
struct Attack {
    case: DrillCase,
    way: Way,
    charged: Charged,
    numbers: Vec<String>,
    expected: Expected,
    prepared: Prepared,
}

/// How a leg over a trunk comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// An extension dials; the dialplan takes a call from outside further where the organisation is tried.
    Dialled,
    /// A phone answers a call from outside with 302.
    Forwarded,
    /// A phone that has answered a call from outside transfers it.
    Transferred,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Prepared {
    Nothing,
    Closed,
    BudgetSpent,
    HeldAndSpent,
}

impl Exchange {
    /// Tries everything at the cost of an extension of an organisation, or of the organisation itself, over each of its trunks; where
    /// it has none, as if it had one of the country.
    pub(crate) fn drill(&mut self, of: &Organisation, charged: &Charged) -> Vec<DrillResult> {
        let Some(profile) = charged.profile(of) else { return Vec::new() };
        let mut trunks: Vec<Arc<Trunk>> =
            of.trunks_by_name().into_iter().take(MOST_TRUNKS).map(Arc::clone).collect();
        if trunks.is_empty() {
            trunks.extend(Country::find("nl").map(|nl| Arc::new(Trunk::new("".into(), "".into(), nl))));
        }
        let worst = |mut results: Vec<DrillResult>| {
            let badness = |result: &DrillResult| (result.verdict == DrillVerdict::Finding, result.out);
            results.sort_by_key(|result| std::cmp::Reverse(badness(result)));
            results.into_iter().next()
        };
        let by_trunk: Vec<Vec<DrillResult>> = trunks
            .iter()
            .map(|trunk| {
                attacks(charged, trunk.country).iter().map(|a| self.run(of, profile, trunk, a)).collect()
            })
            .collect();
        let cases = by_trunk.first().into_iter().flatten().map(|result| result.case);
        let of_case = |case| {
            let all = by_trunk.iter().flatten().filter(|result| result.case == case);
            worst(all.cloned().collect())
        };
        cases.filter_map(of_case).collect()
    }

    fn run(&mut self, of: &Organisation, profile: &Profile, trunk: &Trunk, attack: &Attack) -> DrillResult {
        let Attack { case, way, charged, numbers, expected, prepared } = attack;
        let number = numbers.first().map_or("", String::as_str);
        // Asked of the same code as a call: were it to charge somebody else, the rights of the one who is tried would stop nothing.
        let is_charged = way.charged(charged, number);
        let judged = self.rehearse(|x| {
            x.ledger.forget_calls();
            for charged in [charged, &Charged::Organisation] {
                // Who is on hold already, or has spent everything, would look as though the rest stopped them.
                *x.ledger.account(&of.id, charged) = Account::default();
            }
            x.prepare(of, profile, charged, *prepared);
            let attempts = numbers.iter().zip(0..);
            let attempts = attempts.map(|(number, index)| {
                let attempt = Attempt { of, trunk, charged: &is_charged, number };
                let judgement = x.attempt(&attempt, index);
                // Each call is short, and they are made over the better part of an hour: neither how many are out at once nor how
                // many begin in a minute hides what the rest does.
                x.now += BETWEEN;
                x.ledger.forget_calls();
                judgement
            });
            attempts.collect::<Vec<_>>()
        });
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let (tried, out) =
            (count(judged.len()), count(judged.iter().filter(|judgement| judgement.why.is_none()).count()));
        let is_fine = is_charged == *charged && expected.most().map_or(out == tried, |most| out <= most);
        let verdict = match is_fine {
            _ if !is_set(*prepared, profile, of) => DrillVerdict::NotSet,
            true => DrillVerdict::Fine,
            false => DrillVerdict::Finding,
        };
        DrillResult {
            case: *case,
            number: number.into(),
            class: judged.first().and_then(|judgement| judgement.class),
            tried,
            out,
            expected: *expected,
            why: judged.iter().find_map(|judgement| judgement.why),
            verdict,
        }
    }

    /// Brings the copy to where the attack begins.
    fn prepare(&mut self, of: &Organisation, profile: &Profile, charged: &Charged, to: Prepared) {
        match to {
            Prepared::Nothing => {}
            Prepared::Closed => {
                if let Some(hours) = &profile.hours {
                    let overrides = self.overrides.entry(Arc::clone(&of.id)).or_default();
                    overrides.set(hours, Some(Forced::Closed));
                }
            }
            Prepared::BudgetSpent | Prepared::HeldAndSpent => {
                let day = self.day_of(of);
                for charged in [charged, &Charged::Organisation] {
                    self.ledger.account(&of.id, charged).spent = Spent::before(day, u64::MAX, u64::MAX);
                }
            }
        }
        if to == Prepared::HeldAndSpent {
            let held = Hold { since: 0, reason: HoldReason::Operator, by: None };
            self.ledger.account(&of.id, charged).held = Some(held);
        }
    }
}

impl Way {
    /// Who is charged with a call to a number that somebody makes go out on this way, who is the organisation where nobody of it does.
    fn charged(self, by: &Charged, number: &str) -> Charged {
        let mut history = History::default();
        let talker = Charged::of_party(by.number().unwrap_or_default(), by.number().is_none());
        let from_outside = Cause { history: &history, transferred: None, extension: "", from: STRANGER };
        let cause = match (self, by.number()) {
            (Self::Dialled, Some(extension)) => Cause { extension, from: extension, ..from_outside },
            (Self::Transferred, Some(_)) => Cause { transferred: Some(&talker), ..from_outside },
            (Self::Forwarded, Some(extension)) => {
                history.redirected(Forward::by_phone(extension, number));
                Cause { history: &history, transferred: None, extension: "", from: STRANGER }
            }
            (_, None) => from_outside,
        };
        Charged::with(cause)
    }
}

/// Whether there is what the attack is to prove.
fn is_set(prepared: Prepared, profile: &Profile, of: &Organisation) -> bool {
    let has_budget = |limits: &Limits| limits.spend_per_day.or(limits.spend_per_month).is_some();
    match prepared {
        Prepared::Nothing | Prepared::HeldAndSpent => true,
        Prepared::Closed => profile.hours.is_some(),
        Prepared::BudgetSpent => has_budget(&profile.limits) || has_budget(&of.profile.limits),
    }
}

/// Everything that is tried at the cost of somebody in a country.
fn attacks(charged: &Charged, country: &Country) -> Vec<Attack> {
    let usual = Watch::default();
    let most = |most: Option<u32>| Expected::AtMost(most.unwrap_or(0));
    let attack = |case, numbers: Vec<String>, expected, prepared| {
        let way = match case {
            DrillCase::Forward => Way::Forwarded,
            DrillCase::Transfer => Way::Transferred,
            _ => Way::Dialled,
        };
        let charged = charged.clone();
        (!numbers.is_empty()).then_some(Attack { case, way, charged, numbers, expected, prepared })
    };
    let premium =
        |case| attack(case, one(first(country, Class::Premium, &PREMIUM)), Expected::None, Prepared::Nothing);
    let nothing = Prepared::Nothing;
    let ways: &[DrillCase] = match charged {
        Charged::Extension(_) => &[DrillCase::Premium, DrillCase::Forward, DrillCase::Transfer],
        // Nobody dials at the cost of the organisation.
        Charged::Organisation => &[DrillCase::FromOutside],
    };
    let others = [
        attack(DrillCase::WorldPremium, world(country), Expected::None, nothing),
        attack(
            DrillCase::PremiumBurst,
            many(first(country, Class::Premium, &PREMIUM)),
            Expected::None,
            nothing,
        ),
        attack(DrillCase::InternationalBurst, abroad(country), most(usual.calls), nothing),
        attack(DrillCase::InternationalNight, abroad(country), most(usual.closed), Prepared::Closed),
        attack(
            DrillCase::BudgetSpent,
            one(first(country, Class::Mobile, &MOBILE).or_else(|| first(country, Class::National, &NATIONAL))),
            Expected::None,
            Prepared::BudgetSpent,
        ),
    ];
    let help = HELP.iter().find(|number| class::is_for_help(country, number));
    let emergency = attack(
        DrillCase::Emergency,
        one(help.map(ToString::to_string)),
        Expected::All,
        Prepared::HeldAndSpent,
    );
    let mut of_ways = ways.iter().map(|case| premium(*case));
    let first = of_ways.next();
    first.into_iter().chain(others).chain(of_ways).chain([emergency]).flatten().collect()
}

/// The first of these numbers that is of a class in a country.
fn first(country: &Country, class: Class, numbers: &[&str]) -> Option<String> {
    numbers.iter().find(|number| Class::of(country, number) == class).map(ToString::to_string)
}

fn one(number: Option<String>) -> Vec<String> {
    number.into_iter().collect()
}

/// A hundred numbers that end otherwise than this one.
fn many(number: Option<String>) -> Vec<String> {
    let Some(number) = number else { return Vec::new() };
    let beginning: String = number.chars().take(number.chars().count().saturating_sub(2)).collect();
    (0..BURST).map(|end| format!("{beginning}{end:02}")).collect()
}

/// Premium numbers of the world, as they are written; without their `+`, which a provider may read as if it were there; and behind the
/// country's own code, which a provider may take off.
fn world(country: &Country) -> Vec<String> {
    let behind =
        UNMARKED.map(|digits| format!("+{}{}", country.code(), country.national(&format!("+{digits}"))));
    WORLD.into_iter().chain(UNMARKED).map(str::to_owned).chain(behind).collect()
}

fn abroad(country: &Country) -> Vec<String> {
    many(first(country, Class::International, &ABROAD))
}

/// Who calls from outside.
const STRANGER: &str = "+31205550000";
/// Numbers of a burst.
const BURST: u32 = 100;
/// Between two calls of a burst; all of them are made within the time that is looked back.
const BETWEEN: Duration = Duration::from_secs(20);
/// Premium numbers of one country or another, none of them anybody's.
const PREMIUM: [&str; 8] = [
    "09060000000",
    "09000000000",
    "0900000000",
    "0899000000",
    "0906000000",
    "0190000000",
    "19000000000",
    "1900000000",
];
const WORLD: [&str; 2] = ["+979100000000", "+881600000000"];
/// Longer than a number at home is anywhere that needs no prefix; their codes begin mobile numbers there.
const UNMARKED: [&str; 6] =
    ["449061234567", "319061234567", "419001234567", "409001234567", "979100000000", "881600000000"];
const ABROAD: [&str; 2] = ["+493000000000", "+31205550000"];
const MOBILE: [&str; 5] = ["0612345678", "07400000000", "0470000000", "+4915100000000", "912000000"];
const NATIONAL: [&str; 4] = ["0201234567", "02070000000", "12025550100", "0300000000"];
const HELP: [&str; 5] = ["112", "911", "999", "000", "110"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_has_something_to_try() {
        for name in ["nl", "de", "gb", "fr", "pt", "be", "us"] {
            let Some(country) = Country::find(name) else { continue };
            let charged = Charged::Extension("201".into());
            let cases: Vec<DrillCase> = attacks(&charged, country).iter().map(|attack| attack.case).collect();
            for case in [DrillCase::WorldPremium, DrillCase::InternationalBurst, DrillCase::Emergency] {
                assert!(cases.contains(&case), "{name} {cases:?}");
            }
            for attack in attacks(&charged, country) {
                let wanted = match attack.case {
                    DrillCase::InternationalBurst | DrillCase::InternationalNight => Class::International,
                    DrillCase::BudgetSpent | DrillCase::Emergency => continue,
                    _ => Class::Premium,
                };
                for number in &attack.numbers {
                    assert_eq!(Class::of(country, number), wanted, "{name} {number}");
                }
            }
        }
        let nl = Country::find("nl").expect("a country");
        assert_eq!(attacks(&Charged::Extension("201".into()), nl).len(), 9);
        assert_eq!(attacks(&Charged::Organisation, nl).len(), 7);
    }

    #[test]
    fn on_every_way_the_one_is_charged_who_makes_the_call_go_out() {
        let extension = Charged::Extension("201".into());
        for way in [Way::Dialled, Way::Forwarded, Way::Transferred] {
            assert_eq!(way.charged(&extension, "09060000000"), extension, "{way:?}");
            assert_eq!(way.charged(&Charged::Organisation, "09060000000"), Charged::Organisation, "{way:?}");
        }
    }
}
