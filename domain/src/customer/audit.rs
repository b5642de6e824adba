//! The point audit log: every row a customer's ledger ever had, with what has become of each lot (incentives.md 2.4,
//! 7.3).
//!
//! A fold of the customer's whole history: the state keeps only lots of which something remains.

use std::collections::HashMap;

use super::{Entry, Event, PointsPosted, SaleCredited};
use crate::{
    amount::Points,
    id::{LedgerRowId, PointAccountId, PointSourceId, RuleTreeId, UserPointAccountId},
    ledger::{Ledger, Movement, TakenFor},
    time::Timestamp,
};

/// What kind of row it is (`audit_type`, incentives.md 3.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditKind {
    /// Points were issued.
    Issuance,
    /// Points were spent.
    Redemption,
    /// Points ran out.
    Expiration,
    /// The account went below zero.
    Overdraft,
    /// What a purchase gave was taken back.
    Return,
}

impl AuditKind {
    /// The wire number.
    pub const fn number(self) -> u8 {
        match self {
            Self::Issuance => 1,
            Self::Redemption => 2,
            Self::Expiration => 4,
            Self::Overdraft => 16,
            Self::Return => 32,
        }
    }
}

/// One row of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// What caused it.
    pub caused_by: CausedBy,
}

/// What caused a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
            Event::Created { .. } | Event::ProfileChanged { .. } | Event::TiersEntered { .. } => {}
            Event::PointsExpired { movements, at } => {
                for movement in movements {
                    let modification_type = "Expiration".into();
                    self.write(movement, *at, CausedBy { modification_type, ..CausedBy::default() });
                }
            }
            Event::PointsPosted(posted) => self.apply_posted(posted),
            Event::SaleCredited(credited) => self.apply_credited(credited),
        }
    }

    fn apply_posted(&mut self, posted: &PointsPosted) {
        let mut movements = posted.movements.iter();
        for (detail, rows) in posted.details.iter().zip(&posted.rows) {
            for movement in movements.by_ref().take(usize::from(*rows)) {
                let caused_by = CausedBy {
                    modification_type: detail.reference_type.clone(),
                    modification_entity_id: detail.reference_id.clone(),
                    request_id: detail.tracking_id.to_string().into(),
                    idempotency_id: detail.idempotency_id.clone(),
                    transaction_id: detail.transaction_id.clone(),
                    tree: None,
                };
                self.write(movement, posted.at, caused_by);
            }
        }
    }

    fn apply_credited(&mut self, credited: &SaleCredited) {
        for Entry { movement, cause, .. } in &credited.entries {
            let modification_type = match movement {
                Movement::Earned { .. } => "RuleTree",
                Movement::Taken { .. } | Movement::Overdrawn { .. } => "Return",
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
            self.write(movement, credited.at, caused_by);
        }
    }

    fn write(&mut self, movement: &Movement, created: Timestamp, caused_by: CausedBy) {
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
            caused_by,
        };
        match movement {
            Movement::Earned { source, expires, weight, repaid, .. } => {
                written.source = Some(*source);
                written.expires = *expires;
                written.weight = *weight;
                written.amount_spent = *repaid;
                self.places.insert(row, self.rows.len());
            }
            Movement::Taken { draws, reason, .. } => {
                for draw in draws {
                    let Some(lot) = self.places.get(&draw.lot).map(|place| &mut self.rows[*place]) else {
                        continue;
                    };
                    let sum = if *reason == TakenFor::Expiration {
                        &mut lot.amount_expired
                    } else {
                        &mut lot.amount_spent
                    };
                    *sum = sum.plus(draw.points).expect("no more leaves a lot than was in it");
                }
            }
            Movement::Overdrawn { .. } => {}
        }
        self.rows.push(written);
    }
}

fn kind_of(movement: &Movement) -> AuditKind {
    match movement {
        Movement::Earned { .. } => AuditKind::Issuance,
        Movement::Taken { reason: TakenFor::Spend, .. } => AuditKind::Redemption,
        Movement::Taken { reason: TakenFor::Return, .. } => AuditKind::Return,
        Movement::Taken { reason: TakenFor::Expiration, .. } => AuditKind::Expiration,
        Movement::Overdrawn { .. } => AuditKind::Overdraft,
    }
}
