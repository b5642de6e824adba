//! Calls of several parts, done one after the other: one that is wrong leaves the others alone (incentives.md 7.16).

use super::super::{IncentivesCode, IncentivesError, refused::RefusedPayload};
use crate::json::{FaultCode, Member, Reader};

/// Parts of a call at most (incentives.md 1.7).
const PARTS_MAX: usize = 100;

/// The texts of the elements of a list that has one at least; what is no object fails by itself.
pub fn read_texts<'a>(name: &str, member: Member<'a>, reader: &mut Reader<'_>) -> Vec<&'a str> {
    let texts = reader.elements(name, member, |_, element| Some(element.json().unwrap_or("null")));
    if texts.is_empty() {
        reader.fault(name, FaultCode::Required, "must have at least one element");
    }
    texts
}

/// Refuses a list of too many parts.
pub fn check_count(name: &str, texts: &[&str], too_many: IncentivesCode) -> Result<(), IncentivesError> {
    if texts.len() > PARTS_MAX {
        let message = format!("{name} must have at most {PARTS_MAX} elements.");
        return Err(IncentivesError::new(too_many, message));
    }
    Ok(())
}

/// Does the parts in their order. `payload` is given whether all were done, and what became of each. When none was
/// done, the first failure is that of the call; a failure of the server ends it.
pub async fn one_by_one<R, P: Into<RefusedPayload>>(
    texts: Vec<&str>,
    mut part: impl AsyncFnMut(usize, &str) -> Result<R, IncentivesError>,
    refused: impl Fn(&IncentivesError) -> R,
    payload: impl FnOnce(bool, Vec<R>) -> P,
) -> Result<P, IncentivesError> {
    let (mut results, mut first, mut any_done) = (Vec::with_capacity(texts.len()), None, false);
    for (place, text) in texts.into_iter().enumerate() {
        match part(place, text).await {
            Ok(done) => {
                any_done = true;
                results.push(done);
            }
            Err(error) if error.is_of_the_server() => return Err(error),
            Err(error) => {
                results.push(refused(&error));
                first.get_or_insert(error);
            }
        }
    }
    let payload = payload(first.is_none(), results);
    match first {
        Some(first) if !any_done => Err(first.of_whole_write(payload)),
        Some(_) | None => Ok(payload),
    }
}
