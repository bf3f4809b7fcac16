//! `[[contact]]` and `[[block]]`: what the text alone shows. How a number is read depends on the organisation's trunks, and comes later.

use toml_edit::{Item, Table};

use super::reader::{Reader, kind};
use super::{BlockBlock, ContactBlock};
use crate::callers::{self, BlockAction, BlockCondition};
use crate::rules;

impl Reader<'_> {
    pub(super) fn contact(&mut self, table: &Table) -> Option<ContactBlock> {
        let before = self.errors();
        self.known(table, "organisation, number, numbers, name");
        let mut numbers = self.numbers(table).unwrap_or_default();
        if let Some(number) = self.text(table, "number", |_| Ok(())) {
            numbers.push((number, self.position(table.get("number").and_then(Item::span))));
        } else if numbers.is_empty() && self.errors() == before {
            self.error(table.span(), "`number` is missing".into());
        }
        let (organisation, name) = (self.home(table), self.required(table, "name", callers::name));
        Some(ContactBlock {
            at: self.position(table.span()),
            organisation: organisation?,
            numbers,
            name: name.unwrap_or_default(),
        })
    }

    pub(super) fn block(&mut self, table: &Table) -> Option<BlockBlock> {
        self.known(table, "organisation, number, prefix, anonymous, stir, trunk, action, context, note");
        let entry = BlockBlock {
            at: self.position(table.span()),
            organisation: None,
            condition: self.condition(table),
            trunk: self.text(table, "trunk", rules::trunk_name),
            action: self.action(table),
            note: self.text(table, "note", rules::name).unwrap_or_default(),
        };
        let organisation = self.home(table)?;
        Some(BlockBlock { organisation, ..entry })
    }

    /// Whom a block is for: exactly one key tells.
    fn condition(&mut self, table: &Table) -> Option<BlockCondition> {
        let mut named = Vec::new();
        named.extend(self.text(table, "number", |_| Ok(())).map(BlockCondition::Number));
        named.extend(self.text(table, "prefix", callers::prefix).map(BlockCondition::Prefix));
        if self.flag(table, "anonymous") == Some(true) {
            named.push(BlockCondition::Anonymous);
        }
        match table.get("stir") {
            Some(item) if item.as_str() == Some("failed") => named.push(BlockCondition::StirFailed),
            Some(item) => self.error(item.span(), format!("`stir` must be \"failed\", not {}", said(item))),
            None => {}
        }
        let is_told = ["number", "prefix", "anonymous", "stir"].iter().any(|key| table.contains_key(key));
        match named.len() {
            1 => named.pop(),
            0 if is_told && table.get("anonymous").is_none() => None,
            _ => {
                let message =
                    "a block is for one of `number`, `prefix`, `anonymous = true` and `stir = \"failed\"`";
                self.error(table.span(), message.into());
                None
            }
        }
    }

    fn action(&mut self, table: &Table) -> BlockAction {
        let context = self.text(table, "context", rules::context);
        match (table.get("action"), context) {
            (None, Some(context)) => return BlockAction::Context(context),
            (Some(item), Some(_)) => {
                self.error(item.span(), "give `action` or `context`, not both".into());
            }
            (Some(item), None) => match item.as_str().and_then(BlockAction::of_word) {
                Some(action) => return action,
                None => {
                    let words = BlockAction::WORDS.join(", ");
                    self.error(item.span(), format!("`action` must be one of {words}, not {}", said(item)));
                }
            },
            (None, None) => {}
        }
        BlockAction::Reject
    }
}

fn said(item: &Item) -> String {
    match item.as_str() {
        Some(text) => format!("`{}`", rules::shown(text)),
        None => kind(item).to_owned(),
    }
}
