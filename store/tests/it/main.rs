//! Behaviour of the store through its public face.

#![expect(
    clippy::unwrap_used,
    reason = "all of this is test code; clippy knows only the functions marked as tests"
)]

mod backup;
mod checkpoint;
mod codec;
mod conformance;
mod crash;
mod damage;
mod erasure;
mod failure;
mod golden;
mod injections;
mod opening;
mod property;
mod segment_file;
mod segments;
mod state_file;
mod support;
