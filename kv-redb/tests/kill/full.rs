//! Processes whose file cannot grow any more, as on a full disk.

use proptest::prelude::*;

use crate::{
    child_process::{ChildProcess, KillPoint},
    job::{Event, Work},
    random::Random,
    store_file::StoreFile,
};

pub(crate) fn run(random: &mut Random, rounds: u32) {
    for round in 0..rounds {
        let mut file = StoreFile::new(round % 2 == 0);
        let seed = random.draw(any::<u64>());
        let task = file.task(Work::Write { seed, first_serial: 0, until_refused: true });
        // It checks itself what the store then answers.
        let until_done = KillPoint { events: usize::MAX, delay: random.time(1) };
        let events = ChildProcess::start_limited(&task).kill(until_done);
        assert!(events.iter().any(|event| matches!(event, Event::Answered(..))));
        file.reconcile(events);
    }
}
