//! The customer's state, and the customer as an entity.

use serde::{Deserialize, Serialize};

use super::{
    AuditRow, Command, CreditSale, Direction, Error, Event, EventTriggered, JobStepped, JoiningUse, Memory,
    Merge, MergeNote, MovedCredit, PointsPosted, Profile, Remembered, Reply, RuleState, SaleCredited,
    TierBenefit, TierDraft, TierMove, TierMoveCause, Tiers, Transfer, TransferReturned, UserTier, cascade,
    credit, due, forgetting, happened, job_step, posting, stop::Stop, tier, transfer,
};
use crate::{
    allotment::{Amounts, ReservationKey},
    entity::{Context, Decision, Entity, Verdict},
    id::{AllotmentId, CustomerId, IdRun, IdentifierId, SaleId, TierLevelId, TierSystemId},
    identifier::Identifier,
    ledger::{Draft, Ledger, Movement, TakenFor},
    program::{ActivityKind, Program},
    rules::LimitUsage,
    time::Timestamp,
};

/// A customer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    identity: Option<Identity>,
    pub(super) ledger: Ledger,
    pub(super) tiers: Tiers,
    pub(super) usage: LimitUsage,
    pub(super) memory: Memory,
    /// The moment noted in the index of due moments.
    pub(super) due: Option<Timestamp>,
    pub(super) rule_state: RuleState,
    /// The last job that changed something.
    pub(super) last_job: Option<JobStepped>,
    /// What came with merges and where it has gone, in order.
    pub(super) merges: Vec<MergeNote>,
}

/// Who a customer is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The customer.
    pub id: CustomerId,
    /// The personal part.
    pub profile: Profile,
    /// When the customer came into being.
    pub created_at: Timestamp,
    /// When the profile last changed. Every change moves it, so it also names the version of the profile.
    pub updated_at: Timestamp,
}

/// What a customer makes others do. Stored: grows at the end only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// The identifier belongs to this customer for good.
    Confirm {
        /// Which.
        identifier: Identifier,
        /// Whose.
        customer: CustomerId,
    },
    /// The identifier no longer belongs to this customer.
    Release {
        /// Which.
        identifier: Identifier,
        /// Whose it was.
        customer: CustomerId,
    },
    /// Points go to another customer.
    SendPoints(Box<Transfer>),
    /// Points could not be taken in: back to who sent them.
    ReturnPoints(Box<TransferReturned>),
    /// An identifier no longer belongs to this customer, who was erased.
    ReleaseClaim {
        /// Its claim.
        claim: IdentifierId,
        /// Whose it was.
        customer: CustomerId,
    },
    /// A sale keeps nothing of this customer, who was erased.
    ForgetIn {
        /// Which sale.
        sale: SaleId,
        /// Who.
        customer: CustomerId,
        /// The claims of the identifiers by which tills may have named the customer.
        named: Vec<IdentifierId>,
    },
    /// The ledger rows of this customer, who was erased, stay under another id.
    Bury {
        /// Which.
        tombstone: CustomerId,
        /// The rows, without names.
        rows: Vec<AuditRow>,
    },
    /// A decision has used so much of what was reserved for it.
    SettleAllotment {
        /// Of what.
        allotment: AllotmentId,
        /// Which reservation.
        key: ReservationKey,
        /// How much.
        used: Amounts,
    },
    /// What a decision had used is free again.
    GiveBackToAllotment {
        /// Of what.
        allotment: AllotmentId,
        /// The decision that gives it back.
        key: ReservationKey,
        /// How much.
        back: Amounts,
        /// The day on which it counted.
        day: Timestamp,
    },
    /// Everything goes to another customer.
    MergeInto(Box<Merge>),
    /// It could not be taken in: back to who gave it.
    ReturnMerge(Box<Merge>),
    /// A revision of a sale for another customer, to whom went what the sale had given.
    CreditMoved {
        /// Whom.
        to: CustomerId,
        /// What.
        moved: Box<MovedCredit>,
    },
    /// The other customer knows nothing of it.
    ReturnMovedCredit(Box<MovedCredit>),
    /// Everything that was decided before has been told.
    TellAllotment {
        /// Whom.
        allotment: AllotmentId,
        /// About which reservation.
        key: ReservationKey,
        /// As asked.
        round: u32,
    },
}

impl Profile {
    /// Everything that names the customer and must be unique.
    pub fn unique_identifiers(&self) -> Vec<Identifier> {
        let email = self.email.as_deref().map(Identifier::email);
        let external = self.identifiers.iter().map(|known| Identifier::external(&known.value));
        let mut all: Vec<_> = email.into_iter().chain(external).collect();
        all.sort();
        all.dedup();
        all
    }
}

impl Customer {
    /// Nobody yet, who leaves no lot out: to be folded from the whole history.
    pub(super) fn keeping_all() -> Self {
        Self { ledger: Ledger::keeping_all(), ..Self::default() }
    }

    /// Who it is; none: there is no such customer.
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// The points.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The levels held.
    pub fn tiers(&self) -> &[UserTier] {
        self.tiers.held()
    }

    /// The levels held after events that were decided on this state; none: they are the same.
    pub fn tiers_after(&self, events: &[Event]) -> Option<Vec<UserTier>> {
        let moves = |event: &&Event| {
            matches!(
                event,
                Event::TiersEntered { .. }
                    | Event::TierReviewsSet { .. }
                    | Event::TierLeft(_)
                    | Event::TiersDated(_)
            )
        };
        events.iter().find(moves)?;
        let mut after = Self { tiers: self.tiers.clone(), ..Self::default() };
        events.iter().filter(moves).for_each(|event| after.apply(event));
        Some(after.tiers.held().to_vec())
    }

    /// What is used of the limits of trees and outcomes.
    pub fn usage(&self) -> &LimitUsage {
        &self.usage
    }

    /// What is used of the caps on joining levels; uses that no longer count may be among them.
    pub fn joining_usage(&self) -> &[JoiningUse] {
        self.tiers.joining()
    }

    /// What the rules remember besides.
    pub fn rule_state(&self) -> &RuleState {
        &self.rule_state
    }

    pub(super) fn held_levels(&self) -> Vec<(TierSystemId, TierLevelId)> {
        self.tiers.held().iter().map(|tier| (tier.system, tier.level)).collect()
    }

    pub(super) fn known(&self) -> Result<&Identity, Error> {
        self.identity.as_ref().ok_or(Error::NotFound)
    }

    fn create(
        &self,
        id: CustomerId,
        profile: &Profile,
        claimed_until: Timestamp,
        context: &Context<'_>,
    ) -> Result<Decision<Self>, Stop> {
        if self.identity.is_some() {
            return Err(Error::Exists.into());
        }
        if context.now > claimed_until {
            return Err(Error::ClaimsExpired.into());
        }
        let mut events = vec![Event::Created { id, profile: Box::new(profile.clone()), at: context.now }];
        let mut draft = Draft::new(&self.ledger, context.ids, 0);
        let mut tiers = TierDraft::new(self, context.program, context.now);
        tiers.enrol(&mut draft)?;
        tiers.write(context.now, &mut events);
        let confirm = |identifier| Effect::Confirm { identifier, customer: id };
        let effects = profile.unique_identifiers().into_iter().map(confirm).collect();
        Ok(Decision { events, reply: Reply::Done, effects })
    }

    fn update(
        &self,
        profile: &Profile,
        based_on: Timestamp,
        claimed_until: Timestamp,
        context: &Context<'_>,
    ) -> Result<Decision<Self>, Error> {
        let identity = self.known()?;
        if context.now > claimed_until {
            return Err(Error::ClaimsExpired);
        }
        if identity.updated_at != based_on {
            return Err(Error::Conflict);
        }
        if identity.profile == *profile {
            return Ok(Decision::answer(Reply::Done));
        }
        let (before, after) = (identity.profile.unique_identifiers(), profile.unique_identifiers());
        let gone = before.iter().filter(|known| !after.contains(known));
        let release = gone.map(|known| Effect::Release { identifier: known.clone(), customer: identity.id });
        let added = after.iter().filter(|known| !before.contains(known));
        let confirm = added.map(|known| Effect::Confirm { identifier: known.clone(), customer: identity.id });
        let effects = release.chain(confirm).collect();
        // Two changes within a millisecond must not share a version.
        let at = context.now.max(identity.updated_at.plus_millis(1));
        Ok(Decision {
            events: vec![Event::ProfileChanged { profile: Box::new(profile.clone()), at }],
            reply: Reply::Done,
            effects,
        })
    }

    /// The ledger a decision is made on: the state's, or the one of the whole history when that has been fetched.
    pub(super) fn ledger_for<'a>(&'a self, context: &Context<'a>) -> &'a Ledger {
        context.fetched.history.as_ref().map_or(&self.ledger, |history| history.ledger())
    }

    /// The next moment at which something runs out or rolls over that has not been written down; it may have passed.
    /// Then [`Command::Settle`] changes the state.
    pub fn next_point_due(&self, program: &Program) -> Option<Timestamp> {
        let no_ids = IdRun::starting_at(uuid::Uuid::nil());
        Draft::new(&self.ledger, no_ids, 0).next_due(None, program)
    }

    /// Decides on a state in which nothing is due.
    pub(super) fn decide_settled(
        &self,
        command: &Command,
        context: &Context<'_>,
    ) -> Result<Decision<Self>, Stop> {
        let decided = match command {
            Command::Create { id, profile, claimed_until } => {
                self.create(*id, profile, *claimed_until, context)?.into()
            }
            Command::Update { profile, based_on, claimed_until } => {
                self.update(profile, *based_on, *claimed_until, context)?.into()
            }
            Command::CreditSale(credit) => match &self.identity {
                Some(_) => credit::decide(self, credit, context)?,
                None => return Ok(forgotten_meanwhile(credit)),
            },
            Command::Forget(forget) => return forgetting::decide(self.known()?, forget, context),
            Command::Post(posting) => {
                if self.identity.is_none()
                    && let Some(decision) = transfer::for_nobody(posting)
                {
                    return Ok(decision);
                }
                self.known()?;
                posting::decide(self, posting, context)?.into()
            }
            Command::Trigger(event) => {
                self.known()?;
                happened::decide(self, event, context)?
            }
            Command::Tiers(command) => {
                self.known()?;
                tier::decide(self, command, context)?.into()
            }
            // What was decided before has told its allotments by its own effects, and stands in front of this.
            Command::Tell { allotment, key, round } => {
                let effect = Effect::TellAllotment { allotment: *allotment, key: *key, round: *round };
                Decision { events: Vec::new(), reply: Reply::Done, effects: vec![effect] }.into()
            }
            Command::Settle => {
                self.known()?;
                Decision::answer(Reply::Settled).into()
            }
            Command::State(command) => command.decide(self, context)?.into(),
            Command::Merge(command) => command.decide(self, context)?,
            Command::Job(step) => return job_step::decide(self, step, context),
        };
        cascade::follow_decision(self, decided, context)
    }

    fn apply_posted(&mut self, posted: &PointsPosted) {
        self.ledger.settle(posted.at);
        for movement in &posted.movements {
            self.ledger.apply(movement, None);
            if posted.published || matches!(movement, Movement::Expired { .. }) {
                self.record_activity(movement);
            }
        }
        for ((key, body), detail) in posted.keys.iter().zip(&posted.details) {
            self.memory.record_key(*key, Remembered { body: *body, detail: detail.clone(), at: posted.at });
        }
    }

    fn record_activity(&mut self, movement: &Movement) {
        match movement {
            Movement::Earned { occurred, .. } => {
                self.ledger.record_activity(ActivityKind::EarnPoints, *occurred);
            }
            Movement::Taken { occurred, reason: TakenFor::Spend, .. }
            | Movement::Overdrawn { occurred, reason: TakenFor::Spend, .. } => {
                self.ledger.record_activity(ActivityKind::SpendPoints, *occurred);
            }
            Movement::Expired { occurred, into: None, .. } => {
                self.ledger.record_activity(ActivityKind::ExpirePoints, *occurred);
            }
            Movement::Taken { .. }
            | Movement::Overdrawn { .. }
            | Movement::Expired { .. }
            | Movement::Received { .. }
            | Movement::Restored { .. } => {}
        }
    }

    fn apply_credited(&mut self, credited: &SaleCredited) {
        self.ledger.settle(credited.at);
        self.ledger.record_activity(ActivityKind::CompleteTransaction, credited.business_time);
        for entry in &credited.entries {
            self.ledger.apply(&entry.movement, Some(credited.sale));
            self.record_activity(&entry.movement);
        }
        for used in &credited.uses {
            self.usage.record(used).expect("the decision has summed the uses");
        }
        self.usage.forget_before(credited.uses_matter_from);
        self.rule_state.count(&credited.counted, credited.at, credited.uses_matter_from);
        self.memory.record_evaluation(credited);
    }
}

/// The member a sale names was erased before the sale arrived: the sale forgets it too.
fn forgotten_meanwhile(credit: &CreditSale) -> Decision<Customer> {
    let (sale, customer) = (credit.sale, credit.customer);
    let effects = vec![Effect::ForgetIn { sale, customer, named: Vec::new() }];
    Decision { events: Vec::new(), reply: Reply::Credited, effects }
}

impl Customer {
    /// Folds a movement in that belongs to no sale and counts as activity.
    fn apply_movement(&mut self, movement: &Movement) {
        self.ledger.apply(movement, None);
        self.record_activity(movement);
    }

    fn apply_tiers_entered(&mut self, moves: &[TierMove], at: Timestamp) {
        self.tiers.enter(moves, at);
        let happened = |step: &&TierMove| match step.cause {
            TierMoveCause::Enrolled | TierMoveCause::Merged => false,
            TierMoveCause::Qualifying
            | TierMoveCause::Maintenance
            | TierMoveCause::Manual
            | TierMoveCause::Rule
            | TierMoveCause::Import => true,
        };
        for step in moves.iter().filter(happened) {
            let kind = match step.direction {
                Direction::Up => ActivityKind::TierPromoted,
                Direction::Down => ActivityKind::TierDemoted,
            };
            self.ledger.record_activity(kind, at);
        }
    }

    fn apply_benefit(&mut self, benefit: &TierBenefit, at: Timestamp) {
        benefit.acted.iter().for_each(|(_, movement)| self.apply_movement(movement));
        benefit.entries.iter().for_each(|entry| self.apply_movement(&entry.movement));
        benefit.used.iter().for_each(|used| self.tiers.record_joining(used));
        for used in &benefit.uses {
            self.usage.record(used).expect("the decision has summed the uses");
        }
        self.rule_state.tag(&benefit.tags_added, &benefit.tags_removed, at);
    }

    fn apply_triggered(&mut self, triggered: &EventTriggered) {
        if triggered.depth == 0 {
            let kind = ActivityKind::Reported(triggered.answer.lookup.clone());
            self.ledger.record_activity(kind, triggered.answer.occurred);
        }
        triggered.entries.iter().for_each(|entry| self.apply_movement(&entry.movement));
        for used in &triggered.uses {
            self.usage.record(used).expect("the evaluation has summed the uses");
        }
        self.usage.forget_before(triggered.matters_from);
        self.rule_state.event(triggered);
    }
}

impl Entity for Customer {
    type Command = Command;
    type Reply = Reply;
    type Event = Event;
    type Effect = Effect;
    type Error = Error;

    fn decide(&self, command: &Command, context: &Context<'_>) -> Result<Verdict<Self>, Error> {
        match due::decide(self, command, context) {
            Ok(decision) => Ok(Verdict::Decided(decision)),
            Err(Stop::Need(need)) => Ok(Verdict::Need(need)),
            Err(Stop::Refuse(error)) => Err(error),
        }
    }

    fn apply(&mut self, event: &Event) {
        if event.moves_user_state() {
            self.rule_state.version += 1;
        }
        match event {
            Event::Created { id, profile, at } => {
                self.identity = Some(Identity {
                    id: *id,
                    profile: (**profile).clone(),
                    created_at: *at,
                    updated_at: *at,
                });
                self.ledger.begin(*at);
            }
            Event::ProfileChanged { profile, at } => {
                let identity = self.identity.as_mut().expect("only a known customer's profile changes");
                identity.profile = (**profile).clone();
                identity.updated_at = *at;
            }
            Event::TiersEntered { moves, at } => self.apply_tiers_entered(moves, *at),
            Event::PointsExpired { movements, through, .. } => {
                self.ledger.settle(*through);
                movements.iter().for_each(|movement| self.apply_movement(movement));
            }
            Event::PointsPosted(posted) => self.apply_posted(posted),
            Event::SaleCredited(credited) => self.apply_credited(credited),
            Event::LotsRedated { account, lots } => self.ledger.redate(*account, lots),
            Event::LotsRecalled { account, lots } => self.ledger.recall(*account, lots),
            Event::TierReviewsSet { reviews, at } => self.tiers.set_reviews(reviews, *at),
            Event::TierBenefitsGiven { benefits, at, .. } => {
                benefits.iter().for_each(|benefit| self.apply_benefit(benefit, *at));
            }
            Event::TierLeft(left) => self.tiers.leave(left),
            Event::TierRequestKept(kept) => self.tiers.record_request((**kept).clone()),
            Event::DueNoted { due } => self.due = *due,
            Event::JobStepped(stepped) => self.last_job = Some(*stepped),
            Event::CountersSet(set) => self.rule_state.set(set),
            Event::StateReset { reset, .. } => self.apply_reset(reset),
            Event::RulesActed(acted) => {
                acted.movements.iter().for_each(|(_, movement)| self.apply_movement(movement));
                self.rule_state.tag(&acted.tags_added, &acted.tags_removed, acted.at);
            }
            Event::EventTriggered(triggered) => self.apply_triggered(triggered),
            Event::PointsCounted { counted, matters_from, at } => {
                self.rule_state.count(counted, *at, *matters_from);
            }
            Event::MergedAway(merged) => self.apply_merged_away(merged),
            Event::MergedIn(merged) => self.apply_merged_in(merged),
            Event::TiersDated(dated) => self.tiers.set_dates(dated),
            Event::Forgotten(_) => *self = Self::default(),
        }
    }
}
