//! Giving everything to another customer.

use super::{Merge, MergedAccount, MergedAway};
use crate::{
    amount::Points,
    customer::{Customer, Effect, Error, Event, Reply, TierDraft, stop::Stop},
    entity::{Context, Decision},
    id::{CustomerId, LedgerRowId},
    ledger::{Draft, Draw, Lot, TakenFor},
};

/// Lots that fit into one record.
const LOTS_MAX: usize = 100_000;

pub(super) fn decide(
    customer: &Customer,
    to: CustomerId,
    context: &Context<'_>,
) -> Result<Decision<Customer>, Stop> {
    if !customer.has_something_to_give(context) {
        return Ok(Decision::answer(Reply::Merged(None)));
    }
    let mut draft = Draft::new(customer.ledger_for(context), context.ids, 0);
    draft.settle(context.now, context.program)?;
    let expired = draft.movements().len();
    let id = draft.next_id();
    let points = take_all(&mut draft, context)?;
    if points.iter().map(|account| account.lots.len()).sum::<usize>() > LOTS_MAX {
        return Err(Error::TooMuchToMerge.into());
    }
    let mut tiers = TierDraft::new(customer, context.program, context.now);
    tiers.give_away(&mut draft);
    let merge = Merge {
        id,
        from: customer.known()?.id,
        to,
        points,
        issued: customer.ledger.issued().to_vec(),
        activity: customer.ledger.activity().all().to_vec(),
        tiers: customer.tiers.held().to_vec(),
        joining: customer.tiers.joining().to_vec(),
        uses: customer.usage.all().to_vec(),
        counters: customer.rule_state.counters.clone(),
        tags: customer.rule_state.tags.clone(),
    };
    let at = context.now;
    let (mut movements, _) = draft.finish();
    let taken = movements.split_off(expired);
    let mut events = Vec::new();
    if !movements.is_empty() {
        events.push(Event::PointsExpired { movements, at, through: at });
    }
    events.push(Event::MergedAway(Box::new(MergedAway { merge: id, to, movements: taken, at })));
    tiers.write(at, &mut events);
    let effects = vec![Effect::MergeInto(Box::new(merge))];
    Ok(Decision { events, reply: Reply::Merged(Some(id)), effects })
}

/// Takes all points of all accounts, and what is overdrawn.
fn take_all(draft: &mut Draft<'_>, context: &Context<'_>) -> Result<Vec<MergedAccount>, Stop> {
    let accounts: Vec<_> = draft.accounts().collect();
    let mut all = Vec::with_capacity(accounts.len());
    for account in accounts {
        let lots: Vec<Lot> = draft
            .all_lots(account)?
            .into_iter()
            .map(|(lot, remaining)| Lot { remaining, ..lot.clone() })
            .collect();
        if !lots.is_empty() {
            let row = LedgerRowId(draft.next_id());
            let draws = lots.iter().map(|lot| Draw { lot: lot.row, points: lot.remaining }).collect();
            draft.take(row, account, draws, context.now, TakenFor::Transfer)?;
        }
        let overdraft = draft.overdraft(account);
        if overdraft.is_positive() {
            let row = LedgerRowId(draft.next_id());
            draft.restore(row, account, Vec::new(), overdraft, context.now)?;
        }
        let (lifetime, first_row) = (draft.lifetime(account), LedgerRowId(draft.next_id()));
        if !lots.is_empty() || overdraft.is_positive() || lifetime.is_positive() {
            all.push(MergedAccount { account, lots, lifetime, overdraft, first_row });
        }
    }
    Ok(all)
}

impl Customer {
    /// There is more than the default levels and what has gone before.
    fn has_something_to_give(&self, context: &Context<'_>) -> bool {
        let used = self.ledger.accounts().iter().any(|account| {
            account.lifetime > Points::ZERO
                || account.available != Points::ZERO
                || account.overdraft.is_positive()
        });
        let risen = self.tiers.held().iter().any(|tier| {
            let system = context.program.tier_system(tier.system).filter(|system| system.live);
            system.and_then(|system| system.level(tier.level)).is_some_and(|level| level.rank > 0)
        });
        used || risen
            || !self.ledger.issued().is_empty()
            || !self.tiers.joining().is_empty()
            || !self.usage.all().is_empty()
            || !self.rule_state.counters.is_empty()
            || !self.rule_state.tags.is_empty()
            || self.memory.has_own_evaluations()
    }
}
