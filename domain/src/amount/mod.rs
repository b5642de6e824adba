//! Points, money, quantities and rates: fixed-point integers, exact from the JSON text to the disk and back.
//!
//! No amount ever passes through a binary floating point number. Arithmetic is checked: an overflow is an
//! [`AmountError`], never a wrap.

mod decimal;
mod fixed;
mod rounding;

pub use decimal::{AmountError, MAX_DECIMAL_TEXT};
pub use fixed::{Money, Points, Quantity, Rate};
pub use rounding::{Rounding, divide_rounded};
