//! Jobs in the store.

use domain::job::{Command, Effect, Event, Job};
use store::{Haste, IndexChange};

use super::{Decided, Durable, Kind, Residence};
use crate::{delivery::Delivery, index};

impl Durable for Job {
    const KIND: Kind = Kind::Job;
    const RESIDENCE: Residence = Residence::Leaves;

    /// Its place among the jobs that are not done, and under which key it was asked for.
    fn rows(before: &Self, _: &Command, decided: Decided<'_, Self>) -> Vec<IndexChange> {
        let mut rows = Vec::new();
        for event in decided.events {
            match event {
                Event::Asked { id, plan, key, at } => {
                    let asked = index::jobs::Asked { job: *id, body: plan.body(), at: *at };
                    rows.extend([index::jobs::open(*id), index::jobs::asked(*key, &asked)]);
                }
                Event::Finished { .. } | Event::Failed { .. } => {
                    rows.extend(before.id().map(index::jobs::close));
                }
                Event::Started { .. } | Event::Advanced { .. } => {}
            }
        }
        rows
    }

    fn deliveries(_: &[Event], effects: &[Effect]) -> Vec<Delivery> {
        effects.iter().map(|effect| match *effect {}).collect()
    }

    /// Somebody waits for the answer to a request alone.
    fn haste(command: &Command) -> Haste {
        match command {
            Command::Ask { .. } => Haste::Now,
            Command::Start | Command::Advance { .. } | Command::End(_) => Haste::Soon,
        }
    }
}
