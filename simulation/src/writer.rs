//! Who commits, makes checkpoints and backups, now and then.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use actors::Steps;
use store::{MemoryDisk, Options};

use crate::{
    faults::{Alive, fail_soon},
    model::{Model, copy},
    report::{Totals, Violation},
    schedule::Choices,
    trace::Trace,
};

/// Of a thousand steps, so many are backups: each is restored, and compared with what it is of.
const BACKUPS: i64 = 3;

/// After so many commits there is still something to do: the disk fails.
const COMMITS_MAX: usize = 20;

/// Takes the steps of an engine.
pub struct Writer {
    /// When, and which.
    pub choices: Choices,
    /// What the engine writes to.
    pub disk: MemoryDisk,
    /// How its store is opened.
    pub store: Options,
    /// Whether anything may fail.
    pub alive: Alive,
    /// What is known.
    pub model: Rc<RefCell<Model>>,
    /// What happens.
    pub trace: Trace,
    /// What is counted.
    pub totals: Rc<RefCell<Totals>>,
}

impl Writer {
    /// Goes on until the disk has no power. In a troubled life some checkpoints and backups fail on their way.
    pub async fn run(mut self, steps: Steps) {
        loop {
            self.choices.pause(10, 12).await;
            if self.choices.between(1, 1000) <= BACKUPS {
                self.fail_now_and_then();
                self.back_up(&steps);
            } else if self.choices.percent(85) {
                steps.commit();
            } else {
                self.fail_now_and_then();
                self.totals.borrow_mut().checkpoints += u64::from(steps.checkpoint_if_due());
            }
            if self.disk.is_off() {
                self.alive.end();
            }
        }
    }

    fn fail_now_and_then(&mut self) {
        if self.alive.is_troubled() && self.choices.percent(10) {
            fail_soon(&mut self.choices, &self.disk);
            self.totals.borrow_mut().faults += 1;
        }
    }

    /// Makes a backup. Nothing comes between it and the comparison: everything is on this thread. What is queued goes
    /// to disk in front of it, or it would come behind the moment that the backup is of.
    fn back_up(&mut self, steps: &Steps) {
        if (0..COMMITS_MAX).all(|_| steps.commit()) {
            return;
        }
        let target = MemoryDisk::new();
        if self.alive.is_troubled() && self.choices.percent(30) {
            target.fail_operation(u64::try_from(self.choices.between(1, 60)).unwrap_or(1));
        }
        let made = steps.backup(Arc::new(target.clone()));
        target.fail_operation(0);
        self.trace.note(format_args!("backup: {}", made.is_ok()));
        let compared = match made {
            Ok(_) => {
                self.totals.borrow_mut().backups += 1;
                copy::check(&self.model.borrow(), &target, &self.disk, &self.store)
            }
            Err(_) if self.may_fail() => copy::is_none(&target),
            Err(error) => Err(Violation::of(format!("a backup fails: {error}"))),
        };
        if let Err(violation) = compared {
            tracing::error!("of a backup: {}", violation.what);
        }
    }

    fn may_fail(&self) -> bool {
        self.alive.is_troubled() || self.disk.is_off()
    }
}
