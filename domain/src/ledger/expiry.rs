//! What runs out by itself: lots by their age, all lots by inactivity; and where it goes (incentives.md 4.6, 4.7).
//!
//! [`Draft::settle`] is the one way in which time changes a balance. Reads look at a draft that is settled at their
//! moment, decisions begin with one and write it down: so a balance is right before anything has been written, and
//! writing it down changes nothing.
//!
//! Where the API file leaves room, this holds:
//! * The date of a lot is fixed when it is issued; share, rollover account and the dates that follow are those of the
//!   policy in force when an evaluation is written down. A dated lot of an account that has no policy by age any more
//!   runs out whole.
//! * Evaluations of one moment look at what was there before it: points that roll over at a moment are not taken by
//!   another evaluation of the same moment.
//! * A customer is not inactive for longer than it has existed.
//! * The ceiling of the account that points roll over into holds; what does not fit runs out. Limits of the source do
//!   not: the points were issued before.

use super::{Draft, DraftError, Lot, LotLoss, ReceivedBy, Receiving};
use crate::{
    amount::{AmountError, Points},
    id::PointAccountId,
    program::{ExpirationPolicy, LostShare, PointAccount, Program},
    time::Timestamp,
};

impl Draft<'_> {
    /// Writes down everything that has run out by `now`, moment by moment.
    pub fn settle(&mut self, now: Timestamp, program: &Program) -> Result<(), DraftError> {
        while let Some(moment) = self.next_due(Some(now), program) {
            self.evaluate(moment, program)?;
        }
        self.settled = self.settled.max(Some(now));
        Ok(())
    }

    /// The next moment at which something runs out, if it is not after `until`.
    pub fn next_due(&self, until: Option<Timestamp>, program: &Program) -> Option<Timestamp> {
        let by_age = self.accounts().filter_map(|account| self.due_by_age(account, until, program));
        let by_inactivity = program
            .watches_activity()
            .then(|| self.accounts().filter_map(|account| self.due_by_inactivity(account, program)));
        let due = by_age.chain(by_inactivity.into_iter().flatten()).min();
        due.filter(|due| until.is_none_or(|until| *due <= until))
    }

    /// The next loss of each dated lot, ascending by date.
    pub fn coming_losses(
        &self,
        account: PointAccountId,
        program: &Program,
    ) -> impl Iterator<Item = (Timestamp, Points)> {
        let share = dated_share(program.account(account));
        let dated = self.lots(account).map_while(|(lot, left)| lot.expires.map(|expires| (expires, left)));
        dated.map(move |(expires, left)| (expires, share.of(left))).filter(|(_, points)| points.is_positive())
    }

    /// The first date of a lot that will then lose anything.
    fn due_by_age(
        &self,
        account: PointAccountId,
        until: Option<Timestamp>,
        program: &Program,
    ) -> Option<Timestamp> {
        let dated = self.lots(account).map_while(|(lot, left)| lot.expires.map(|expires| (expires, left)));
        let mut due = dated.take_while(|(expires, _)| until.is_none_or(|until| *expires <= until)).peekable();
        due.peek()?;
        let share = dated_share(program.account(account));
        due.find(|(_, left)| share.of(*left).is_positive()).map(|(expires, _)| expires)
    }

    /// The first evaluation that has not been made and before which the customer was inactive for long enough.
    fn due_by_inactivity(&self, account: PointAccountId, program: &Program) -> Option<Timestamp> {
        let Some(ExpirationPolicy::Inactive { schedule, age, events, loss }) =
            program.account(account).map(|account| &account.expiration)
        else {
            return None;
        };
        let mut lots = self.lots(account);
        let hidden = self.require_all(account).is_err();
        if !hidden && !lots.any(|(_, left)| loss.share.of(left).is_positive()) {
            return None;
        }
        let zone = &program.retailer().zone;
        let inactive = zone.later(self.ledger.activity().last_of(events), *age)?;
        let not_yet = self.settled.map_or(inactive, |settled| settled.plus_millis(1).max(inactive));
        schedule.at_or_after(not_yet, zone)
    }

    /// Makes all evaluations of one moment.
    fn evaluate(&mut self, moment: Timestamp, program: &Program) -> Result<(), DraftError> {
        let mut due = Vec::new();
        for account in self.accounts() {
            let losses = self.losses(account, moment, program)?;
            if !losses.is_empty() {
                due.push((account, losses));
            }
        }
        for (account, losses) in due {
            let into = program.account(account).and_then(|account| account.expiration.rollover());
            self.lose(account, losses, moment, into.and_then(|into| program.account(into)), program)?;
        }
        self.settled = self.settled.max(Some(moment));
        Ok(())
    }

    /// What the lots of an account lose at a moment.
    fn losses(
        &self,
        account: PointAccountId,
        moment: Timestamp,
        program: &Program,
    ) -> Result<Vec<LotLoss>, DraftError> {
        let configured = program.account(account);
        let policy = configured.map(|account| &account.expiration);
        let inactive = match policy {
            Some(ExpirationPolicy::Inactive { loss, .. })
                if self.due_by_inactivity(account, program) == Some(moment) =>
            {
                self.require_all(account)?;
                Some(loss.share)
            }
            Some(
                ExpirationPolicy::Inactive { .. } | ExpirationPolicy::Never | ExpirationPolicy::Aged { .. },
            )
            | None => None,
        };
        let mut losses = Vec::new();
        for (lot, left) in self.lots(account) {
            let ripe = lot.expires.is_some_and(|expires| expires <= moment);
            let share = match inactive {
                _ if ripe => dated_share(configured),
                Some(share) => share,
                // No lot behind has a date that is due.
                None => break,
            };
            let points = share.of(left);
            let remains = left.minus(points)?;
            // What is too little to lose anything again never expires any more.
            let loses_again = || share.of(remains).is_positive();
            let next = match ripe {
                true => next_date(policy, moment, program).filter(|_| loses_again()),
                false => lot.expires,
            };
            if points.is_positive() {
                losses.push(LotLoss { lot: lot.row, points, next });
            }
        }
        Ok(losses)
    }

    /// Lets points run out at a moment; as far as the account they roll over into has room, they go there. Gives how
    /// many are gone for good.
    pub fn lose(
        &mut self,
        account: PointAccountId,
        losses: Vec<LotLoss>,
        moment: Timestamp,
        into: Option<&PointAccount>,
        program: &Program,
    ) -> Result<Points, AmountError> {
        let Some(into) = into else {
            let gone = Points::sum(losses.iter().map(|loss| loss.points))?;
            self.expire_lots(account, losses, moment, None)?;
            return Ok(gone);
        };
        let room = into.max_allowed_balance.map(|ceiling| self.room_under(ceiling, into)).transpose()?;
        let (moving, gone) = split(losses, room)?;
        let lots = self.moved(account, &moving)?;
        let lost = Points::sum(gone.iter().map(|loss| loss.points))?;
        if !gone.is_empty() {
            self.expire_lots(account, gone, moment, None)?;
        }
        if !moving.is_empty() {
            self.expire_lots(account, moving, moment, Some(into.id))?;
        }
        let expires = into.expiration.expiry_of(moment, &program.retailer().zone);
        for Lot { source, weight, sale, remaining, .. } in lots {
            self.receive(Receiving {
                account: into.id,
                source,
                points: remaining,
                occurred: moment,
                expires,
                weight,
                sale,
                by: ReceivedBy::Rollover,
            })?;
        }
        Ok(lost)
    }

    /// What arrives elsewhere of these lots: nothing but source, weight and sale tells points apart that arrive
    /// together.
    fn moved(&self, account: PointAccountId, losses: &[LotLoss]) -> Result<Vec<Lot>, AmountError> {
        let mut moved: Vec<Lot> = Vec::new();
        for loss in losses {
            let lot = self.lots(account).find(|(lot, _)| lot.row == loss.lot).map(|(lot, _)| lot);
            let lot = lot.expect("a loss names a lot that is there");
            let same = |known: &&mut Lot| {
                (known.source, known.weight, known.sale) == (lot.source, lot.weight, lot.sale)
            };
            match moved.iter_mut().find(same) {
                Some(known) => known.remaining = known.remaining.plus(loss.points)?,
                None => moved.push(Lot { remaining: loss.points, ..lot.clone() }),
            }
        }
        Ok(moved)
    }
}

/// What a lot with a date loses when it comes.
fn dated_share(account: Option<&PointAccount>) -> LostShare {
    match account.map(|account| &account.expiration) {
        Some(ExpirationPolicy::Aged { loss, .. }) => loss.share,
        Some(ExpirationPolicy::Never | ExpirationPolicy::Inactive { .. }) | None => LostShare::WHOLE,
    }
}

/// When what remains of a lot is evaluated again.
fn next_date(policy: Option<&ExpirationPolicy>, moment: Timestamp, program: &Program) -> Option<Timestamp> {
    match policy {
        Some(ExpirationPolicy::Aged { schedule, .. }) => schedule.after(moment, &program.retailer().zone),
        Some(ExpirationPolicy::Never | ExpirationPolicy::Inactive { .. }) | None => None,
    }
}

/// The losses that fit into so much room, in order, and the others.
fn split(losses: Vec<LotLoss>, room: Option<Points>) -> Result<(Vec<LotLoss>, Vec<LotLoss>), AmountError> {
    let Some(mut room) = room else { return Ok((losses, Vec::new())) };
    let (mut fitting, mut others) = (Vec::new(), Vec::new());
    for loss in losses {
        let fits = loss.points.min(room);
        room = room.minus(fits)?;
        if fits.is_positive() {
            fitting.push(LotLoss { points: fits, ..loss });
        }
        let over = loss.points.minus(fits)?;
        if over.is_positive() {
            others.push(LotLoss { points: over, ..loss });
        }
    }
    Ok((fitting, others))
}
