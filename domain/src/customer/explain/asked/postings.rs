//! Deposits, spends and corrections, told from what they wrote.

use uuid::Uuid;

use super::super::{Past, Recorded};
use crate::{
    amount::{AmountError, Points},
    customer::{
        About, Command, DepositDetail, Drawn, Effect, Event, ExpireDetail, ModifyDetail, MoveDetail, Naming,
        PointsPosted, PostedDetail, Posting, Purpose, ReversalTarget, ReverseDetail, Reversed, SeedDetail,
        SendDetail, SpendDetail, Transfer,
    },
    id::PointAccountId,
    ledger::{ExpiringAmount, Lot, Movement, ReceivedBy, TakenFor},
    program::Program,
};

/// What may have been asked; nothing: it cannot be told.
pub(super) fn commands(
    posted: &PointsPosted,
    past: &Past,
    recorded: &Recorded<'_>,
    program: &Program,
) -> Result<Vec<Command>, AmountError> {
    let purposes = match (&posted.about, posted.details.as_slice()) {
        (About::Correction(row), [detail]) => {
            let earlier = past.log().corrected(*row);
            let Some((original, earlier)) = earlier else { return Ok(Vec::new()) };
            let changes = earlier.iter().map(|row| row.change);
            let changes = changes.chain(posted.movements.iter().map(Movement::change));
            let new_amount = Points::sum(changes.chain([original.change]))?;
            let new_expiration = recorded.events.iter().find_map(|event| match event {
                Event::LotsRedated { lots, .. } => lots.first()?.expires,
                _ => None,
            });
            let naming = naming(detail);
            vec![Purpose::Modify(ModifyDetail { row: *row, new_amount, new_expiration, naming })]
        }
        (About::Reversal(undone), [detail]) => reversals(undone, detail, past)?,
        (About::Received { from, rows }, [detail]) => {
            let Some(identity) = past.state().identity() else { return Ok(Vec::new()) };
            let Some(account) = posted.movements.first().map(Movement::account) else {
                return Ok(Vec::new());
            };
            let mut lots: Vec<Lot> = posted.movements.iter().filter_map(received).collect();
            let drawn = rows.iter().map(|row| Drawn { account, row: *row, lots: std::mem::take(&mut lots) });
            vec![Purpose::Receive(Box::new(Transfer {
                id: detail.tracking_id,
                from: *from,
                to: identity.id,
                account,
                drawn: drawn.collect(),
                preserve_expiration: true,
                reference_id: detail.reference_id.clone(),
                reference_type: detail.reference_type.clone(),
                idempotency_id: detail.idempotency_id.clone(),
            }))]
        }
        (About::Nothing, _) => plain(posted, recorded, program)?,
        (About::Correction(_) | About::Reversal(_) | About::Received { .. }, _) => Vec::new(),
    };
    let short = posted.details.iter().any(|detail| detail.shortfall.is_positive());
    let allow_partial_success =
        short || failed_between(&by_detail(posted)).into_iter().any(|failed| failed > 0);
    let disable_event_publishing = !posted.published;
    let posting = |purpose| {
        Command::Post(Box::new(Posting { purpose, allow_partial_success, disable_event_publishing }))
    };
    Ok(purposes.into_iter().map(posting).collect())
}

/// What a lot was before it was taken in as it is.
fn received(movement: &Movement) -> Option<Lot> {
    match movement {
        Movement::Received { row, source, points, occurred, expires, weight, sale, .. } => Some(Lot {
            row: *row,
            source: *source,
            occurred: *occurred,
            expires: *expires,
            weight: *weight,
            remaining: *points,
            sale: *sale,
        }),
        _ => None,
    }
}

fn naming(detail: &PostedDetail) -> Naming {
    Naming {
        reference_id: detail.reference_id.clone(),
        reference_type: detail.reference_type.clone(),
        idempotency_id: Some(detail.idempotency_id.clone()),
    }
}

fn reversals(undone: &[Reversed], detail: &PostedDetail, past: &Past) -> Result<Vec<Purpose>, AmountError> {
    let Some(first) = undone.first().and_then(|undone| past.log().row(undone.row)) else {
        return Ok(Vec::new());
    };
    let amount = Some(Points::sum(undone.iter().map(|undone| undone.points))?);
    let cause = &first.caused_by;
    let targets = [
        ReversalTarget::Row(first.id),
        ReversalTarget::Tracking(cause.request_id.clone()),
        ReversalTarget::Idempotency(cause.idempotency_id.clone()),
        ReversalTarget::Transaction(cause.transaction_id.clone()),
    ];
    let reverse = |target| Purpose::Reverse(ReverseDetail { target, amount, naming: naming(detail) });
    Ok(targets.into_iter().map(reverse).collect())
}

/// The movements of each detail.
fn by_detail(posted: &PointsPosted) -> Vec<(&PostedDetail, &[Movement])> {
    let mut rest = posted.movements.as_slice();
    let of = |(detail, rows): (_, &u16)| {
        let (own, after) = rest.split_at(usize::from(*rows).min(rest.len()));
        rest = after;
        (detail, own)
    };
    posted.details.iter().zip(&posted.rows).map(of).collect()
}

/// How many details in front of each one, but for the first, failed and left nothing behind but a gap in the ids: a
/// detail that fails uses two.
fn failed_between(details: &[(&PostedDetail, &[Movement])]) -> Vec<u64> {
    let count = |id: Uuid| u64::try_from(id.as_u128() & 0xffff_ffff_ffff).expect("48 bits fit");
    let gap = |pair: &[(&PostedDetail, &[Movement])]| {
        let [(before, _), (after, movements)] = pair else { return 0 };
        let first = movements.iter().map(|movement| movement.row().0).chain([after.tracking_id]);
        let (since, until) =
            (count(before.tracking_id), first.map(count).filter(|id| *id > count(before.tracking_id)));
        until.min().map_or(0, |until| until.saturating_sub(since + 2) / 2)
    };
    std::iter::once(0).chain(details.windows(2).map(gap)).collect()
}

/// The details with some that fail in front of them.
fn with_failed<T>(details: Vec<T>, failed: Vec<u64>, nothing: impl Fn(&T) -> T) -> Vec<T> {
    /// More than a request may have are none.
    const MANY: u64 = 100;
    let of = |(detail, failed): (T, u64)| {
        let failed = (0..failed).filter(|_| failed <= MANY).map(|_| nothing(&detail)).collect::<Vec<_>>();
        failed.into_iter().chain([detail])
    };
    details.into_iter().zip(failed).flat_map(of).collect()
}

/// A deposit, a spend, a move, a transfer, or points that were to run out.
fn plain(
    posted: &PointsPosted,
    recorded: &Recorded<'_>,
    program: &Program,
) -> Result<Vec<Purpose>, AmountError> {
    let details = by_detail(posted);
    let all = |is: fn(&Movement) -> bool| !posted.movements.is_empty() && posted.movements.iter().all(is);
    if all(|movement| matches!(movement, Movement::Earned { .. })) {
        let deposits: Option<Vec<_>> = details.iter().map(|(detail, rows)| deposit(detail, rows)).collect();
        let nothing = |deposit: &DepositDetail| DepositDetail {
            amount: Points::ZERO,
            idempotency_id: None,
            ..deposit.clone()
        };
        let deposits = deposits.map(|deposits| with_failed(deposits, failed_between(&details), nothing));
        return Ok(deposits.into_iter().map(Purpose::Deposit).collect());
    }
    if let [(detail, [seeded])] = details.as_slice()
        && let Some(seed) = seed(detail, seeded)
    {
        return Ok(vec![Purpose::Seed(seed)]);
    }
    let transfer = recorded.effects.iter().find_map(|effect| match effect {
        Effect::SendPoints(transfer) => Some(transfer),
        _ => None,
    });
    let [(detail, movements), ..] = details.as_slice() else { return Ok(Vec::new()) };
    if let Some(transfer) = transfer {
        let from = transfer.drawn.iter().map(|drawn| drawn.account).collect();
        let (to, amount, naming) = (transfer.account, transfer.points()?, naming(detail));
        let preserve_expiration = transfer.preserve_expiration;
        let detail = MoveDetail { from, to, amount, preserve_expiration, naming };
        return Ok(vec![Purpose::Send(SendDetail { customer: transfer.to, room: None, detail })]);
    }
    if all(|movement| matches!(movement, Movement::Taken { .. } | Movement::Overdrawn { .. })) {
        return spends(&details, program);
    }
    let taken = |movement: &&Movement| matches!(movement, Movement::Taken { .. } | Movement::Expired { .. });
    let from = accounts(movements.iter().filter(taken));
    let amount = Points::sum(movements.iter().filter(taken).map(Movement::points))?.plus(detail.shortfall)?;
    if movements.iter().any(|movement| matches!(movement, Movement::Expired { .. })) {
        let allow_rollover =
            movements.iter().any(|movement| matches!(movement, Movement::Expired { into: Some(_), .. }));
        return Ok(vec![Purpose::Expire(ExpireDetail {
            accounts: detail.rows.iter().map(|row| row.account).collect(),
            what: ExpiringAmount::Points(amount),
            source: None,
            older_than: None,
            allow_rollover,
            naming: naming(detail),
        })]);
    }
    let Some(Movement::Received { account: to, .. }) = movements.last() else { return Ok(Vec::new()) };
    let moves = [true, false].map(|preserve_expiration| {
        let (from, to, naming) = (from.clone(), *to, naming(detail));
        Purpose::Move(MoveDetail { from, to, amount, preserve_expiration, naming })
    });
    Ok(moves.into())
}

fn deposit(detail: &PostedDetail, movements: &[Movement]) -> Option<DepositDetail> {
    let [Movement::Earned { account, source, points, occurred, .. }] = movements else { return None };
    Some(DepositDetail {
        amount: points.plus(detail.shortfall).ok()?,
        account: *account,
        source: *source,
        reference_id: detail.reference_id.clone(),
        reference_type: detail.reference_type.clone(),
        idempotency_id: Some(detail.idempotency_id.clone()),
        transaction_id: detail.transaction_id.clone(),
        occurred: Some(*occurred),
    })
}

fn seed(detail: &PostedDetail, movement: &Movement) -> Option<SeedDetail> {
    let Movement::Received { row, account, source, points, occurred, by: ReceivedBy::Migration, .. } =
        movement
    else {
        return None;
    };
    let deposit = DepositDetail {
        amount: *points,
        account: *account,
        source: *source,
        reference_id: detail.reference_id.clone(),
        reference_type: detail.reference_type.clone(),
        idempotency_id: Some(detail.idempotency_id.clone()),
        transaction_id: detail.transaction_id.clone(),
        occurred: Some(*occurred),
    };
    Some(SeedDetail { row: *row, deposit })
}

/// The accounts of movements, each once.
fn accounts<'a>(movements: impl Iterator<Item = &'a Movement>) -> Vec<PointAccountId> {
    let mut accounts = Vec::new();
    for account in movements.map(Movement::account) {
        if !accounts.contains(&account) {
            accounts.push(account);
        }
    }
    accounts
}

/// Only the accounts that gave something are known, which is mostly enough: the others had nothing to give before them.
/// The one that was overdrawn came first; what is taken back stops at zero because the first may not be overdrawn,
/// though it may have had nothing. The ids of rows may be the caller's, or made.
fn spends(details: &[(&PostedDetail, &[Movement])], program: &Program) -> Result<Vec<Purpose>, AmountError> {
    let stopped = details.iter().any(|(detail, _)| detail.shortfall.is_positive());
    let strict = program.accounts().iter().filter(|account| stopped && !account.allow_negative_balance);
    let fronts = std::iter::once(None).chain(strict.map(|account| Some(account.id)));
    let mut purposes = Vec::new();
    for front in fronts {
        for (named, in_order) in [(false, false), (false, true), (true, false), (true, true)] {
            let spends = details.iter().map(|(detail, movements)| {
                let mut spend = spend(detail, movements, named, in_order)?;
                spend.accounts.retain(|account| Some(*account) != front);
                spend.accounts.splice(0..0, front);
                Ok(spend)
            });
            let spends = spends.collect::<Result<_, AmountError>>()?;
            let nothing = |spend: &SpendDetail| SpendDetail {
                amount: Points::ZERO,
                idempotency_id: None,
                ..spend.clone()
            };
            purposes.push(Purpose::Spend(with_failed(spends, failed_between(details), nothing)));
        }
    }
    Ok(purposes)
}

fn spend(
    detail: &PostedDetail,
    movements: &[Movement],
    named: bool,
    in_order: bool,
) -> Result<SpendDetail, AmountError> {
    let overdrawn = movements.iter().find(|movement| matches!(movement, Movement::Overdrawn { .. }));
    let taken = movements.iter().find(|movement| matches!(movement, Movement::Taken { .. }));
    let mut pool = accounts(movements.iter());
    if let Some(first) = overdrawn.filter(|_| !in_order).map(Movement::account) {
        pool.sort_by_key(|account| *account != first);
    }
    let is_return = movements.iter().any(|movement| {
        matches!(
            movement,
            Movement::Taken { reason: TakenFor::Return, .. }
                | Movement::Overdrawn { reason: TakenFor::Return, .. }
        )
    });
    let amount = Points::sum(movements.iter().map(Movement::points))?.plus(detail.shortfall)?;
    Ok(SpendDetail {
        amount,
        accounts: pool,
        source: detail.rows.first().and_then(|row| row.source),
        force: overdrawn.is_some(),
        is_return,
        reference_id: detail.reference_id.clone(),
        reference_type: detail.reference_type.clone(),
        idempotency_id: Some(detail.idempotency_id.clone()),
        transaction_id: detail.transaction_id.clone(),
        occurred: taken.or(overdrawn).map(Movement::occurred),
        row: taken.filter(|_| named).map(Movement::row),
        overdraft_row: overdrawn.filter(|_| named).map(Movement::row),
        overdraft_occurred: overdrawn.map(Movement::occurred),
    })
}
