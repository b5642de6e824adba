//! Taking in what another customer has given.

use super::{Merge, MergedAccount, MergedIn};
use crate::{
    amount::Points,
    customer::{Customer, Effect, Error, Event, Reply, TierDraft, recall, stop::Stop},
    entity::{Context, Decision},
    id::{LedgerRowId, SaleId},
    ledger::{Draft, First, ReceivedBy, Receiving, TakenFor, Taking},
    rules::NAMED_MAX,
};

/// Takes all of it in, or sends it back: never a part, and never a refusal, which would lose it. With `back`, it is
/// what the customer gave itself.
pub(super) fn decide(
    customer: &Customer,
    merge: &Merge,
    back: bool,
    context: &Context<'_>,
) -> Result<Decision<Customer>, Stop> {
    // What has come once, or has come back, is there.
    let known = customer.merges.iter().any(|note| note.merge == merge.id);
    if known != back {
        return Ok(Decision::answer(Reply::Done));
    }
    let events = match customer
        .fits(merge)
        .map_err(Stop::Refuse)
        .and_then(|()| take(customer, merge, back, context))
    {
        Ok(events) => events,
        Err(Stop::Refuse(_)) if !back => {
            let effects = vec![Effect::ReturnMerge(Box::new(merge.clone()))];
            return Ok(Decision { events: Vec::new(), reply: Reply::Done, effects });
        }
        Err(stop) => return Err(stop),
    };
    Ok(Decision { events, reply: Reply::Done, effects: Vec::new() })
}

fn take(customer: &Customer, merge: &Merge, back: bool, context: &Context<'_>) -> Result<Vec<Event>, Stop> {
    let mut draft = Draft::new(customer.ledger_for(context), context.ids, 0);
    draft.settle(context.now, context.program)?;
    let expired = draft.movements().len();
    let own_sale = |sale: SaleId| if back { sale } else { sale.merged_from(merge.from) };
    let mut points = Vec::with_capacity(merge.points.len());
    for account in &merge.points {
        receive(account, own_sale, &mut draft, context)?;
        let first_row = LedgerRowId(draft.next_id());
        points.push(MergedAccount { lots: Vec::new(), first_row, ..account.clone() });
    }
    let mut tiers = TierDraft::new(customer, context.program, context.now);
    let dated = tiers.take_over(&merge.tiers, &mut draft);
    let at = context.now;
    let (mut movements, _) = draft.finish();
    let received = movements.split_off(expired);
    let mut events = recall::recalled(customer, &received, context);
    if !movements.is_empty() {
        events.push(Event::PointsExpired { movements, at, through: at });
    }
    let merge = Merge { points, tiers: Vec::new(), ..merge.clone() };
    events.push(Event::MergedIn(Box::new(MergedIn { merge, back, movements: received, at })));
    tiers.write(at, &mut events);
    if !dated.is_empty() {
        events.push(Event::TiersDated(dated));
    }
    Ok(events)
}

fn receive(
    account: &MergedAccount,
    own_sale: impl Fn(SaleId) -> SaleId,
    draft: &mut Draft<'_>,
    context: &Context<'_>,
) -> Result<(), Stop> {
    draft.lifetime(account.account).plus(account.lifetime)?;
    for lot in &account.lots {
        draft.receive(Receiving {
            account: account.account,
            source: lot.source,
            points: lot.remaining,
            occurred: lot.occurred,
            expires: lot.expires,
            weight: lot.weight,
            sale: lot.sale.map(&own_sale),
            by: ReceivedBy::Transfer,
        })?;
    }
    if account.overdraft.is_positive() {
        let missing = draft.take_from_pool(&Taking {
            accounts: &[account.account],
            source: None,
            points: account.overdraft,
            occurred: context.now,
            reason: TakenFor::Transfer,
            first_from: First::None,
            row: None,
        })?;
        if missing > Points::ZERO {
            let row = LedgerRowId(draft.next_id());
            draft.overdraw(row, account.account, missing, context.now, TakenFor::Transfer)?;
        }
    }
    Ok(())
}

impl Customer {
    /// What is counted and used sums with what comes.
    fn fits(&self, merge: &Merge) -> Result<(), Error> {
        let mut usage = self.usage.clone();
        merge.uses.iter().try_for_each(|used| usage.record(used))?;
        let mut counters = self.rule_state.counters.clone();
        counters.merge(&merge.counters)?;
        // Whoever gets his own back has room for it.
        if counters.named().len() > NAMED_MAX && self.known()?.id != merge.from {
            return Err(Error::TooManyCounters);
        }
        Ok(())
    }
}
