//! Any mixture of appends, checkpoints, failed syncs and reopenings shows what the model shows.

use crate::support::{Model, open_on, pending, scripted};
use laurel_store::{MemoryDisk, Store};
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Append(u8),
    Checkpoint,
    FailSync,
    Reopen,
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1..8u8).prop_map(Step::Append),
        2 => Just(Step::Checkpoint),
        1 => Just(Step::FailSync),
        1 => Just(Step::Reopen),
        1 => Just(Step::Crash),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_mixture_shows_the_model(steps in prop::collection::vec(step(), 1..30)) {
        let mut disk = MemoryDisk::new();
        let mut opened = open_on(&disk);
        let (mut count, mut failures) = (0, 0);
        for step in steps {
            match step {
                Step::Append(burst) => {
                    let epoch = opened.store.epoch();
                    for i in 0..u64::from(burst) {
                        opened.store.append(epoch, scripted(count + i)).unwrap();
                    }
                    let last = count + u64::from(burst) - 1;
                    prop_assert!(opened.recorder.settled(last));
                    count += u64::from(burst);
                }
                Step::Checkpoint => prop_assert_eq!(opened.store.checkpoint().unwrap().through.get(), count),
                Step::FailSync => {
                    disk.fail_sync(disk.syncs() + 1);
                    failures += 1;
                    let mut append = scripted(count);
                    append.companion = 1_000_000 + failures;
                    // A sync for a new segment can fail without any loss: the old one then goes on.
                    if opened.write(append) {
                        count += 1;
                    }
                }
                Step::Reopen | Step::Crash => {
                    if matches!(step, Step::Crash) {
                        disk = disk.crash();
                    } else {
                        opened.store.close().unwrap();
                    }
                    opened = open_on(&disk);
                    let shown = Model::shown(&*opened.store, pending(&opened.recovered));
                    prop_assert_eq!(shown, Model::of(count));
                }
            }
            let mut expected = Model::of(count);
            expected.pending.clear();
            prop_assert_eq!(Model::shown(&*opened.store, Vec::new()), expected);
        }
    }
}
