//! Kills of a process that creates one file after the other.

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
    child_process::{ChildProcess, KillPoint},
    job::{Event, Work},
    random::Random,
    store_file::StoreFile,
};

pub(crate) fn run(random: &mut Random, kills: u32) {
    for kill in 0..kills {
        let file = StoreFile::new(kill % 2 == 0);
        let kill_point = KillPoint { events: random.draw(1..20_usize), delay: random.time(15) };
        let events = ChildProcess::start(&file.job(Work::Create)).kill(kill_point);
        let is_creating = |event: &Event| matches!(event, Event::Creating(_));
        let last = events.iter().filter(|event| is_creating(event)).count() - 1;
        for number in last.saturating_sub(1)..=last {
            let is_created = events
                .iter()
                .any(|event| matches!(event, Event::Created(created) if *created == number as u64));
            check(&file, &file.path().with_file_name(number.to_string()), is_created, number);
        }
    }
}

/// Checks that the file opens, holds its entry if its creation was finished, and can be used.
fn check(file: &StoreFile, path: &Path, is_created: bool, number: usize) {
    kv_testkit::block_on(async {
        let store: RedbStore = file.builder().open(path).await.unwrap();
        let kv = store.open_namespace("a").await.unwrap();
        let found = kv.get_text("key").await.unwrap();
        assert!(found.is_some() || !is_created, "an entry is lost");
        assert!(found.is_none_or(|found| found == number.to_string()), "a wrong value");
        kv.put("another", "1").await.unwrap();
        store.close().await.unwrap();
    });
}

/// Opens files whose creation was cut short while other threads start processes. A new process inherits all
/// open files for a moment, and must not keep their locks.
pub(crate) fn open_while_processes_start(openings: u32) {
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
                let file = StoreFile::new(false);
                fs::write(file.path(), vec![0; 1 << 20]).unwrap();
                drop(file.builder().open_blocking(file.path()).unwrap());
            }
        });
        done.store(true, Ordering::Relaxed);
        if let Err(cause) = opened {
            panic::resume_unwind(cause);
        }
    });
}
