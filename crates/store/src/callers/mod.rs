//! Who calls an organisation: the names of its contacts, and the rules that keep callers out. How a number is read that somebody has
//! written down is in `country`.

mod block_rows;
mod blocks;
mod contact_rows;
mod contacts;
mod country;
mod csv;

pub(crate) use block_rows::{
    all as all_blocks, apply as apply_blocks, remove_of_trunk as remove_blocks_of_trunk,
    rename_trunk as rename_trunk_of_blocks,
};
pub(crate) use blocks::check as check_blocks;
pub use blocks::{Block, BlockAction, BlockCondition, BlockDetails};
pub(crate) use contact_rows::{NewRow, all as all_contacts, apply as apply_contacts};
pub(crate) use contacts::check as check_contacts;
pub use contacts::{Contact, ContactEntry};
pub(crate) use country::Countries;

use crate::Refusal;

/// Of one organisation.
pub(crate) const MOST_CONTACTS: usize = 100_000;
/// Of one organisation.
pub(crate) const MOST_BLOCKS: usize = 10_000;

/// What a contact is called.
pub(crate) fn name(text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() { Err(Refusal::NoName) } else { crate::rules::name(text) }
}

/// The start of numbers in E.164, without the rest.
pub(crate) fn prefix(text: &str) -> Result<(), Refusal> {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let is_code = (1..=15).contains(&digits.len()) && !digits.starts_with('0');
    let fits = is_code && digits.bytes().all(|digit| digit.is_ascii_digit());
    if fits { Ok(()) } else { Err(Refusal::Prefix(crate::rules::shown(text))) }
}
