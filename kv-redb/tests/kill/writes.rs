//! Processes that write with many tasks, one after the other on the same file.

use proptest::prelude::*;

use crate::{
    child_process::{Moment, Victim},
    job::Work,
    random::Random,
    store_file::{Site, Tally},
};

/// After so many kills a new file is made.
const KILLS_PER_FILE: u32 = 10;

pub(crate) fn run(random: &mut Random, kills: u32, quick_repair: bool) {
    let mut tally = Tally::default();
    let mut site = Site::new(quick_repair);
    for kill in 0..kills {
        if kill > 0 && kill % KILLS_PER_FILE == 0 {
            site = Site::new(quick_repair);
        }
        site.advance(random.time(100_000));
        let seed = random.draw(any::<u64>());
        let first_serial = u64::from(kill + 1) << 24;
        let task = site.task(Work::Write { seed, first_serial, until_refused: false });
        let lines = Victim::start(&task).kill(moment(random));
        // Killed again while it recovers.
        while random.draw(proptest::bool::weighted(0.3)) {
            let later = random.time(30);
            Victim::start(&site.task(Work::Open)).kill(Moment { lines: 0, later });
        }
        tally += site.settle(lines);
    }
    eprintln!("writing with quick repair {quick_repair}: {tally:?}");
    assert!(kills < 20 || (tally.answered > 0 && tally.unanswered > 0), "too early or too late: {tally:?}");
}

/// Early, while it opens or makes the file, or later, while it writes.
fn moment(random: &mut Random) -> Moment {
    let early = random.draw(proptest::bool::weighted(0.2));
    if early {
        Moment { lines: 0, later: random.time(40) }
    } else {
        Moment { lines: random.draw(1..400_usize), later: random.time(3) }
    }
}
