//! Processes that write with many tasks, one after the other on the same file.

use proptest::prelude::*;

use crate::{
    child_process::{ChildProcess, KillPoint},
    job::Work,
    random::Random,
    store_file::{KillCounts, StoreFile},
};

/// After so many kills a new file is made.
const KILLS_PER_FILE: u32 = 10;

pub(crate) fn run(random: &mut Random, kills: u32, quick_repair: bool) {
    let mut counts = KillCounts::default();
    let mut file = StoreFile::new(quick_repair);
    for kill in 0..kills {
        if kill > 0 && kill % KILLS_PER_FILE == 0 {
            file = StoreFile::new(quick_repair);
        }
        file.advance(random.time(100_000));
        let seed = random.draw(any::<u64>());
        let first_serial = u64::from(kill + 1) << 24;
        let task = file.task(Work::Write { seed, first_serial, until_refused: false });
        let events = ChildProcess::start(&task).kill(kill_point(random));
        // Killed again while it recovers.
        while random.draw(proptest::bool::weighted(0.3)) {
            let delay = random.time(30);
            ChildProcess::start(&file.task(Work::Open)).kill(KillPoint { events: 0, delay });
        }
        counts += file.reconcile(events);
    }
    eprintln!("writing with quick repair {quick_repair}: {counts:?}");
    assert!(
        kills < 20 || (counts.answered > 0 && counts.unanswered > 0),
        "too early or too late: {counts:?}"
    );
}

/// Early, while it opens or makes the file, or delay, while it writes.
fn kill_point(random: &mut Random) -> KillPoint {
    let early = random.draw(proptest::bool::weighted(0.2));
    if early {
        KillPoint { events: 0, delay: random.time(40) }
    } else {
        KillPoint { events: random.draw(1..400_usize), delay: random.time(3) }
    }
}
