//! The order in which the hosts of a service are tried (RFC 2782): by priority, and among equals by chance, with the weight as the
//! share of each.

use super::Srv;

pub(super) fn in_order(mut records: Vec<Srv>, random: &mut impl FnMut() -> u64) -> Vec<Srv> {
    // Those without weight come first among equals, so that they have a chance at all.
    records.sort_by_key(|record| (record.priority, record.weight));
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(first) = records.first() {
        let priority = first.priority;
        let equals = records.iter().take_while(|record| record.priority == priority);
        let total: u64 = equals.map(|record| u64::from(record.weight)).sum();
        let mut point = random() % total.saturating_add(1);
        let chosen = records.iter().position(|record| {
            let weight = u64::from(record.weight);
            let hit = point <= weight;
            point = point.saturating_sub(weight);
            hit
        });
        ordered.push(records.remove(chosen.unwrap_or(0)));
    }
    ordered
}
