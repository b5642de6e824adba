//! Correcting a row (incentives.md 7.1, modify): history is never edited, a second row makes up the difference.

use super::{Outcome, Run};
use crate::{
    amount::Points,
    customer::{About, AuditRow, Event, ModifyDetail, PostedStatus, stop::Stop},
    id::LedgerRowId,
    ledger::{Draw, Lot, TakenFor},
};

impl Run<'_> {
    /// More: a second lot with the source, the time and the date of the first. Less: out of what remains of the lots
    /// of the row, the newest first. The lifetime value rises with the former and stays with the latter.
    pub(super) fn modify(&mut self, asked: &ModifyDetail) -> Result<Outcome, Stop> {
        let log = self.log()?;
        let Some((original, corrections)) = log.corrected(asked.row) else {
            return Ok(Outcome::failed(PostedStatus::RowNotFound));
        };
        let now = self.context.now;
        if asked.new_amount.is_negative() || asked.new_expiration.is_some_and(|date| date <= now) {
            return Ok(Outcome::failed(PostedStatus::InvalidAmount));
        }
        let account = original.account;
        let lots: Vec<LedgerRowId> = std::iter::once(original)
            .chain(corrections.iter().copied().filter(|row| row.is_lot()))
            .map(|row| row.id)
            .collect();
        let is = Points::sum(std::iter::once(original).chain(corrections).map(|row| row.change))?;
        let held = |run: &Self| -> Result<Vec<Lot>, Stop> {
            let held = run.draft.all_lots(account)?.into_iter().filter(|(lot, _)| lots.contains(&lot.row));
            Ok(held.map(|(lot, left)| Lot { remaining: left, ..lot.clone() }).collect())
        };
        let left = held(self)?;
        let consumed = is.minus(Points::sum(left.iter().map(|lot| lot.remaining))?)?;
        if asked.new_amount < consumed {
            return Ok(Outcome::failed(PostedStatus::AmountBelowConsumed));
        }
        let change = asked.new_amount.minus(is)?;
        self.about = About::Correction(asked.row);
        if change.is_positive() {
            self.add(original, change)?;
        } else if change.is_negative() {
            self.remove(original, left, change.negated()?)?;
        }
        if let Some(date) = asked.new_expiration {
            let mut lots = held(self)?;
            let new = self.draft.movements().last().filter(|_| change.is_positive());
            let new = new.map(|movement| movement.row());
            let added = self.draft.lots(account).filter(|(lot, _)| Some(lot.row) == new);
            lots.extend(added.map(|(lot, left)| Lot { remaining: left, ..lot.clone() }));
            let lots: Vec<_> = lots.into_iter().map(|lot| Lot { expires: Some(date), ..lot }).collect();
            self.redated = Some(Event::LotsRedated { account, lots });
        }
        let row = self.row(account, original.source, change);
        Ok(Outcome { status: PostedStatus::Ok, rows: vec![row], shortfall: Points::ZERO })
    }

    fn add(&mut self, original: &AuditRow, points: Points) -> Result<(), Stop> {
        let row = LedgerRowId(self.draft.next_id());
        // What has just run out in part has got a later date.
        let held = self.draft.lots(original.account).find(|(lot, _)| lot.row == original.id);
        let expires = held.map_or(original.expires, |(lot, _)| lot.expires);
        let expires = self.date_from_now(original.account, expires);
        self.draft.issue(
            original.account,
            Lot {
                row,
                source: original.source.expect("a lot has a source"),
                occurred: original.occurred,
                expires,
                weight: original.weight,
                remaining: points,
                sale: None,
            },
            None,
        )?;
        Ok(())
    }

    fn remove(&mut self, original: &AuditRow, left: Vec<Lot>, points: Points) -> Result<(), Stop> {
        let (mut missing, mut draws) = (points, Vec::new());
        for lot in left.into_iter().rev() {
            let part = lot.remaining.min(missing);
            missing = missing.minus(part)?;
            if part.is_positive() {
                draws.push(Draw { lot: lot.row, points: part });
            }
        }
        let row = LedgerRowId(self.draft.next_id());
        self.draft.take(row, original.account, draws, self.context.now, TakenFor::Correction)?;
        Ok(())
    }
}
