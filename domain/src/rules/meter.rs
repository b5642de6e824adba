//! The limits of one tree or outcome during one evaluation (incentives.md 6.8).

use super::{LimitKey, LimitUsage, LimitUse};
use crate::{
    amount::{AmountError, Points},
    program::tree::{Cap, Limit, Outcome, RuleTree, WindowKind},
    time::Timestamp,
};

/// What the limits still allow, and what has been taken of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meter<'a> {
    tree: &'a RuleTree,
    /// The outcome whose limits these are; none: the tree's own.
    outcome: Option<&'a Outcome>,
    /// The strictest points limit; zero when a limit of times is used up.
    room: Option<Points>,
    taken: Points,
    /// Something was given, points or not.
    given: bool,
}

impl<'a> Meter<'a> {
    /// Reads the limits of a tree, or of one of its outcomes, at a business time.
    pub(super) fn new(
        tree: &'a RuleTree,
        outcome: Option<&'a Outcome>,
        time: Timestamp,
        usage: &LimitUsage,
    ) -> Result<Self, AmountError> {
        let mut meter = Self { tree, outcome, room: None, taken: Points::ZERO, given: false };
        for (place, limit) in meter.limits().iter().enumerate() {
            if let Some(left) = meter.left(place, limit, time, usage)? {
                meter.room = Some(meter.room.map_or(left, |known| known.min(left)));
            }
        }
        Ok(meter)
    }

    fn limits(&self) -> &'a [Limit] {
        self.outcome.map_or(&self.tree.limits, |outcome| &outcome.limits)
    }

    /// The tree whose limits these are, or those of an outcome of.
    pub(super) fn tree(&self) -> &'a RuleTree {
        self.tree
    }

    /// What may be given of so many points.
    pub(super) fn allowed(&self, points: Points) -> Points {
        self.room.map_or(points, |room| room.min(points))
    }

    /// The place of the limit that leaves the fewest points; none: none of them is of points, or used up.
    pub(super) fn strictest(
        &self,
        time: Timestamp,
        usage: &LimitUsage,
    ) -> Result<Option<usize>, AmountError> {
        let mut strictest: Option<(usize, Points)> = None;
        for (place, limit) in self.limits().iter().enumerate() {
            if let Some(left) = self.left(place, limit, time, usage)?
                && strictest.is_none_or(|(_, known)| left < known)
            {
                strictest = Some((place, left));
            }
        }
        Ok(strictest.map(|(place, _)| place))
    }

    /// Nothing may be given any more.
    pub(super) fn is_used_up(&self) -> bool {
        self.room.is_some_and(Points::is_zero)
    }

    /// Gives so many points. They count once, however many accounts they go to.
    pub(super) fn take(&mut self, points: Points) -> Result<(), AmountError> {
        self.taken = self.taken.plus(points)?;
        if let Some(room) = &mut self.room {
            *room = room.minus(points)?;
        }
        Ok(())
    }

    /// Gives something that is no points.
    pub(super) fn take_once(&mut self) {
        self.given = true;
    }

    /// What has been used of each limit; nothing when nothing was given.
    pub(super) fn uses(&self, time: Timestamp) -> impl Iterator<Item = LimitUse> {
        let limits = if self.given || self.taken.is_positive() { self.limits() } else { &[] };
        limits.iter().enumerate().map(move |(place, limit)| {
            let (at, until) = match limit.kind {
                WindowKind::Rolling => (time, self.tree.zone.later(time, limit.window)),
                WindowKind::Calendar => {
                    let start = self.tree.zone.window_start(time, limit.window);
                    (start, self.tree.zone.later(start, limit.window))
                }
            };
            LimitUse { key: self.key(place), at, until, times: 1, points: self.taken }
        })
    }

    /// What one limit leaves; none: as much as one likes.
    fn left(
        &self,
        place: usize,
        limit: &Limit,
        time: Timestamp,
        usage: &LimitUsage,
    ) -> Result<Option<Points>, AmountError> {
        let (mut times, mut points) = (0_i64, Points::ZERO);
        let mut uses = usage.of(self.key(place)).peekable();
        // Calendars are slow: most customers have used nothing.
        if uses.peek().is_some() {
            let counts = self.window(limit, time);
            for known in uses.filter(|known| counts(known.at)) {
                times = times.saturating_add(i64::from(known.times));
                points = points.plus(known.points)?;
            }
        }
        match limit.cap {
            Cap::Times(max) if times >= i64::from(max) => Ok(Some(Points::ZERO)),
            Cap::Times(_) => Ok(None),
            Cap::Points(max) => Ok(Some(max.minus(points)?.max(Points::ZERO))),
        }
    }

    /// Whether a use at some time counts now.
    fn window(&self, limit: &Limit, time: Timestamp) -> impl Fn(Timestamp) -> bool {
        let (zone, kind) = (&self.tree.zone, limit.kind);
        let start = match kind {
            WindowKind::Rolling => zone.earlier(time, limit.window),
            WindowKind::Calendar => Some(zone.window_start(time, limit.window)),
        };
        move |at| match kind {
            WindowKind::Rolling => start.is_none_or(|since| at > since) && at <= time,
            WindowKind::Calendar => start == Some(at),
        }
    }

    fn key(&self, place: usize) -> LimitKey {
        let place = u8::try_from(place).expect("the compiler allows at most 20 limits");
        LimitKey { tree: self.tree.id, outcome: self.outcome.map(|outcome| outcome.id), place }
    }
}
