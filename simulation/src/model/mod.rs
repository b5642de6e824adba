//! What must be so: what was asked and answered, what was seen, and the rules that the engine's state is held against.
//!
//! Naive on purpose: it knows sales, deposits and identifiers, and nothing of actors, effects or files.

pub mod copy;
mod customers;
mod indexes;
mod latecomers;
mod merges;
mod points;
mod sales;
pub mod sight;
pub mod stored;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Timestamp,
    customer::{AuditRow, Customer},
    id::{CustomerId, LedgerRowId},
};

use crate::{
    report::{Violation, hold},
    workload::{perform::Told, request::Request},
};
use sight::Sight;

/// Request ids and keys are remembered for longer than this.
const REMEMBERED_MS: i64 = 29 * 86_400_000;

/// Everything that clients have asked, heard and seen.
#[derive(Debug)]
pub struct Model {
    asked: BTreeMap<u32, Asked>,
    /// The latest time that the clock has shown.
    latest: Timestamp,
    /// It has shown an earlier one afterwards.
    was_set_back: bool,
    seen: BTreeMap<CustomerId, Seen>,
    version: u32,
    /// Everybody who was ever seen while nobody asked anything.
    everybody: BTreeSet<CustomerId>,
}

/// A request and what is known of it.
#[derive(Debug)]
struct Asked {
    request: Request,
    /// The first answer; that it was done counts more than that it was refused.
    told: Option<Told>,
    /// When it was sent first, or an earlier time if the clock has shown one since.
    at: Timestamp,
    /// How often it was sent while it was not answered.
    sent: usize,
}

/// What clients have seen of a customer.
#[derive(Debug, Default)]
struct Seen {
    /// The rows of the audit log, in order.
    log: Vec<LedgerRowId>,
    lots: BTreeSet<LedgerRowId>,
    updated: Option<Timestamp>,
}

/// What is known of a request.
#[derive(Debug, Clone, Copy)]
enum Status<'a> {
    Done(&'a Told),
    Refused,
    /// It may have been done.
    Open,
}

impl Asked {
    /// A repeat may not be known for one any more at that time.
    fn may_be_forgotten(&self, at: Timestamp) -> bool {
        self.at.plus_millis(REMEMBERED_MS) <= at
    }

    fn status(&self) -> Status<'_> {
        match &self.told {
            Some(Told::Refused(_)) => Status::Refused,
            Some(told) => Status::Done(told),
            None => Status::Open,
        }
    }
}

/// What a client sees when it looks at a customer.
#[derive(Debug, Clone)]
pub struct Glimpse {
    /// Rows of the lots held.
    pub lots: Vec<LedgerRowId>,
    /// The version of the profile.
    pub updated: Timestamp,
}

impl Glimpse {
    /// Of a customer; nothing when there is none.
    pub fn of(customer: &Customer) -> Option<Self> {
        let updated = customer.identity()?.updated_at;
        let lots = customer.ledger().accounts().iter().flat_map(|account| account.lots()).map(|lot| lot.row);
        Some(Self { lots: lots.collect(), updated })
    }
}

impl Model {
    /// Nothing has been asked yet.
    pub fn begin(now: Timestamp) -> Self {
        Self {
            asked: BTreeMap::new(),
            latest: now,
            was_set_back: false,
            seen: BTreeMap::new(),
            version: 0,
            everybody: BTreeSet::new(),
        }
    }

    /// The clock shows another time.
    pub fn clock_shows(&mut self, now: Timestamp) {
        if now < self.latest {
            self.was_set_back = true;
            // What has not been answered yet may be remembered as of now.
            self.asked.values_mut().for_each(|asked| asked.at = asked.at.min(now));
        }
        self.latest = self.latest.max(now);
    }

    /// The latest time that the clock has shown.
    pub fn latest(&self) -> Timestamp {
        self.latest
    }

    /// A request goes out, for the first time or again.
    pub fn asks(&mut self, number: u32, request: &Request, now: Timestamp) {
        let first = || Asked { request: request.clone(), told: None, at: now, sent: 0 };
        let asked = self.asked.entry(number).or_insert_with(first);
        asked.sent += usize::from(asked.told.is_none());
    }

    /// It was answered. A repeat must get the first answer.
    pub fn hears(&mut self, number: u32, told: Told) -> Result<(), Violation> {
        let asked = self.asked.get_mut(&number).expect("what is answered was asked");
        match &asked.told {
            None | Some(Told::Refused(_)) => {
                asked.told = Some(told);
            }
            Some(first) => {
                // It may have been on its way while the clock leapt.
                let may_differ = asked.may_be_forgotten(self.latest)
                    || !asked.request.is_answered_again()
                    || matches!(told, Told::Refused(_));
                hold!(
                    *first == told || may_differ,
                    "request {number} was answered {first:?} first, and {told:?} when it was repeated"
                );
            }
        }
        Ok(())
    }

    /// What was answered may be asked again: who it is about is still there, and it was not too long ago.
    pub fn may_repeat(&self, number: u32) -> Option<&Request> {
        let asked = self.asked.get(&number)?;
        let fresh = !asked.may_be_forgotten(self.latest);
        let done = matches!(asked.status(), Status::Done(_));
        (done && fresh && asked.request.is_answered_again()).then_some(&asked.request)
    }

    /// A repeat of what was done was refused: only somebody's erasure explains that.
    pub fn repeat_refused(&self, number: u32, why: &str) -> Result<(), Violation> {
        let Some(asked) = self.asked.get(&number) else { return Ok(()) };
        let erased = asked.request.customers().into_iter().any(|customer| self.may_be_erased(customer));
        hold!(erased, "request {number} was done, and is refused when it is repeated: {why}");
        Ok(())
    }

    /// A customer was looked at; nothing was there to see.
    pub fn misses(&self, customer: CustomerId) -> Result<(), Violation> {
        hold!(self.may_be_erased(customer), "customer {customer} is not there, and nobody erased it");
        Ok(())
    }

    /// A customer was looked at.
    pub fn glimpses(&mut self, customer: CustomerId, glimpse: Glimpse) -> Result<(), Violation> {
        let seen = self.seen.entry(customer).or_default();
        hold!(
            seen.updated.is_none_or(|updated| updated <= glimpse.updated),
            "the profile of {customer} goes back from {:?} to {:?}",
            seen.updated,
            glimpse.updated
        );
        seen.updated = Some(glimpse.updated);
        seen.lots.extend(glimpse.lots);
        Ok(())
    }

    /// The tags of postings that were answered: whoever looks at the customer's rows from now on finds theirs.
    pub fn answered_postings(&self, customer: CustomerId) -> Vec<String> {
        let tags = self.asked.values().filter_map(|asked| match (&asked.request, asked.status()) {
            (Request::Post { customer: of, tag, .. }, Status::Done(_)) if *of == customer => {
                Some(tag.clone())
            }
            _ => None,
        });
        tags.collect()
    }

    /// The rows of a customer were read, by somebody who knows of these postings.
    pub fn reads(
        &mut self,
        customer: CustomerId,
        rows: &[AuditRow],
        known: &[String],
    ) -> Result<(), Violation> {
        for tag in known {
            let there = rows.iter().any(|row| *row.caused_by.modification_entity_id == **tag);
            hold!(there, "{tag} of {customer} was answered, and is not among its rows");
        }
        let seen = self.seen.entry(customer).or_default();
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        hold!(
            ids.starts_with(&seen.log),
            "{} rows of {customer} were seen, and are not the beginning of the {} there now",
            seen.log.len(),
            ids.len()
        );
        seen.log = ids;
        Ok(())
    }

    /// The program in force was seen.
    pub fn sees_program(&mut self, version: u32) -> Result<(), Violation> {
        hold!(version >= self.version, "the program goes back from version {} to {version}", self.version);
        self.version = version;
        Ok(())
    }

    /// Every rule that must hold while nobody asks anything.
    pub fn check(&mut self, sight: &Sight) -> Result<(), Violation> {
        self.sees_program(sight.version)?;
        self.everybody.extend(sight.customers.keys());
        customers::check(self, sight)?;
        sales::check(self, sight)?;
        points::check(self, sight)?;
        indexes::check(self, sight)?;
        for (customer, member) in &sight.customers {
            self.reads(*customer, &member.rows, &[])?;
            let lots = self.seen.entry(*customer).or_default().lots.clone();
            let missing = lots.iter().find(|lot| member.rows.iter().all(|row| row.id != **lot));
            hold!(
                missing.is_none(),
                "row {missing:?} of {customer} was seen in a balance, and there is none"
            );
        }
        Ok(())
    }

    fn may_be_erased(&self, customer: CustomerId) -> bool {
        self.erasures(customer).any(|status| !matches!(status, Status::Refused))
    }

    fn is_erased(&self, customer: CustomerId) -> bool {
        self.erasures(customer).any(|status| matches!(status, Status::Done(_)))
    }

    fn erasures(&self, customer: CustomerId) -> impl Iterator<Item = Status<'_>> {
        self.asked.values().filter_map(move |asked| match &asked.request {
            Request::Erase { customer: of, .. } if *of == customer => Some(asked.status()),
            _ => None,
        })
    }

    fn everybody(&self) -> impl Iterator<Item = CustomerId> {
        self.everybody.iter().copied()
    }

    /// The markers of members that were erased.
    pub fn erased_markers(&self) -> Vec<String> {
        let created = self.asked.iter().filter_map(|(number, asked)| match asked.status() {
            Status::Done(Told::Created(id)) if self.is_erased(*id) => Some(*number),
            _ => None,
        });
        created.map(crate::workload::request::marker).collect()
    }
}
