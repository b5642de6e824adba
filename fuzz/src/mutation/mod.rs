//! How sound input is damaged.

mod bytes;
mod json;

pub use bytes::damage;
pub use json::distort;
