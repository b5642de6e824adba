//! Pages of configuration lists (incentives.md 1.4).

use domain::configuration::Json;

use super::call::{Call, malformed};
use crate::incentives::{IncentivesCode, IncentivesError};

const TAKE_DEFAULT: i64 = 50;
const TAKE_MAX: i64 = 1_000;

/// A column of a list: its wire name, and what rows are compared by.
pub type Column = (&'static str, fn(&Json) -> String);

/// Which rows of a list, in which order.
#[derive(Debug)]
pub struct Listing {
    skip: usize,
    take: usize,
    column: Option<Column>,
    descending: bool,
}

impl Listing {
    /// Reads `skip`, `take`, `sort_column` and `sort_direction`.
    pub fn read(call: &Call<'_>, columns: &[Column]) -> Result<Self, IncentivesError> {
        let skip = call.whole("skip")?.unwrap_or(0);
        let skip = i32::try_from(skip).ok().and_then(|skip| usize::try_from(skip).ok());
        let skip = skip.ok_or_else(|| malformed("skip must not be negative, and fit into 32 bits"))?;
        let take = call.whole("take")?.unwrap_or(TAKE_DEFAULT);
        if take > TAKE_MAX {
            let message = format!("take is at most {TAKE_MAX}");
            return Err(IncentivesError::new(IncentivesCode::TakeTooLarge, message));
        }
        let take = usize::try_from(take).map_err(|_| malformed("take must not be negative"))?;
        let named = |name: &str| columns.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).copied();
        let column = match call.text("sort_column")? {
            None => None,
            Some(name) => Some(named(name).ok_or_else(|| malformed(format!("no column is called {name}")))?),
        };
        let descending = match call.text("sort_direction")? {
            None => false,
            Some(word) if word.eq_ignore_ascii_case("asc") => false,
            Some(word) if word.eq_ignore_ascii_case("desc") => true,
            Some(_) => return Err(malformed("sort_direction must be asc or desc")),
        };
        Ok(Self { skip, take, column, descending })
    }

    /// The page of these rows: `total_records`, `results`. Rows that compare equal stay in the order of the program.
    pub fn page(&self, mut rows: Vec<Json>) -> Json {
        let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        if let Some((_, key)) = self.column {
            rows.sort_by_cached_key(key);
        }
        if self.descending {
            rows.reverse();
        }
        let results = rows.into_iter().skip(self.skip).take(self.take).collect();
        Json::object([("total_records", Some(Json::whole(total))), ("results", Some(Json::Array(results)))])
    }
}

/// Compares by `name`, whatever the letter case.
pub fn by_name(row: &Json) -> String {
    row.get_text("name").unwrap_or_default().to_lowercase()
}

/// Compares by `status`.
pub fn by_status(row: &Json) -> String {
    row.get_whole("status").unwrap_or(0).to_string()
}
