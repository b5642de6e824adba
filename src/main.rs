//! The program `laurel`: command line, configuration, start-up and shutdown order. No business logic.
fn main() {}
