//! Reading request bodies: typed shapes over the bytes, with every fault named by its place.
//!
//! Members stay raw JSON text until they are interpreted, so that numbers never pass through a binary floating point
//! number and one wrong member does not hide the others. Knows no surface: which code a fault gets is each surface's
//! business.

mod fault;
mod lenient;
mod member;
mod place;
mod reader;
mod surrogates;
pub mod wire;

pub use fault::{Fault, FaultCode, Faults};
pub use lenient::{List, Object};
pub use member::{Held, Member};
pub use place::Place;
pub use reader::Reader;

use serde::Deserialize;

/// Why a body is no JSON object of the expected shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Not JSON, or not UTF-8.
    #[error("the body is not JSON: {0}")]
    Syntax(String),
    /// JSON, but no object.
    #[error("the body is not a JSON object")]
    NotAnObject,
    /// A member occurs twice.
    #[error("the body cannot be read: {0}")]
    Shape(String),
}

/// Reads a body that must be one JSON object. An absent or wrong member is not an error here.
pub fn parse_object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, BodyError> {
    // Checked once for the whole body: the parser then trusts every string in it.
    let text = std::str::from_utf8(body).map_err(|error| BodyError::Syntax(error.to_string()))?;
    if let Some(half) = surrogates::lone(text) {
        return Err(BodyError::Syntax(format!("{half} is half of a character")));
    }
    match serde_json::from_str(text) {
        Ok(Object::Present(value)) => Ok(value),
        Ok(Object::Absent | Object::Wrong) => Err(BodyError::NotAnObject),
        Err(error) if error.is_data() => Err(BodyError::Shape(error.to_string())),
        Err(error) => Err(BodyError::Syntax(error.to_string())),
    }
}
