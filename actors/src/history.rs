//! An entity's durable history, record by record.

use std::ops::ControlFlow;

use domain::customer::{Customer, Event, History};
use store::{Lsn, Store};

use crate::{cell::Companion, error::EngineError, kinds::Durable, record::Record};

/// How many records are read at once. Few: those of the configuration hold whole catalogs.
const PAGE: usize = 64;

/// Shows every durable record of an entity, oldest first, until there are no more or the visitor has seen enough.
pub fn walk<E: Durable>(
    store: &dyn Store<Companion>,
    id: [u8; 16],
    visit: impl FnMut(Record<E>) -> ControlFlow<()>,
) -> Result<(), EngineError> {
    walk_after(store, id, Lsn::ZERO, visit)
}

/// The same of those behind a position.
pub fn walk_after<E: Durable>(
    store: &dyn Store<Companion>,
    id: [u8; 16],
    mut after: Lsn,
    mut visit: impl FnMut(Record<E>) -> ControlFlow<()>,
) -> Result<(), EngineError> {
    loop {
        let page = store.history(E::KIND.key(id), after, PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = *last;
        for (_, bytes) in &page {
            let record = Record::decode(bytes).map_err(|error| {
                tracing::error!(kind = E::KIND.name(), %error, "a history does not decode");
                EngineError::Damaged
            })?;
            if visit(record).is_break() {
                return Ok(());
            }
        }
    }
}

/// A customer folded from its whole durable history.
pub fn of_customer(store: &dyn Store<Companion>, id: [u8; 16]) -> Result<History, EngineError> {
    let mut history = History::default();
    walk::<Customer>(store, id, |record| {
        record.events.iter().for_each(|event| history.apply(event));
        ControlFlow::Continue(())
    })?;
    Ok(history)
}

/// Something folded from the whole durable history of a customer who is there; nothing of one who is not.
pub fn of_known_customer<T: Default>(
    store: &dyn Store<Companion>,
    id: [u8; 16],
    mut apply: impl FnMut(&mut T, &Event),
) -> Result<Option<T>, EngineError> {
    let (mut folded, mut known) = (T::default(), false);
    walk::<Customer>(store, id, |record| {
        for event in &record.events {
            match event {
                Event::Created { .. } => known = true,
                // Still in the history until the next checkpoint.
                Event::Forgotten(_) => known = false,
                _ => {}
            }
            apply(&mut folded, event);
        }
        ControlFlow::Continue(())
    })?;
    Ok(known.then_some(folded))
}
