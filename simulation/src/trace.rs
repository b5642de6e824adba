//! What happened in a run, line by line: a hash of all of it, and the lines for people.

use std::{cell::RefCell, fmt::Write, rc::Rc};

/// The trace of a run. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Trace(Rc<RefCell<Lines>>);

#[derive(Debug, Default)]
struct Lines {
    hash: u64,
    shown: bool,
    line: String,
}

impl Trace {
    /// An empty one; `shown`: each line goes to the error output at once.
    pub fn new(shown: bool) -> Self {
        Self(Rc::new(RefCell::new(Lines { shown, ..Lines::default() })))
    }

    /// Something happened.
    pub fn note(&self, what: std::fmt::Arguments<'_>) {
        let mut lines = self.0.borrow_mut();
        let mut line = std::mem::take(&mut lines.line);
        line.clear();
        let written = line.write_fmt(what);
        assert!(written.is_ok(), "a line can be put together");
        for byte in line.bytes().chain([b'\n']) {
            lines.hash = (lines.hash.rotate_left(5) ^ u64::from(byte)).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
        if lines.shown {
            eprintln!("{line}");
        }
        lines.line = line;
    }

    /// A hash of all lines so far.
    pub fn hash(&self) -> u64 {
        self.0.borrow().hash
    }
}
