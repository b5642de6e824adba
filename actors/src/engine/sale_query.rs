//! Sales of stores: found by index, filtered, sorted, paged (catalog-transactions.md D.4).
//!
//! One pass over the index rows of the interval decides which sales match and in what order; only those that a filter
//! needs to see whole, and those of the page, are read.

use std::cmp::Ordering;

use domain::{
    Money, Timestamp,
    id::{CustomerId, SaleId, StoreId},
    sale::Sale,
};
use serde::{Deserialize, Serialize};
use store::{Direction, ScanRange};

use super::Engine;
use crate::{
    error::EngineError,
    index::{SALES, sales},
};

/// How many index rows are read at once.
const PAGE: usize = 4096;

/// Which sales, in what order, and which part of them.
#[derive(Debug, Clone)]
pub struct SaleQuery {
    /// Of these stores.
    pub stores: Vec<StoreId>,
    /// The time that the interval is about.
    pub date_field: SaleDate,
    /// From then on.
    pub from: Timestamp,
    /// Before then.
    pub to: Timestamp,
    /// What else must hold.
    pub filter: SaleFilter,
    /// By what.
    pub sort: SaleSort,
    /// Which way.
    pub direction: SortDirection,
    /// Pass over so many; not used with `after`.
    pub skip: usize,
    /// At most so many.
    pub take: usize,
    /// Go on behind the last sale of an earlier page.
    pub after: Option<SaleCursor>,
}

/// Which time of a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaleDate {
    /// When it began.
    Opened,
    /// Its last change, as the till says.
    Modified,
    /// When the version in force was recorded.
    Processed,
}

/// What must hold besides the interval; none: anything.
#[derive(Debug, Clone, Default)]
pub struct SaleFilter {
    /// This member pays for it.
    pub customer: Option<CustomerId>,
    /// The till's own id.
    pub transaction_id: Option<Box<str>>,
    /// The cashier.
    pub pos_employee_id: Option<Box<str>>,
    /// The channel.
    pub channel: Option<Box<str>>,
    /// Settled or not.
    pub is_closed: Option<bool>,
    /// Cancelled or not.
    pub is_voided: Option<bool>,
    /// At least.
    pub min_check_amount: Option<Money>,
    /// At most.
    pub max_check_amount: Option<Money>,
}

/// By what sales are sorted; ties by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaleSort {
    /// When it began.
    Opened,
    /// Its last change.
    Modified,
    /// When it was recorded.
    Processed,
    /// What was spent.
    CheckAmount,
    /// The till's own id.
    TransactionId,
}

/// Which way sales are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortDirection {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// A place between two sales of a sorted list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleCursor {
    /// Sort key of the last sale seen.
    pub key: Box<str>,
    /// Its id.
    pub id: SaleId,
}

/// A page of sales.
#[derive(Debug, Clone)]
pub struct SalePage {
    /// How many match, on all pages.
    pub total: usize,
    /// Those of this page.
    pub sales: Vec<Sale>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<SaleCursor>,
}

/// What sales are sorted by, as a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Text(Box<str>),
}

impl Engine {
    /// The sales that a query asks for, as they are on disk.
    pub async fn find_sales(&self, query: SaleQuery) -> Result<SalePage, EngineError> {
        let engine = self.clone();
        // Reads many rows: not on a thread that serves requests.
        self.inner.shared.placement.aside(move || engine.find_sales_now(&query)).await?
    }

    fn find_sales_now(&self, query: &SaleQuery) -> Result<SalePage, EngineError> {
        let mut matching: Vec<(Key, SaleId)> = Vec::new();
        for &store in &query.stores {
            self.each_row(store, query, |row| {
                if query.filter.holds_for(&row.summary) && self.holds_for_sale(query, row.sale)? {
                    matching.push((key_of(query.sort, &row), row.sale));
                }
                Ok(())
            })?;
        }
        matching.sort_by(|left, right| query.direction.of(left.cmp(right)));
        let total = matching.len();
        let start = match &query.after {
            None => query.skip.min(total),
            Some(after) => {
                let last = (after.sort_key(query.sort), after.id);
                matching.partition_point(|row| query.direction.of(row.cmp(&last)) != Ordering::Greater)
            }
        };
        let end = start.saturating_add(query.take).min(total);
        let page = &matching[start..end];
        let next =
            page.last().filter(|_| end < total).map(|(key, id)| SaleCursor { key: key.text(), id: *id });
        let mut sales = Vec::with_capacity(page.len());
        for (_, id) in page {
            // A sale whose index row is there is there itself: both became durable in one frame.
            sales.extend(self.load_sale(*id)?);
        }
        Ok(SalePage { total, sales, next })
    }

    fn each_row(
        &self,
        store: StoreId,
        query: &SaleQuery,
        mut each: impl FnMut(sales::Row) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        // Only the opening time is in the key; for the other times the store's whole line is passed over.
        let by_key = query.date_field == SaleDate::Opened;
        let (from, to) = if by_key { (query.from, query.to) } else { (Timestamp::MIN, Timestamp::MAX) };
        let mut start = std::ops::Bound::Included(sales::bound(store, from));
        let end = std::ops::Bound::Excluded(sales::bound(store, to));
        loop {
            let range = ScanRange { start, end: end.clone() };
            let rows = self.inner.shared.store.scan(SALES, range, Direction::Forward, PAGE)?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            start = std::ops::Bound::Excluded(last.clone());
            for (key, value) in &rows {
                let row = sales::read(key, value)?;
                let time = match query.date_field {
                    SaleDate::Opened => row.opened,
                    SaleDate::Modified => row.summary.modified,
                    SaleDate::Processed => row.summary.processed,
                };
                if query.from <= time && time < query.to {
                    each(row)?;
                }
            }
            if rows.len() < PAGE {
                return Ok(());
            }
        }
    }

    /// The part of the filter that only the sale itself can answer.
    fn holds_for_sale(&self, query: &SaleQuery, id: SaleId) -> Result<bool, EngineError> {
        let SaleFilter { customer, pos_employee_id, channel, .. } = &query.filter;
        if customer.is_none() && pos_employee_id.is_none() && channel.is_none() {
            return Ok(true);
        }
        let Some(sale) = self.load_sale(id)? else { return Ok(false) };
        let Some(current) = sale.current() else { return Ok(false) };
        let content = &current.content;
        Ok(customer.is_none_or(|customer| current.payers.iter().any(|payer| payer.customer == customer))
            && pos_employee_id.as_ref().is_none_or(|id| content.pos_employee_id.as_ref() == Some(id))
            && channel.as_ref().is_none_or(|channel| content.channel == *channel))
    }
}

impl SaleFilter {
    fn holds_for(&self, summary: &sales::Summary) -> bool {
        self.transaction_id.as_ref().is_none_or(|id| summary.transaction_id == *id)
            && self.is_closed.is_none_or(|closed| summary.is_closed == closed)
            && self.is_voided.is_none_or(|voided| summary.is_voided == voided)
            && self.min_check_amount.is_none_or(|least| summary.check_amount >= least)
            && self.max_check_amount.is_none_or(|most| summary.check_amount <= most)
    }
}

impl SortDirection {
    fn of(self, ordering: Ordering) -> Ordering {
        match self {
            Self::Ascending => ordering,
            Self::Descending => ordering.reverse(),
        }
    }
}

impl Key {
    fn text(&self) -> Box<str> {
        match self {
            Self::Number(number) => number.to_string().into(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl SaleCursor {
    /// The key it stands for. A cursor that was made for another sort gives some other place, never a fault.
    fn sort_key(&self, sort: SaleSort) -> Key {
        match sort {
            SaleSort::TransactionId => Key::Text(self.key.clone()),
            SaleSort::Opened | SaleSort::Modified | SaleSort::Processed | SaleSort::CheckAmount => {
                Key::Number(self.key.parse().unwrap_or(i64::MIN))
            }
        }
    }
}

fn key_of(sort: SaleSort, row: &sales::Row) -> Key {
    match sort {
        SaleSort::Opened => Key::Number(row.opened.millis()),
        SaleSort::Modified => Key::Number(row.summary.modified.millis()),
        SaleSort::Processed => Key::Number(row.summary.processed.millis()),
        SaleSort::CheckAmount => Key::Number(row.summary.check_amount.units()),
        SaleSort::TransactionId => Key::Text(row.summary.transaction_id.clone()),
    }
}
