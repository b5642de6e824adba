//! How many points may still be issued (incentives.md 4.5).

use super::{Draft, Movement};
use crate::{
    amount::{AmountError, Points},
    program::{PointAccount, PointSource, Program, SharedLimit},
    time::Timestamp,
};

/// How much may still be issued; none: no limit of that kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Room {
    /// Under the account's ceiling.
    pub ceiling: Option<Points>,
    /// Under the source's limits.
    pub source: Option<Points>,
    /// Of what was reserved under limits over all customers that had enough left.
    pub reserved: Option<Points>,
}

impl Room {
    /// What of `points` may be issued.
    pub fn allowed(&self, points: Points) -> Points {
        let allowed = self.ceiling.map_or(points, |left| left.min(points));
        let allowed = self.source.map_or(allowed, |left| left.min(allowed));
        self.reserved.map_or(allowed, |left| left.min(allowed))
    }

    /// The source's limit cuts deeper than the ceiling.
    pub fn source_is_stricter(&self) -> bool {
        self.source.is_some_and(|source| self.ceiling.is_none_or(|ceiling| source <= ceiling))
    }
}

impl Draft<'_> {
    /// How much of an award or a deposit may be issued (incentives.md 4.5), the stricter of ceiling and personal
    /// limits, and which of the two it was.
    pub fn room(
        &self,
        account: &PointAccount,
        source: &PointSource,
        occurred: Timestamp,
        program: &Program,
    ) -> Result<Room, AmountError> {
        let mut room = Room::default();
        if let Some(ceiling) = account.max_allowed_balance {
            room.ceiling = Some(self.room_under(ceiling, account)?);
        }
        for limit in &source.personal_limits {
            let since = program.retailer().zone.earlier(occurred, limit.window);
            let within = |at: Timestamp| since.is_none_or(|since| at > since) && at <= occurred;
            let stored =
                self.ledger.issued().iter().filter(|issued| issued.source == source.id && within(issued.at));
            let mut issued = Points::sum(stored.map(|issued| issued.points))?;
            for movement in &self.movements {
                if let Movement::Earned { source: from, points, occurred: at, .. } = movement
                    && *from == source.id
                    && within(*at)
                {
                    issued = issued.plus(*points)?;
                }
            }
            let left = limit.max_points.minus(issued)?.max(Points::ZERO);
            room.source = Some(room.source.map_or(left, |known| known.min(left)));
        }
        for limit in source.shared_limits.iter().filter(|limit| limit.counts_at(occurred)) {
            let granted = self.grants.iter().find(|known| known.allotment == limit.allotment);
            // Until it is known what there is, as much as one likes: that is what is reserved then.
            let Some(granted) = granted else { continue };
            let left = granted.amounts.points.minus(self.issued_from(source, limit)?)?.max(Points::ZERO);
            // What was got as it was asked for cuts nothing: something else has.
            let place = if granted.short { &mut room.source } else { &mut room.reserved };
            *place = Some(place.map_or(left, |known| known.min(left)));
        }
        Ok(room)
    }

    /// What the movements so far have issued under a restriction over all customers.
    fn issued_from(&self, source: &PointSource, limit: &SharedLimit) -> Result<Points, AmountError> {
        let issued = self.movements.iter().filter_map(|movement| match movement {
            Movement::Earned { source: from, points, occurred, .. }
                if *from == source.id && limit.counts_at(*occurred) =>
            {
                Some(*points)
            }
            _ => None,
        });
        Points::sum(issued)
    }

    /// What is missing to a ceiling.
    pub(super) fn room_under(&self, ceiling: Points, account: &PointAccount) -> Result<Points, AmountError> {
        Ok(ceiling.minus(self.available(account.id))?.max(Points::ZERO))
    }
}
