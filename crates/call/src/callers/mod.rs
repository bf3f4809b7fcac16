//! Who calls in over trunks, as an organisation knows them: the names of its contacts (`contacts`), the rules that keep callers out
//! (`rules`), what becomes of a call that one of them is for (`blocked`), and of one whose number is forged (`forged`). Numbers are packed
//! in `numbers`.

pub(crate) mod blocked;
mod contacts;
pub(crate) mod forged;
mod numbers;
mod rules;

use std::sync::Arc;

use kiestoon_dialplan::Country;

pub use contacts::Contacts;
pub use numbers::Numbers;
pub use rules::{BlockAction, BlockCondition, BlockRule, BlockRules};

use crate::rights;
use crate::trunk::Trunk;

/// What an organisation knows of those who call it.
#[derive(Debug, Default)]
pub struct Callers {
    /// The country whose people dial here; None where they are of several.
    pub country: Option<&'static Country>,
    /// Its contacts.
    pub contacts: Contacts,
    /// Its rules.
    pub rules: BlockRules,
    /// Numbers of a file that all organisations share: they are kept out where no rule for the whole number lets them in.
    pub listed: Arc<Numbers>,
}

impl Callers {
    /// The name of a contact, by its number as it is dialled or in E.164.
    pub(crate) fn name(&self, number: &str) -> Option<&str> {
        if number.starts_with('+') {
            return self.contacts.name(number);
        }
        self.contacts.name(&self.country?.e164(number))
    }

    /// What a caller is called: the contact's name, else what the provider says. A name that a stranger has from one of our contacts
    /// is nobody's.
    pub(crate) fn shown<'a>(&'a self, number: &str, told: &'a str) -> &'a str {
        match self.contacts.name(number) {
            Some(name) => name,
            None if self.contacts.has_name(told) => "",
            None => told,
        }
    }

    /// The rule that a call from this number is under, empty where it is withheld; None: it goes on. Who calls back from where help is
    /// called is always heard.
    pub(crate) fn rule(&self, trunk: &Trunk, number: &str) -> Option<BlockRule> {
        if is_help(trunk.country, number) {
            return None;
        }
        let of_all =
            || (!number.is_empty() && self.listed.contains(number)).then(|| BlockRule::listed(number));
        let whole = self.rules.of_whole(&trunk.name, number).cloned();
        let rule = whole.or_else(of_all).or_else(|| self.rules.of_start(&trunk.name, number).cloned());
        rule.filter(|rule| rule.action != BlockAction::Allow)
    }

    /// The rule for numbers whose signature is wrong.
    pub(crate) fn rule_of_forged(&self, trunk: &Trunk) -> Option<BlockRule> {
        self.rules.of_forged(&trunk.name).filter(|rule| rule.action != BlockAction::Allow).cloned()
    }
}

/// Whether help is called by this number, with or without its country.
fn is_help(country: &Country, number: &str) -> bool {
    let at_home = number.strip_prefix('+').and_then(|digits| digits.strip_prefix(country.code()));
    [Some(number), at_home].into_iter().flatten().any(|number| rights::is_for_help(country, number))
}

#[cfg(test)]
mod tests;
