//! Processes whose file cannot grow any more, as on a full disk.

use proptest::prelude::*;

use crate::{
    child_process::{Moment, Victim},
    job::{Line, Work},
    random::Random,
    store_file::Site,
};

pub(crate) fn run(random: &mut Random, rounds: u32) {
    for round in 0..rounds {
        let mut site = Site::new(round % 2 == 0);
        let seed = random.draw(any::<u64>());
        let task = site.task(Work::Write { seed, first_serial: 0, until_refused: true });
        // It checks itself what the store then answers.
        let until_done = Moment { lines: usize::MAX, later: random.time(1) };
        let lines = Victim::start_limited(&task).kill(until_done);
        assert!(lines.iter().any(|line| matches!(line, Line::Answered(..))));
        site.settle(lines);
    }
}
