//! Why: what a record of a customer's history was decided on, and how each of its rows came about (incentives.md 6.4
//! step 9, 7.3).
//!
//! Events record outcomes, not reasons. The reasons are worked out again: the customer is folded up to the record
//! ([`Past`]), what was asked is rebuilt from what was recorded, and it is decided once more, at the record's time,
//! under the record's program, with what was granted then of what all customers share. When exactly the recorded
//! events come out, the record is reproduced, and what is shown on the way is what was looked at then. Where they do
//! not, or where what was asked is not kept, the recorded events alone are shown, and [`Unreproduced`] says why.
//!
//! Nothing is written, and nobody is asked for anything that is shared.

mod again;
mod asked;
mod cut;
mod lots;
mod past;
mod place;
mod seen;
mod told;

use std::sync::Arc;

pub use cut::{CutKind, Limited};
pub use lots::LotTouched;
pub use past::Past;
pub use place::{RowPart, RowPlace};
pub use seen::{LookedAt, LookedFor};
pub use told::PostedAs;

use super::{CreditSale, Effect, Event};
use crate::{program::Program, time::Timestamp};

/// A record of a customer's history, with what it takes to explain it.
#[derive(Debug, Clone, Copy)]
pub struct Recorded<'a> {
    /// When it was decided.
    pub at: Timestamp,
    /// Under which program.
    pub program_version: u32,
    /// What happened.
    pub events: &'a [Event],
    /// What it asked of others.
    pub effects: &'a [Effect],
    /// The revision of a sale that it books, if it is still kept.
    pub sale: Option<&'a CreditSale>,
}

/// Programs that an explanation needs.
#[derive(Debug, Clone, Default)]
pub struct Programs(Vec<Arc<Program>>);

/// An explanation needs a program of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingProgram(pub u32);

/// Why it cannot be shown that a record follows from what was before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreproduced {
    /// What was asked is not kept, and cannot be told from what came of it.
    RequestNotKept,
    /// This version of the sale is not kept: a member of it was erased.
    SaleNotKept,
    /// Decided again, something else comes out: this build decides otherwise than the one that wrote the record.
    Differs,
    /// The customer was erased; only the rows are kept.
    CustomerErased,
}

impl Unreproduced {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequestNotKept => "request_not_kept",
            Self::SaleNotKept => "sale_not_kept",
            Self::Differs => "differs",
            Self::CustomerErased => "customer_erased",
        }
    }
}

/// What a record was decided on.
#[derive(Debug, Clone)]
pub struct Explained {
    /// How many events, from the first on, come out again.
    reproduced: usize,
    /// Why the others do not.
    why_not: Unreproduced,
    /// Which trees were looked at, by the events they led to.
    pub looked_at: Vec<LookedAt>,
}

impl Programs {
    /// One more.
    pub fn add(&mut self, program: Arc<Program>) {
        self.0.push(program);
    }

    /// The program of a version.
    pub fn get(&self, version: u32) -> Result<&Arc<Program>, MissingProgram> {
        self.0.iter().find(|known| known.version() == version).ok_or(MissingProgram(version))
    }
}

impl Explained {
    /// Whether the event at this place comes out again; if not, why.
    pub fn reproduced(&self, place: usize) -> Result<(), Unreproduced> {
        if place < self.reproduced { Ok(()) } else { Err(self.why_not) }
    }

    /// What was looked at because of, or for, the event at this place.
    pub fn looked_at(&self, place: usize) -> impl Iterator<Item = &LookedAt> {
        self.looked_at.iter().filter(move |looked| looked.place == place)
    }
}

impl Past {
    /// Explains the record that comes next. Asked again with the program that it lacks, until it lacks none.
    pub fn explain(&self, recorded: &Recorded<'_>, programs: &Programs) -> Result<Explained, MissingProgram> {
        let again = again::decide(self, recorded, programs)?;
        let looked_at = seen::look(self, recorded, programs, &again.fetched)?;
        let again::Again { reproduced, why_not, .. } = again;
        Ok(Explained { reproduced, why_not, looked_at })
    }
}
