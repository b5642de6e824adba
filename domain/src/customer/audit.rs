//! The point audit log: every row a customer's ledger ever had, with what has become of each lot (incentives.md 2.4,
//! 7.3).
//!
//! A fold of the customer's whole history: the state keeps only lots of which something remains.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{
    About, BenefitKind, Cause, Entry, Event, EventTriggered, PointsPosted, ReversalTarget, RulesActed,
    SaleCredited, TierBenefit,
};
use crate::{
    amount::Points,
    id::{LedgerRowId, PointAccountId, PointSourceId, RuleTreeId, SaleId, UserPointAccountId},
    ledger::{Draw, Ledger, Lot, LotLoss, Movement, ReceivedBy, TakenFor},
    time::Timestamp,
};

/// What kind of row it is (`audit_type`, incentives.md 3.6). Stored: grows at the end only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuditKind {
    /// Points were issued.
    Issuance,
    /// Points were spent.
    Redemption,
    /// Points ran out.
    Expiration,
    /// Points came from, or went to, another account or customer.
    Transfer,
    /// The account went below zero.
    Overdraft,
    /// What was given was taken back, or what was taken was given back.
    Return,
    /// Points came from an account in which their time was over.
    Rollover,
    /// Points were brought along from another system.
    Migration,
}

impl AuditKind {
    /// The wire number.
    pub const fn number(self) -> u8 {
        match self {
            Self::Issuance => 1,
            Self::Redemption => 2,
            Self::Expiration => 4,
            Self::Transfer => 8,
            Self::Overdraft => 16,
            Self::Return => 32,
            Self::Rollover => 64,
            Self::Migration => 128,
        }
    }
}

/// One row of the audit log. Stored as what stays of an erased customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// The row.
    pub id: LedgerRowId,
    /// Its account.
    pub account: PointAccountId,
    /// The customer's use of the account.
    pub user_account: UserPointAccountId,
    /// What kind of row it is.
    pub kind: AuditKind,
    /// Signed change of the balance.
    pub change: Points,
    /// How much of this lot has been spent since.
    pub amount_spent: Points,
    /// How much of this lot has run out.
    pub amount_expired: Points,
    /// Where the points came from; none on rows that take.
    pub source: Option<PointSourceId>,
    /// Business time.
    pub occurred: Timestamp,
    /// When it was written.
    pub created: Timestamp,
    /// When what remains of this lot runs out.
    pub expires: Option<Timestamp>,
    /// Consumption priority.
    pub weight: i32,
    /// The sale that earned the points; a return of it takes from this lot first.
    pub sale: Option<SaleId>,
    /// What it took out of which lots, or gave back to them; empty on rows that are lots.
    pub lots: Vec<Draw>,
    /// What caused it.
    pub caused_by: CausedBy,
}

/// What caused a row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CausedBy {
    /// The caller's `reference_type`, or a platform word (incentives.md 3.7).
    pub modification_type: Box<str>,
    /// The caller's `reference_id`, or the id of the causing entity.
    pub modification_entity_id: Box<str>,
    /// The request or engine run.
    pub request_id: Box<str>,
    /// The key under which a repeat is recognised.
    pub idempotency_id: Box<str>,
    /// The purchase.
    pub transaction_id: Box<str>,
    /// The rule tree, when a rule caused it.
    pub tree: Option<RuleTreeId>,
}

/// All rows in the order in which they were written.
#[derive(Debug, Clone, Default)]
pub struct AuditLog {
    rows: Vec<AuditRow>,
    places: HashMap<LedgerRowId, usize>,
    user_accounts: HashMap<PointAccountId, UserPointAccountId>,
    /// How much of a row has been undone.
    reversed: HashMap<LedgerRowId, Points>,
    /// What of a lot has repaid overdraft and has not been given back to it.
    repaid: HashMap<LedgerRowId, Points>,
    /// Rows that undo or correct others, with the one they correct.
    corrections: HashMap<LedgerRowId, Option<LedgerRowId>>,
}

impl AuditLog {
    /// An empty log that knows the accounts a ledger already uses: for the rows of a single event.
    pub(super) fn continuing(ledger: &Ledger) -> Self {
        let accounts = ledger.accounts().iter().map(|known| (known.account, known.user_account));
        Self { user_accounts: accounts.collect(), ..Self::default() }
    }

    /// The rows.
    pub fn rows(&self) -> &[AuditRow] {
        &self.rows
    }

    /// The rows, taken out.
    pub fn into_rows(self) -> Vec<AuditRow> {
        self.rows
    }

    /// Folds the next event of the customer's history into the log.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Created { .. }
            | Event::ProfileChanged { .. }
            | Event::TiersEntered { .. }
            | Event::LotsRecalled { .. }
            | Event::PointsCounted { .. }
            | Event::TierReviewsSet { .. }
            | Event::TierLeft(_)
            | Event::TierRequestKept(_)
            | Event::Forgotten(_)
            | Event::DueNoted { .. }
            | Event::TiersDated(_)
            | Event::JobStepped(_)
            | Event::CountersSet(_)
            | Event::StateReset { .. } => {}
            Event::TierBenefitsGiven { benefits, written, .. } => {
                benefits.iter().for_each(|benefit| self.apply_benefit(benefit, *written));
            }
            Event::RulesActed(acted) => self.apply_acted(acted),
            Event::EventTriggered(triggered) => self.apply_triggered(triggered),
            Event::LotsRedated { lots, .. } => {
                for redated in lots {
                    self.change_lot(redated.row, |lot| lot.expires = redated.expires);
                }
            }
            Event::PointsExpired { movements, at, .. } => {
                for movement in movements {
                    let modification_type = platform_word(movement).into();
                    self.write(movement, *at, None, CausedBy { modification_type, ..CausedBy::default() });
                }
            }
            Event::PointsPosted(posted) => self.apply_posted(posted),
            Event::SaleCredited(credited) => self.apply_credited(credited),
            Event::MergedAway(merged) => self.apply_merge(merged.merge, &merged.movements, merged.at),
            Event::MergedIn(merged) => {
                self.apply_merge(merged.merge.id, &merged.movements, merged.at);
                for account in &merged.merge.points {
                    let first = UserPointAccountId(account.first_row.0);
                    self.user_accounts.entry(account.account).or_insert(first);
                }
            }
        }
    }

    fn apply_posted(&mut self, posted: &PointsPosted) {
        self.apply_about(posted);
        let mut movements = posted.movements.iter();
        for (detail, rows) in posted.details.iter().zip(&posted.rows) {
            for movement in movements.by_ref().take(usize::from(*rows)) {
                let named = !detail.reference_type.is_empty();
                let word = if named { &*detail.reference_type } else { platform_word(movement) };
                let caused_by = CausedBy {
                    modification_type: word.into(),
                    modification_entity_id: detail.reference_id.clone(),
                    request_id: detail.tracking_id.to_string().into(),
                    idempotency_id: detail.idempotency_id.clone(),
                    transaction_id: detail.transaction_id.clone(),
                    tree: None,
                };
                self.write(movement, posted.at, None, caused_by);
            }
        }
    }

    /// The rows of a merge, which cannot be undone one by one.
    fn apply_merge(&mut self, merge: uuid::Uuid, movements: &[Movement], at: Timestamp) {
        let id: Box<str> = merge.to_string().into();
        for movement in movements {
            let caused_by = CausedBy {
                modification_type: "Transfer".into(),
                modification_entity_id: id.clone(),
                request_id: id.clone(),
                ..CausedBy::default()
            };
            self.write(movement, at, None, caused_by);
            if !matches!(movement, Movement::Received { .. }) {
                self.corrections.insert(movement.row(), None);
            }
        }
    }

    fn apply_about(&mut self, posted: &PointsPosted) {
        let corrects = match &posted.about {
            About::Nothing | About::Received { .. } => return,
            About::Correction(row) => Some(*row),
            About::Reversal(rows) => {
                for undone in rows {
                    let reversed = self.reversed.entry(undone.row).or_default();
                    *reversed = sum(*reversed, undone.points);
                    for back in &undone.repaid {
                        let repaid = self.repaid.entry(back.lot).or_default();
                        *repaid = repaid.minus(back.points).expect("no more is given back than was repaid");
                    }
                }
                None
            }
        };
        self.corrections.extend(posted.movements.iter().map(|movement| (movement.row(), corrects)));
    }

    fn apply_credited(&mut self, credited: &SaleCredited) {
        for Entry { movement, cause, .. } in &credited.entries {
            let modification_type = match movement {
                Movement::Earned { .. } => "RuleTree",
                Movement::Taken { .. }
                | Movement::Overdrawn { .. }
                | Movement::Expired { .. }
                | Movement::Received { .. }
                | Movement::Restored { .. } => "Return",
            };
            let (sale, revision) = (credited.sale, credited.revision);
            let caused_by = CausedBy {
                modification_type: modification_type.into(),
                modification_entity_id: cause.tree.to_string().into(),
                request_id: sale.to_string().into(),
                idempotency_id: format!("{sale}:{revision}:{}:{}", cause.tree, cause.outcome).into(),
                transaction_id: credited.transaction_id.clone(),
                tree: Some(cause.tree),
            };
            self.write(movement, credited.at, Some(sale), caused_by);
        }
    }

    fn apply_benefit(&mut self, benefit: &TierBenefit, written: Timestamp) {
        let level = benefit.level;
        let acted = benefit.acted.iter().map(|(cause, movement)| (movement, cause));
        let entries = benefit.entries.iter().map(|Entry { movement, cause, .. }| (movement, cause));
        for (movement, cause) in acted.chain(entries) {
            // The platform has no word of its own for what staying gives (incentives.md 3.7).
            let (modification_type, entity) = match benefit.kind {
                BenefitKind::Joining => ("TierJoin", level.to_string()),
                BenefitKind::Staying => ("RuleTree", cause.tree.to_string()),
            };
            let at = movement.occurred().millis();
            let caused_by = CausedBy {
                modification_type: modification_type.into(),
                modification_entity_id: entity.into(),
                request_id: level.to_string().into(),
                idempotency_id: format!("{level}:{at}:{}:{}", cause.tree, cause.outcome).into(),
                tree: Some(cause.tree),
                ..CausedBy::default()
            };
            self.write(movement, written, None, caused_by);
        }
    }

    fn apply_triggered(&mut self, triggered: &EventTriggered) {
        let event = triggered.answer.id;
        for Entry { movement, cause, .. } in &triggered.entries {
            let caused_by = CausedBy {
                modification_type: "RuleTree".into(),
                modification_entity_id: cause.tree.to_string().into(),
                request_id: event.to_string().into(),
                idempotency_id: format!("{event}:{}:{}", cause.tree, cause.outcome).into(),
                transaction_id: triggered.transaction_id.clone(),
                tree: Some(cause.tree),
            };
            self.write(movement, triggered.at, None, caused_by);
        }
    }

    fn apply_acted(&mut self, acted: &RulesActed) {
        for (cause, movement) in &acted.movements {
            let Cause { tree, outcome } = cause;
            let caused_by = CausedBy {
                modification_type: "RuleTree".into(),
                modification_entity_id: tree.to_string().into(),
                request_id: acted.trigger.to_string().into(),
                idempotency_id: format!("{}:{tree}:{outcome}", acted.trigger).into(),
                transaction_id: acted.transaction_id.clone(),
                tree: Some(*tree),
            };
            self.write(movement, acted.at, None, caused_by);
        }
    }

    /// Writes a row; `sale` is the one that caused the movement.
    fn write(&mut self, movement: &Movement, created: Timestamp, sale: Option<SaleId>, caused_by: CausedBy) {
        let (account, row) = (movement.account(), movement.row());
        let user_account = *self.user_accounts.entry(account).or_insert(UserPointAccountId(row.0));
        let mut written = AuditRow {
            id: row,
            account,
            user_account,
            kind: kind_of(movement),
            change: movement.change(),
            amount_spent: Points::ZERO,
            amount_expired: Points::ZERO,
            source: None,
            occurred: movement.occurred(),
            created,
            expires: None,
            weight: 0,
            sale: None,
            lots: Vec::new(),
            caused_by,
        };
        match movement {
            Movement::Earned { source, expires, weight, repaid, .. } => {
                written.describe_lot(*source, *expires, *weight, *repaid, sale);
                self.places.insert(row, self.rows.len());
            }
            Movement::Received { source, expires, weight, repaid, sale, .. } => {
                written.describe_lot(*source, *expires, *weight, *repaid, *sale);
                self.places.insert(row, self.rows.len());
            }
            Movement::Taken { draws, .. } => {
                for draw in draws {
                    self.change_lot(draw.lot, |lot| lot.amount_spent = sum(lot.amount_spent, draw.points));
                }
                written.lots.clone_from(draws);
            }
            Movement::Expired { losses, .. } => {
                self.lose(losses);
                written.lots =
                    losses.iter().map(|loss| Draw { lot: loss.lot, points: loss.points }).collect();
            }
            Movement::Restored { points, lots, .. } => {
                self.give_back(lots);
                // What it gives is in those lots: as a lot of its own it is empty.
                written.amount_spent = *points;
                written.lots = lots.iter().map(|lot| Draw { lot: lot.row, points: lot.remaining }).collect();
            }
            Movement::Overdrawn { .. } => {}
        }
        if written.is_lot() && written.amount_spent.is_positive() {
            self.repaid.insert(row, written.amount_spent);
        }
        self.rows.push(written);
    }

    fn lose(&mut self, losses: &[LotLoss]) {
        for loss in losses {
            self.change_lot(loss.lot, |lot| {
                lot.amount_expired = sum(lot.amount_expired, loss.points);
                // A lot that is gone keeps the date on which it went.
                if lot.remaining().is_positive() {
                    lot.expires = loss.next;
                }
            });
        }
    }

    fn give_back(&mut self, lots: &[Lot]) {
        for restored in lots {
            self.change_lot(restored.row, |lot| {
                let spent = lot.amount_spent.minus(restored.remaining);
                lot.amount_spent = spent.expect("no more is given back than was spent");
                lot.expires = restored.expires;
            });
        }
    }

    /// The row of that id.
    pub fn row(&self, id: LedgerRowId) -> Option<&AuditRow> {
        self.rows.iter().find(|row| row.id == id)
    }

    /// The deposits or spends that are meant, newest first, with what of each has not been undone.
    pub(super) fn reversible(&self, target: &ReversalTarget) -> Vec<(&AuditRow, Points)> {
        let meant = |row: &&AuditRow| match target {
            ReversalTarget::Tracking(id) => row.caused_by.request_id.eq_ignore_ascii_case(id),
            ReversalTarget::Idempotency(id) => row.caused_by.idempotency_id == *id,
            ReversalTarget::Row(id) => row.id == *id,
            ReversalTarget::Transaction(id) => row.caused_by.transaction_id == *id,
        };
        let left = |row: &AuditRow| {
            let points = if row.change.is_negative() { row.change.negated() } else { Ok(row.change) };
            let undone = self.reversed.get(&row.id).copied().unwrap_or(Points::ZERO);
            points.and_then(|points| points.minus(undone)).expect("no more is undone than was done")
        };
        let rows = self.rows.iter().rev().filter(|row| self.is_posting(row)).filter(meant);
        let rows: Vec<_> = rows.map(|row| (row, left(row))).collect();
        match target {
            ReversalTarget::Transaction(_) => {
                let (deposits, spends): (Vec<_>, Vec<_>) =
                    rows.into_iter().partition(|(row, _)| row.is_lot());
                let spends_left = spends.iter().any(|(_, left)| left.is_positive());
                if spends_left || deposits.is_empty() { spends } else { deposits }
            }
            ReversalTarget::Tracking(_) | ReversalTarget::Idempotency(_) | ReversalTarget::Row(_) => rows,
        }
    }

    /// A deposit or a spend on request, not by a rule and not one that undoes or corrects another.
    fn is_posting(&self, row: &AuditRow) -> bool {
        let kind = match row.kind {
            AuditKind::Issuance
            | AuditKind::Redemption
            | AuditKind::Return
            | AuditKind::Overdraft
            | AuditKind::Migration => true,
            AuditKind::Expiration | AuditKind::Transfer | AuditKind::Rollover => false,
        };
        kind && row.caused_by.tree.is_none() && !self.corrections.contains_key(&row.id)
    }

    /// Lots that repaid overdraft of an account, newest first, with what has not been given back to them.
    pub(super) fn repayments(&self, account: PointAccountId) -> Vec<(&AuditRow, Points)> {
        let rows = self.rows.iter().rev().filter(|row| row.account == account);
        rows.filter_map(|row| Some((row, *self.repaid.get(&row.id)?)))
            .filter(|(_, repaid)| repaid.is_positive())
            .collect()
    }

    /// The lot that is meant by a correction, with the rows that corrected it before.
    pub(super) fn corrected(&self, id: LedgerRowId) -> Option<(&AuditRow, Vec<&AuditRow>)> {
        let original = self.row(id).filter(|row| row.is_lot() && !self.corrections.contains_key(&id))?;
        let rows = self.rows.iter().filter(|row| self.corrections.get(&row.id) == Some(&Some(id)));
        Some((original, rows.collect()))
    }

    fn change_lot(&mut self, lot: LedgerRowId, change: impl FnOnce(&mut AuditRow)) {
        if let Some(place) = self.places.get(&lot) {
            change(&mut self.rows[*place]);
        }
    }
}

impl AuditRow {
    /// It is a lot: points were issued or received with it.
    pub fn is_lot(&self) -> bool {
        self.source.is_some()
    }

    /// What is left of the lot.
    pub fn remaining(&self) -> Points {
        let left = self.change.minus(self.amount_spent).and_then(|left| left.minus(self.amount_expired));
        left.expect("no more leaves a lot than was in it")
    }

    fn describe_lot(
        &mut self,
        source: PointSourceId,
        expires: Option<Timestamp>,
        weight: i32,
        repaid: Points,
        sale: Option<SaleId>,
    ) {
        self.source = Some(source);
        self.expires = expires;
        self.weight = weight;
        self.amount_spent = repaid;
        self.sale = sale;
    }
}

fn sum(before: Points, more: Points) -> Points {
    before.plus(more).expect("no more leaves a lot than was in it")
}

/// The word for a movement that nobody has named (incentives.md 3.7).
fn platform_word(movement: &Movement) -> &'static str {
    match movement {
        Movement::Earned { .. } | Movement::Taken { reason: TakenFor::Spend | TakenFor::Correction, .. } => {
            ""
        }
        Movement::Taken { reason: TakenFor::Return, .. } | Movement::Restored { .. } => "Return",
        Movement::Taken { reason: TakenFor::Transfer, .. }
        | Movement::Received { by: ReceivedBy::Transfer, .. } => "Transfer",
        Movement::Received { by: ReceivedBy::Migration, .. } => "Migration",
        Movement::Overdrawn { .. } => "Overdraft",
        Movement::Expired { into: None, .. } => "Expiration",
        Movement::Expired { into: Some(_), .. } | Movement::Received { by: ReceivedBy::Rollover, .. } => {
            "Rollover"
        }
    }
}

fn kind_of(movement: &Movement) -> AuditKind {
    match movement {
        Movement::Earned { .. } => AuditKind::Issuance,
        Movement::Taken { reason: TakenFor::Spend, .. } => AuditKind::Redemption,
        Movement::Taken { reason: TakenFor::Return | TakenFor::Correction, .. }
        | Movement::Restored { .. } => AuditKind::Return,
        Movement::Taken { reason: TakenFor::Transfer, .. }
        | Movement::Received { by: ReceivedBy::Transfer, .. } => AuditKind::Transfer,
        Movement::Received { by: ReceivedBy::Rollover, .. } => AuditKind::Rollover,
        Movement::Received { by: ReceivedBy::Migration, .. } => AuditKind::Migration,
        Movement::Expired { .. } => AuditKind::Expiration,
        Movement::Overdrawn { .. } => AuditKind::Overdraft,
    }
}
