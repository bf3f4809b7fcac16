//! Which rules of a context are worth trying for a number: plain numbers by hash, patterns by their first character.

use crate::mask;
use crate::pattern::Pattern;
use std::collections::HashMap;

#[derive(Debug, Default)]
pub(crate) struct Index {
    plain: HashMap<Box<str>, Vec<u32>>,
    /// Rules with a pattern that starts with this ASCII character.
    first: HashMap<u8, Vec<u32>>,
    /// Rules with a pattern that may start with anything.
    any: Vec<u32>,
}

impl Index {
    /// Adds a pattern; rules come in their order.
    pub(crate) fn add(&mut self, rule: u32, pattern: &Pattern) {
        match pattern {
            Pattern::Mask(mask) => match (mask.number(), mask.first()) {
                (Some(number), _) => push(self.plain.entry(number.into()).or_default(), rule),
                (None, Some(first)) => {
                    for byte in (0..128).filter(|byte| first & mask::bit(*byte) != 0) {
                        push(self.first.entry(byte).or_default(), rule);
                    }
                }
                (None, None) => push(&mut self.any, rule),
            },
            Pattern::Regex { .. } => push(&mut self.any, rule),
        }
    }

    /// The rules that may match, each once, in their order. Every rule that does match is among them.
    pub(crate) fn candidates<'a>(&'a self, number: &str) -> impl Iterator<Item = u32> + use<'a> {
        let number = mask::without_dashes(number);
        let first = number.bytes().next().and_then(|byte| self.first.get(&byte));
        let mut lists: [&[u32]; 3] = [
            self.plain.get(&*number).map_or(&[], Vec::as_slice),
            first.map_or(&[], Vec::as_slice),
            &self.any,
        ];
        std::iter::from_fn(move || {
            let next = lists.iter().filter_map(|list| list.first().copied()).min()?;
            for list in &mut lists {
                if let Some((head, rest)) = list.split_first()
                    && *head == next
                {
                    *list = rest;
                }
            }
            Some(next)
        })
    }
}

fn push(list: &mut Vec<u32>, rule: u32) {
    if list.last() != Some(&rule) {
        list.push(rule);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_come_in_rule_order_and_once() {
        let mut index = Index::default();
        for (rule, pattern) in
            [(0, "_2XX"), (1, "201"), (1, "_2."), (2, "re:^20"), (3, "_3XX"), (4, "_."), (5, "201")]
        {
            index.add(rule, &Pattern::parse(pattern).unwrap());
        }
        assert_eq!(index.candidates("201").collect::<Vec<_>>(), [0, 1, 2, 4, 5]);
        assert_eq!(index.candidates("-2-01").collect::<Vec<_>>(), [0, 1, 2, 4, 5]);
        assert_eq!(index.candidates("3").collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(index.candidates("é").collect::<Vec<_>>(), [2, 4]);
    }
}
