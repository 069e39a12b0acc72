//! A process that makes one file after the other.

use std::{
    env, fs, panic,
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use kv_core::{KvStore, prelude::*};
use kv_redb::RedbStore;

use crate::{
    child_process::{Moment, Victim},
    job::{Line, Work},
    random::Random,
    store_file::Site,
};

pub(crate) fn run(random: &mut Random, kills: u32) {
    for kill in 0..kills {
        let site = Site::new(kill % 2 == 0);
        let moment = Moment { lines: random.draw(1..20_usize), later: random.time(15) };
        let lines = Victim::start(&site.task(Work::Make)).kill(moment);
        let making = |line: &Line| matches!(line, Line::Making(_));
        let last = lines.iter().filter(|line| making(line)).count() - 1;
        for number in last.saturating_sub(1)..=last {
            let is_made = lines.iter().any(|line| matches!(line, Line::Made(made) if *made == number as u64));
            check(&site, &site.path().with_file_name(number.to_string()), is_made, number);
        }
    }
}

/// Checks that the file opens, holds its entry if it was made, and can be used.
fn check(site: &Site, path: &Path, is_made: bool, number: usize) {
    kv_testkit::block_on(async {
        let store: RedbStore = site.builder().open(path).await.unwrap();
        let kv = store.open_namespace("a").await.unwrap();
        let found = kv.get_text("key").await.unwrap();
        assert!(found.is_some() || !is_made, "an entry is lost");
        assert!(found.is_none_or(|found| found == number.to_string()), "a wrong value");
        kv.put("another", "1").await.unwrap();
        store.close().await.unwrap();
    });
}

/// Opens a file whose making was cut short, over and over, while other threads start processes: those have all open
/// files of this one for a moment, and must not keep their locks.
pub(crate) fn while_processes_start(openings: u32) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let mut process = Command::new(env::current_exe().unwrap());
                    assert!(process.arg("--list").stdout(Stdio::null()).status().unwrap().success());
                }
            });
        }
        let opened = panic::catch_unwind(|| {
            for _ in 0..openings {
                let site = Site::new(false);
                fs::write(site.path(), vec![0; 1 << 20]).unwrap();
                drop(site.builder().open_blocking(site.path()).unwrap());
            }
        });
        done.store(true, Ordering::Relaxed);
        if let Err(cause) = opened {
            panic::resume_unwind(cause);
        }
    });
}
