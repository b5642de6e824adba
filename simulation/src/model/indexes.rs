//! Indexes: what is found through one is what the entities say.

use std::collections::BTreeSet;

use super::{Model, Sight};
use crate::{
    program,
    report::{Violation, hold},
};

pub(super) fn check(_: &Model, sight: &Sight) -> Result<(), Violation> {
    for (level, members) in &sight.levels {
        let by_index: BTreeSet<_> = members.iter().copied().collect();
        let by_state: BTreeSet<_> = sight
            .customers
            .iter()
            .filter(|(_, member)| member.levels.contains(level))
            .map(|(customer, _)| *customer)
            .collect();
        hold!(by_index == by_state, "in level {level} are {by_index:?}, by the members {by_state:?}");
    }
    for (place, line) in sight.lines.iter().enumerate() {
        let store = program::store(place);
        let currents = sight.sales.values().flatten().filter_map(|sale| sale.current());
        let mut there: Vec<_> = currents.filter(|current| current.content.store == store).collect();
        there.sort_by_key(|current| (current.content.open_time, current.id));
        let there: Vec<_> = there.into_iter().map(|current| current.id).collect();
        hold!(*line == there, "store {place} has the sales {line:?}, by the sales {there:?}");
    }
    Ok(())
}
