//! What goes wrong: the end of each life of the process, and what fails while it lives.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use actors::Engine;
use store::MemoryDisk;
use tokio::sync::Notify;

use crate::{report::Totals, schedule::Choices, trace::Trace};

/// What is left of the disk when a process has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// All that was written: the process was killed.
    Written,
    /// What was synced: the power was cut.
    Synced,
    /// What was synced and any part of the rest.
    Torn(u64),
}

impl Left {
    /// The disk of the next life.
    pub fn of(self, disk: &MemoryDisk) -> MemoryDisk {
        match self {
            Self::Written => disk.copy(),
            Self::Synced => disk.crash(),
            Self::Torn(seed) => disk.crash_torn(seed),
        }
    }
}

/// How a life ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// When everything is done.
    Done,
    /// At a disk operation, by its number from now.
    AtOperation(u64),
    /// After a while, all at once.
    After(Duration),
    /// After a while, in order.
    Stopped(Duration),
}

/// A life of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// How it ends.
    pub end: End,
    /// What is left then.
    pub left: Left,
    /// How often something fails meanwhile.
    pub faults: usize,
}

/// The lives of a run; the last one ends when everything is done.
pub fn lives(choices: &mut Choices) -> Vec<Life> {
    let count = choices.below(8);
    let mut lives: Vec<_> = (0..count).map(|_| life(choices)).collect();
    let faults = faults(choices);
    lives.push(Life { end: End::Done, left: Left::Written, faults });
    lives
}

fn life(choices: &mut Choices) -> Life {
    let end = match choices.below(10) {
        0..6 => {
            // Most lives have some hundred operations; an opening has about thirty.
            let most = choices.one_of(&[40, 150, 400, 900]);
            End::AtOperation(u64::try_from(choices.between(1, most)).unwrap_or(1))
        }
        6..9 => End::After(choices.millis(1500)),
        _ => End::Stopped(choices.millis(1000)),
    };
    let left = match choices.below(4) {
        0 => Left::Written,
        1 => Left::Synced,
        _ => Left::Torn(choices.number()),
    };
    Life { end, left, faults: faults(choices) }
}

fn faults(choices: &mut Choices) -> usize {
    if choices.percent(60) { choices.below(7) } else { 0 }
}

/// What the parts of a life tell each other: that it has ended, and whether anything may fail.
#[derive(Debug, Clone, Default)]
pub struct Alive {
    ended: Rc<Notify>,
    troubled: Rc<Cell<bool>>,
}

impl Alive {
    /// The power is off, or the process is killed.
    pub fn end(&self) {
        self.ended.notify_one();
    }

    /// Waits for the end.
    pub async fn ended(&self) {
        self.ended.notified().await;
    }

    /// Things may fail from now on.
    pub fn trouble(&self) {
        self.troubled.set(true);
    }

    /// Whether things may fail.
    pub fn is_troubled(&self) -> bool {
        self.troubled.get()
    }

    /// Nothing fails any more.
    pub fn mend(&self, disk: &MemoryDisk) {
        self.troubled.set(false);
        disk.fail_sync(0);
        disk.fail_operation(0);
        disk.fail_read(0);
        disk.set_full(false);
        disk.set_unreadable(false);
    }
}

/// Lets things fail, one after the other.
pub async fn sabotage(
    mut choices: Choices,
    faults: usize,
    disk: MemoryDisk,
    engine: Engine,
    (trace, totals): (Trace, Rc<RefCell<Totals>>),
) {
    for _ in 0..faults {
        tokio::time::sleep(choices.millis(250)).await;
        let what = choices.below(7);
        trace.note(format_args!("fault {what}"));
        if what < 6 {
            totals.borrow_mut().faults += 1;
        }
        let ahead = u64::try_from(choices.below(6)).unwrap_or(0) + 1;
        match what {
            0 | 1 => disk.fail_sync(disk.syncs() + ahead),
            2 => disk.fail_operation(disk.operations() + ahead),
            3 => {
                disk.set_full(true);
                tokio::time::sleep(choices.millis(300)).await;
                disk.set_full(false);
            }
            4 => disk.fail_read(disk.reads() + ahead),
            5 => {
                disk.set_unreadable(true);
                tokio::time::sleep(choices.millis(200)).await;
                disk.set_unreadable(false);
            }
            _ => engine.hold_up(choices.below(4), choices.millis(80)),
        }
    }
}

/// One of the next operations fails, on whatever file it is.
pub fn fail_soon(choices: &mut Choices, disk: &MemoryDisk) {
    let ahead = |choices: &mut Choices, most| u64::try_from(choices.between(1, most)).unwrap_or(1);
    if choices.percent(60) {
        disk.fail_sync(disk.syncs() + ahead(choices, 4));
    } else {
        disk.fail_operation(disk.operations() + ahead(choices, 25));
    }
}
