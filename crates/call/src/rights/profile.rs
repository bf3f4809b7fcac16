//! What somebody may call, when, how much of it, and what of it looks like theft: what an operator has said, immutable.

use std::time::Duration;

use kiestoon_dialplan::{Overrides, Plan, Timestamp};

use super::class::Class;
use super::forms::{Form, Forms};

/// Classes that may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights(u8);

/// What holds for an extension, or for an organisation. [`Default`] is what ships.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// The classes that may be called.
    pub rights: Rights,
    /// Hours of the dialplan, by name; None: there is no closing time.
    pub hours: Option<Box<str>>,
    /// The classes that may be called outside them; None: the same.
    pub rights_closed: Option<Rights>,
    /// How much may be called.
    pub limits: Limits,
    /// Numbers that may or may not be called whatever their class.
    pub destinations: Destinations,
    /// What puts whoever is charged on hold.
    pub watch: Watch,
}

/// How much may be called out. None: as much as there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Calls at one time.
    pub calls: Option<u32>,
    /// New calls a minute; as many may begin at once.
    pub calls_per_minute: Option<u32>,
    /// What a day's calls may cost, in millionths of the currency.
    pub spend_per_day: Option<u64>,
    /// What a month's calls may cost, likewise.
    pub spend_per_month: Option<u64>,
}

/// Numbers by their beginning, in E.164 with `+` or as they are dialled in the country of the trunk: either stands for both. The longest
/// that fits counts; of two alike, the one that blocks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Destinations {
    /// May not be called.
    pub blocked: Vec<Box<str>>,
    /// May be called, whatever their class.
    pub allowed: Vec<Box<str>>,
}

/// What looks like theft, of the calls to international and premium numbers within some time. None: it is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// The time that is looked back.
    pub within: Duration,
    /// Such calls; one more puts on hold.
    pub calls: Option<u32>,
    /// Different numbers; one more puts on hold.
    pub destinations: Option<u32>,
    /// Such calls outside the hours of the profile; one more puts on hold.
    pub closed: Option<u32>,
}

impl Rights {
    /// Nothing but emergency numbers.
    pub const NONE: Self = Self(0);

    /// These.
    pub fn of(classes: impl IntoIterator<Item = Class>) -> Self {
        Self(classes.into_iter().fold(0, |all, class| all | bit(class)))
    }

    /// Whether a class is among them.
    pub fn has(self, class: Class) -> bool {
        self.0 & bit(class) != 0
    }

    /// The classes.
    pub fn classes(self) -> impl Iterator<Item = Class> {
        Class::ALL.into_iter().filter(move |class| self.has(*class))
    }
}

fn bit(class: Class) -> u8 {
    1 << class as u8
}

impl Default for Rights {
    /// What nobody has to be asked for.
    fn default() -> Self {
        Self::of([Class::Internal, Class::National, Class::Mobile])
    }
}

impl Default for Watch {
    /// A desk that rings its customers abroad makes a handful of such calls an hour; who has stolen a password makes them as fast as
    /// they are taken, because it lasts only until somebody looks.
    fn default() -> Self {
        Self { within: Duration::from_secs(3600), calls: Some(20), destinations: Some(10), closed: Some(3) }
    }
}

impl Profile {
    /// With these rights, and otherwise what ships.
    pub fn with_rights(rights: Rights) -> Self {
        Self { rights, ..Self::default() }
    }

    /// Whether it is outside the hours. Hours that the dialplan does not have are never open.
    pub(crate) fn is_closed(&self, plan: &Plan, at: Timestamp, overrides: &Overrides) -> bool {
        self.hours.as_ref().is_some_and(|hours| !plan.is_open(hours, at, overrides).unwrap_or(false))
    }

    /// The classes that may be called now.
    pub(crate) fn rights_now(&self, is_closed: bool) -> Rights {
        self.rights_closed.filter(|_| is_closed).unwrap_or(self.rights)
    }
}

impl Limits {
    /// Whether what is spent is limited.
    pub(super) fn has_budget(&self) -> bool {
        self.spend_per_day.or(self.spend_per_month).is_some()
    }
}

impl Destinations {
    /// What they say of a number: how many of its digits come after the prefixes that fit, and whether each allows it.
    fn verdicts<'a>(&'a self, number: &'a Form) -> impl Iterator<Item = (usize, bool)> + 'a {
        let fitting = |prefixes: &'a [Box<str>], allows: bool| {
            prefixes.iter().filter_map(move |prefix| Some((number.after(prefix)?, allows)))
        };
        fitting(&self.blocked, false).chain(fitting(&self.allowed, true))
    }

    /// What several lists together say of a number; None where they say nothing. A number that may be read in several ways is blocked
    /// where one of them is, and allowed where all are; so is one with keys in it, of which each part counts, codes too.
    pub(crate) fn say(lists: &[&Self], number: &Forms) -> Option<bool> {
        let says = |form: &Form| {
            let verdicts = lists.iter().flat_map(|list| list.verdicts(form));
            // The longest prefix is the one that the fewest digits come after. Of two alike, the one that blocks.
            verdicts.min().map(|(_, allows)| allows)
        };
        let both = |one: Option<bool>, other: Option<bool>| match (one, other) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        };
        number.readings().chain(number.codes()).map(says).reduce(both).flatten()
    }
}

#[cfg(test)]
mod tests {
    use kiestoon_dialplan::Country;

    use super::*;

    fn list(blocked: &[&str], allowed: &[&str]) -> Destinations {
        let boxed = |prefixes: &[&str]| prefixes.iter().map(|prefix| (*prefix).into()).collect();
        Destinations { blocked: boxed(blocked), allowed: boxed(allowed) }
    }

    #[test]
    fn the_longest_prefix_counts_and_of_two_alike_the_one_that_blocks() {
        let nl = Country::find("nl").expect("a country");
        let (own, all) = (list(&["+49"], &["+4930", "0900884"]), list(&["+493012", "+32"], &["+32"]));
        let says = |number: &str| Destinations::say(&[&own, &all], &Forms::of(nl, number));
        assert_eq!(says("+4989123456"), Some(false));
        assert_eq!(says("004930555"), Some(true));
        assert_eq!(says("+49301234"), Some(false), "the other list has a longer one");
        assert_eq!(says("+3221234567"), Some(false));
        assert_eq!(says("09008844"), Some(true));
        assert_eq!(says("0201234567"), None);
    }

    #[test]
    fn a_number_that_may_be_read_in_two_ways_is_blocked_by_either_and_allowed_by_both() {
        let es = Country::find("es").expect("a country");
        let says = |list: &Destinations| Destinations::say(&[list], &Forms::of(es, "675812345678"));
        assert_eq!(says(&list(&["+675"], &["+34"])), Some(false));
        assert_eq!(says(&list(&["+34"], &["+675"])), Some(false));
        assert_eq!(says(&list(&[], &["+34"])), None);
        assert_eq!(says(&list(&[], &["+34", "+675"])), Some(true));
    }

    #[test]
    fn a_zero_behind_a_code_abroad_passes_no_list() {
        let nl = Country::find("nl").expect("a country");
        let list = list(&["+449", "+685"], &["+44"]);
        let says = |number: &str| Destinations::say(&[&list], &Forms::of(nl, number));
        assert_eq!(says("+449061234567"), Some(false));
        assert_eq!(says("+440906123456"), Some(false));
        assert_eq!(says("0006851234567"), Some(false));
        assert_eq!(says("+442079460000"), Some(true));
        assert_eq!(says("+4402079460000"), Some(true));
    }

    #[test]
    fn behind_a_key_a_number_is_blocked_as_without_and_allowed_only_where_each_part_is() {
        let says = |country: &str, list: &Destinations, number: &str| {
            Destinations::say(&[list], &Forms::of(Country::find(country).expect("a country"), number))
        };
        for number in ["*31#00442079460000", "#31#+442079460000", "*21*00442079460000*11#", "0044*2079460000"]
        {
            assert_eq!(says("de", &list(&["+44"], &[]), number), Some(false), "{number}");
        }
        assert_eq!(says("de", &list(&["0900"], &[]), "*21*09001234567*11#"), Some(false));
        assert_eq!(says("de", &list(&["21"], &[]), "*31*21*030123456#"), Some(false), "the code itself");
        let allowed = list(&[], &["+31"]);
        for number in ["*31#00449061234567", "*31#0031201234567", "*21*0031201234567*11#"] {
            assert_eq!(says("be", &allowed, number), None, "{number}");
        }
        assert_eq!(says("be", &allowed, "0031201234567#"), Some(true));
        let with_code = list(&[], &["+31", "31"]);
        assert_eq!(says("be", &with_code, "*31#0031201234567"), Some(true));
        assert_eq!(says("be", &with_code, "*31#00449061234567"), None);
    }

    #[test]
    fn rights_are_a_set() {
        let rights = Rights::of([Class::National, Class::Premium]);
        assert!(rights.has(Class::Premium) && !rights.has(Class::Mobile));
        assert_eq!(rights.classes().collect::<Vec<_>>(), [Class::National, Class::Premium]);
        assert_eq!(Rights::of(Rights::default().classes()), Rights::default());
    }
}
