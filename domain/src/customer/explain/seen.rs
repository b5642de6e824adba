//! What was looked at: the trees of a trigger, and those of the levels that were entered, kept or left.

use super::{MissingProgram, Past, Programs, Recorded, asked};
use crate::{
    customer::{
        BenefitKind, Customer, Direction, Event, EventTriggered, Fetched, Need, SaleCredited, TierMoveCause,
        credit, happened, stop::Stop,
    },
    entity::{Context, Entity},
    id::{IdRun, TierLevelId},
    program::{Program, RuleTree},
    rules::{Award, Evaluation, Refused, Round},
    time::Timestamp,
};

/// Trees that were looked at together, and what they gave.
#[derive(Debug, Clone)]
pub struct LookedAt {
    /// The place of the event that came of it in the record.
    pub place: usize,
    /// For what.
    pub why: LookedFor,
    /// The program whose trees they are.
    pub program_version: u32,
    /// What the trees came to; in later rounds those of the events that the first ones published.
    pub rounds: Vec<Round>,
    /// What they gave together, before the ledger, and before what an earlier revision gave is taken off.
    pub awards: Vec<Award>,
    /// What they would have given and did not.
    pub refused: Vec<Refused>,
}

/// For what trees were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookedFor {
    /// A revision of a sale.
    Sale,
    /// An event.
    Event,
    /// Whether a level is entered, or still would be; what entering it gives.
    Entering(TierLevelId),
    /// Whether a level is kept; what keeping it gives.
    Staying(TierLevelId),
}

/// Looks at what a record was decided on.
pub(super) fn look(
    past: &Past,
    recorded: &Recorded<'_>,
    programs: &Programs,
    given: &Fetched,
) -> Result<Vec<LookedAt>, MissingProgram> {
    let program = programs.get(recorded.program_version)?;
    let fetched = past.fetched_for(asked::sale_of(recorded), programs);
    let fetched = Fetched { grants: given.grants.clone(), ..fetched };
    let mut looking = Looking {
        recorded,
        program,
        fetched,
        state: past.whole().clone(),
        before_acts: None,
        before_levels: None,
        moment: recorded.at,
        rules_at: None,
        seen: Vec::new(),
    };
    for (place, event) in recorded.events.iter().enumerate() {
        looking.look_at(place, event)?;
        looking.state.apply(event);
    }
    Ok(looking.seen)
}

struct Looking<'a> {
    recorded: &'a Recorded<'a>,
    program: &'a Program,
    fetched: Fetched,
    /// The customer before the event that is looked at.
    state: Customer,
    /// Before what rules did besides giving points: the trees were looked at before that.
    before_acts: Option<Customer>,
    /// Before the levels changed at a moment: the rules of levels see the customer as before the decision.
    before_levels: Option<(Timestamp, Customer)>,
    /// The time as of which what follows happens.
    moment: Timestamp,
    /// Business time of the trigger that levels are qualified for.
    rules_at: Option<Timestamp>,
    seen: Vec<LookedAt>,
}

impl Looking<'_> {
    fn look_at(&mut self, place: usize, event: &Event) -> Result<(), MissingProgram> {
        match event {
            Event::RulesActed(_) => self.before_acts = Some(self.state.clone()),
            Event::SaleCredited(credited) => {
                (self.moment, self.rules_at) = (self.recorded.at, Some(credited.business_time));
                self.sale(place, credited)?;
            }
            Event::EventTriggered(triggered) => {
                if triggered.depth == 0 {
                    self.moment = self.recorded.at;
                }
                self.rules_at = Some(triggered.answer.occurred);
                self.event(place, triggered)?;
            }
            Event::PointsExpired { through, .. } => self.passes(*through),
            Event::PointsPosted(posted) => self.passes(posted.at),
            Event::TiersEntered { at, .. }
            | Event::TierReviewsSet { at, .. }
            | Event::TierBenefitsGiven { at, .. } => {
                self.moment = *at;
                self.levels(place, event, *at);
                return Ok(());
            }
            Event::TierLeft(left) => {
                self.remember_levels(left.at);
                return Ok(());
            }
            // Still part of the decision about the trigger.
            Event::PointsCounted { .. } => {}
            Event::Created { .. }
            | Event::ProfileChanged { .. }
            | Event::LotsRecalled { .. }
            | Event::LotsRedated { .. }
            | Event::TierRequestKept(_)
            | Event::DueNoted { .. }
            | Event::TiersDated(_)
            | Event::MergedAway(_)
            | Event::MergedIn(_)
            | Event::JobStepped(_)
            | Event::Forgotten(_)
            | Event::CountersSet(_)
            | Event::StateReset { .. } => {}
        }
        self.before_levels = None;
        Ok(())
    }

    fn passes(&mut self, moment: Timestamp) {
        (self.moment, self.rules_at) = (moment, None);
    }

    fn sale(&mut self, place: usize, credited: &SaleCredited) -> Result<(), MissingProgram> {
        let before = self.before_acts.take();
        let Some(credit) = self.recorded.sale else { return Ok(()) };
        let before = before.as_ref().unwrap_or(&self.state);
        let context = self.context(self.recorded.at);
        let traced = found(credit::trace(before, credit, &context))?;
        self.see((place, LookedFor::Sale), credited.program_version, traced);
        Ok(())
    }

    fn event(&mut self, place: usize, triggered: &EventTriggered) -> Result<(), MissingProgram> {
        let before = self.before_acts.take();
        let before = before.as_ref().unwrap_or(&self.state);
        let context = self.context(self.moment);
        let traced = found(happened::trace(before, &asked::event_of(triggered), triggered.depth, &context))?;
        self.see((place, LookedFor::Event), triggered.program_version, traced);
        Ok(())
    }

    fn context(&self, now: Timestamp) -> Context<'_> {
        // Nobody keeps ids of what is only looked at.
        let ids = IdRun::starting_at(uuid::Uuid::nil());
        Context { now, ids, program: self.program, fetched: &self.fetched }
    }

    fn see(
        &mut self,
        (place, why): (usize, LookedFor),
        program_version: u32,
        traced: Option<(Vec<Round>, Evaluation)>,
    ) {
        if let Some((rounds, Evaluation { awards, refused, .. })) = traced {
            self.seen.push(LookedAt { place, why, program_version, rounds, awards, refused });
        }
    }

    fn remember_levels(&mut self, at: Timestamp) {
        if self.before_levels.as_ref().is_none_or(|(known, _)| *known != at) {
            self.before_levels = Some((at, self.state.clone()));
        }
    }

    fn levels(&mut self, place: usize, event: &Event, at: Timestamp) {
        self.remember_levels(at);
        let rules_at = self.rules_at.unwrap_or(at);
        let wanted = self.wanted(event);
        for why in wanted {
            let program = self.program;
            let trees: Vec<_> = match why {
                LookedFor::Entering(level) => program.entrances_in_force(level, rules_at).collect(),
                LookedFor::Staying(level) => program.stays_in_force(level, at).collect(),
                LookedFor::Sale | LookedFor::Event => continue,
            };
            let traced = self.traced_levels(&trees, at).map(|(round, evaluation)| (vec![round], evaluation));
            self.see((place, why), program.version(), traced);
        }
    }

    fn traced_levels(&self, trees: &[&RuleTree], at: Timestamp) -> Option<(Round, Evaluation)> {
        let states = [self.before_levels.as_ref().map(|(_, state)| state), Some(&self.state)];
        let mut looked =
            states.into_iter().flatten().map(|state| look_at_level(state, self.program, trees, at));
        let first = looked.next()?;
        let passes = |(round, _): &(Round, Evaluation)| round.trees.iter().any(|tree| tree.passed);
        // What an earlier benefit of the same decision gave may have led further.
        Some(if passes(&first) { first } else { looked.find(passes).unwrap_or(first) })
    }

    /// The trees that decided about what an event says of levels. Movements by hand and by rules have none.
    fn wanted(&self, event: &Event) -> Vec<LookedFor> {
        let held = |system| {
            let before = self.before_levels.as_ref().map_or(&self.state, |(_, state)| state);
            before.tiers().iter().find(|tier| tier.system == system).map(|tier| tier.level)
        };
        match event {
            Event::TiersEntered { moves, .. } => {
                let of = |step: &crate::customer::TierMove| match (step.cause, step.direction) {
                    (TierMoveCause::Enrolled | TierMoveCause::Qualifying, Direction::Up) => {
                        Some(LookedFor::Entering(step.to))
                    }
                    (TierMoveCause::Qualifying, Direction::Down) => step.from.map(LookedFor::Entering),
                    (TierMoveCause::Maintenance, _) => step.from.map(LookedFor::Staying),
                    (TierMoveCause::Enrolled, Direction::Down)
                    | (
                        TierMoveCause::Manual
                        | TierMoveCause::Rule
                        | TierMoveCause::Import
                        | TierMoveCause::Merged,
                        _,
                    ) => None,
                };
                moves.iter().filter_map(of).collect()
            }
            Event::TierReviewsSet { reviews, .. } => {
                let reviews = reviews.iter().filter(|review| review.is_review());
                reviews.filter_map(|review| held(review.system)).map(LookedFor::Staying).collect()
            }
            Event::TierBenefitsGiven { benefits, .. } => {
                let of = |benefit: &crate::customer::TierBenefit| match benefit.kind {
                    BenefitKind::Joining => LookedFor::Entering(benefit.level),
                    BenefitKind::Staying => LookedFor::Staying(benefit.level),
                };
                benefits.iter().map(of).collect()
            }
            _ => Vec::new(),
        }
    }
}

fn look_at_level(
    state: &Customer,
    program: &Program,
    trees: &[&RuleTree],
    at: Timestamp,
) -> (Round, Evaluation) {
    state.standing(program, at, |standing| {
        (program.trace_levels(trees, standing, at), program.level_outcomes(trees, standing, at))
    })
}

/// What was traced; nothing when it was refused.
fn found<T>(traced: Result<T, Stop>) -> Result<Option<T>, MissingProgram> {
    match traced {
        Ok(traced) => Ok(Some(traced)),
        Err(Stop::Need(Need::Program(version))) => Err(MissingProgram(version)),
        Err(_) => Ok(None),
    }
}
