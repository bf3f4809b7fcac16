//! Who calls in over trunks, as an organisation knows them: the names of its contacts (`contacts`), the rules that keep callers out
//! (`rules`), what becomes of a call that one of them is for (`blocked`), and of one whose number is forged (`forged`). Numbers are packed
//! in `numbers` and read from a file in `number_list`; what a name looks like is in `looks`.

pub(crate) mod blocked;
mod contacts;
pub(crate) mod forged;
mod looks;
mod number_list;
mod numbers;
mod rules;

use std::sync::Arc;

use kiestoon_dialplan::Country;

pub use contacts::Contacts;
pub use number_list::NumberList;
pub use numbers::Numbers;
pub use rules::{BlockAction, BlockCondition, BlockRule, BlockRules};

use crate::rights;
use crate::trunk::Trunk;
use crate::trunk::inbound::Judged;

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
    /// is nobody's, and nor is one that reads like another number.
    pub(crate) fn shown<'a>(&'a self, number: &str, told: &'a str) -> &'a str {
        match self.contacts.name(number) {
            Some(name) => name,
            None if self.contacts.has_name(told) || looks::is_another_number(told, number) => "",
            None => told,
        }
    }

    /// The rule that a caller is under; None: the call goes on. Who calls back from where help is called is always heard.
    pub(crate) fn rule(&self, trunk: &Trunk, caller: &Judged) -> Option<BlockRule> {
        self.rule_of(trunk, caller, |_| true)
    }

    /// The same of a caller whose signature is wrong. What is said of wrong signatures is asked first; where nothing is, the number is
    /// no more than what somebody says, and lets nobody in.
    pub(crate) fn rule_of_forged(&self, trunk: &Trunk, caller: &Judged) -> Option<BlockRule> {
        match self.rules.of_forged(&trunk.name) {
            Some(rule) => Some(rule.clone()).filter(keeps_out),
            None => self.rule_of(trunk, caller, keeps_out),
        }
    }

    /// The most exact of the rules that count: for the number, for those of the file, for who withholds one, for its beginning. An
    /// exception for those who withhold theirs says nothing of a number that we know.
    fn rule_of(
        &self,
        trunk: &Trunk,
        caller: &Judged,
        counts: impl Fn(&BlockRule) -> bool + Copy,
    ) -> Option<BlockRule> {
        let numbers = || caller.numbers();
        if numbers().any(|number| is_help(trunk.country, number)) {
            return None;
        }
        let of_all = || numbers().find(|number| self.listed.contains(number)).map(BlockRule::listed);
        let nobody =
            || self.rules.of_anonymous(&trunk.name).filter(|rule| caller.is_withheld && keeps_out(rule));
        let start = || numbers().find_map(|number| self.rules.of_start(&trunk.name, number, counts));
        let whole = numbers().find_map(|number| self.rules.of_number(&trunk.name, number, counts)).cloned();
        whole.or_else(of_all).or_else(|| nobody().or_else(start).cloned()).filter(keeps_out)
    }
}

fn keeps_out(rule: &BlockRule) -> bool {
    rule.action != BlockAction::Allow
}

/// Whether help is called by this number, with or without its country.
fn is_help(country: &Country, number: &str) -> bool {
    let at_home = number.strip_prefix('+').and_then(|digits| digits.strip_prefix(country.code()));
    [Some(number), at_home].into_iter().flatten().any(|number| rights::is_for_help(country, number))
}

#[cfg(test)]
mod tests;
