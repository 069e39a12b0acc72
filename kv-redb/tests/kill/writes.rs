//! Kills of processes with concurrent writers, on the same file.

use proptest::prelude::*;

use crate::{
    child_process::{ChildProcess, KillPoint},
    job::{Event, Work},
    random::Random,
    store_file::{KillCounts, StoreFile},
};

/// Kills before a new file is used.
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
        let job = file.job(Work::Write { seed, first_serial, until_refused: false });
        let events = ChildProcess::start(&job).kill(kill_point(random));
        // Kills the recovery too.
        while random.draw(proptest::bool::weighted(0.3)) {
            let delay = random.time(30);
            ChildProcess::start(&file.job(Work::Open)).kill(KillPoint { events: 0, delay });
        }
        counts += file.reconcile(events);
    }
    eprintln!("writing with quick repair {quick_repair}: {counts:?}");
    assert!(
        kills < 20 || (counts.answered > 0 && counts.unanswered > 0),
        "no kill came during writes: {counts:?}"
    );
}

/// Kills processes whose file cannot grow any more, as on a full disk.
pub(crate) fn run_until_full(random: &mut Random, rounds: u32) {
    for round in 0..rounds {
        let mut file = StoreFile::new(round % 2 == 0);
        let seed = random.draw(any::<u64>());
        let job = file.job(Work::Write { seed, first_serial: 0, until_refused: true });
        // The child process itself checks what the store answers then.
        let until_finished = KillPoint { events: usize::MAX, delay: random.time(1) };
        let events = ChildProcess::start_limited(&job).kill(until_finished);
        assert!(events.iter().any(|event| matches!(event, Event::Answered(..))));
        file.reconcile(events);
    }
}

/// Draws an early kill, during the opening or creation, or a later one, during writes.
fn kill_point(random: &mut Random) -> KillPoint {
    let early = random.draw(proptest::bool::weighted(0.2));
    if early {
        KillPoint { events: 0, delay: random.time(40) }
    } else {
        KillPoint { events: random.draw(1..400_usize), delay: random.time(3) }
    }
}
