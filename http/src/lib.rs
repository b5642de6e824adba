//! Laurel.
