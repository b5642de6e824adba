//! Runs that take place once in every calendar period, on a given day of it (incentives.md 2.6, 8.3 "overall").

use super::{Span, Timestamp, Unit, Zone};

impl Zone {
    /// The first moment not before `from` at which something runs that takes place once in every calendar period of
    /// `every`, at the start of the period's `day`: the weekday of a week (0 is Sunday), the day of a month, quarter or
    /// year (from 1; 0 is the first as well). A day that a period does not have is its last one. Shorter periods have
    /// no days: the run is at their start. `None` when the period has no end or no length.
    pub fn next_run(&self, every: Span, day: u16, from: Timestamp) -> Option<Timestamp> {
        if every.unit == Unit::Forever || every.value == 0 {
            return None;
        }
        let mut start = self.window_start(from, every);
        loop {
            let run = self.day_of(start, every.unit, day)?;
            if run >= from {
                return Some(run);
            }
            let next = self.later(start, every)?;
            if next <= start {
                return None;
            }
            start = next;
        }
    }

    /// The day of the unit of time that begins at `start`.
    fn day_of(&self, start: Timestamp, unit: Unit, day: u16) -> Option<Timestamp> {
        let days_in = match unit {
            Unit::Minute | Unit::Hour | Unit::Day | Unit::Forever => return Some(start),
            // Periods of weeks begin on Monday (ISO 8601), weekdays are counted from Sunday.
            Unit::Week => (day + 6) % 7,
            Unit::Month | Unit::Quarter | Unit::Year => day.saturating_sub(1),
        };
        let last = self.later(start, Span { value: 1, unit })?.plus_millis(-1);
        let wanted = self.later(start, Span { value: u32::from(days_in), unit: Unit::Day })?;
        let one_day = Span { value: 1, unit: Unit::Day };
        Some(if wanted <= last { wanted } else { self.window_start(last, one_day) })
    }
}
