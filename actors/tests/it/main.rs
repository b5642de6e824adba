//! The engine through its handle, over an in-memory disk that can fail.

mod customers;
mod durability;
mod points;
mod sales;
mod supervision;
mod support;
