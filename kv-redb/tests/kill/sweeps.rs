//! Kills of a process that sweeps expired entries and those of a deleted namespace.

use std::time::Duration;

use futures_util::future::join_all;
use kv_core::KvStore;
use proptest::collection::vec;

use crate::{
    child_process::{ChildProcess, KillPoint},
    job::{Event, Work},
    random::Random,
    store_file::StoreFile,
    store_model::{History, Operation, Outcome, RowCounts, Shape, Write},
};

/// Entries in each of the two namespaces; two of three expire.
const ENTRIES: usize = 900;
/// Entries in one bulk call.
const IN_BULK: usize = 100;
const MAX_VALUE_BYTES: usize = 20_000;
/// Longest TTL of an entry.
const HOUR: Duration = Duration::from_secs(3_600);

pub(crate) fn run(random: &mut Random, kills: u32) {
    let (original, doomed) = prepare(random);
    let mut file = original.copy(false);
    for kill in 0..kills {
        let is_there = file.known.ids().any(|id| *id == doomed);
        let namespace = is_there.then(|| doomed.clone());
        let step = random.draw(5..40_usize);
        let kill_point = KillPoint { events: random.draw(0..80_usize), delay: random.time(4) };
        let job = file.job(Work::Sweep { namespace: namespace.clone(), step });
        let events = ChildProcess::start(&job).kill(kill_point);

        let mut history = History::new(file.known.clone());
        if let Some(id) = namespace {
            history.accept(Operation::Delete(id), file.now(), 0);
            if events.iter().any(|event| matches!(event, Event::NamespaceDeleted)) {
                history.answer(0, Outcome::Done);
            }
        }
        file.known = file.read();
        history.reconcile(file.known.clone(), file.now());
        let rows = file.check_tables();
        let is_done = matches!(events.last(), Some(Event::Finished));
        if is_done || kill + 1 == kills {
            assert!(!is_done || rows == file.swept(), "the sweep left {rows:?}");
            sweep(&file);
            assert_eq!(file.check_tables(), file.swept());
            file = original.copy(kill % 2 == 0);
        }
    }
}

/// Prepares a file with two namespaces whose entries have mostly expired. Returns it and the id to delete.
fn prepare(random: &mut Random) -> (StoreFile, String) {
    let mut file = StoreFile::new(false);
    kv_testkit::block_on(async {
        let store = file.builder().open(file.path()).await.unwrap();
        let mut serials = 1..;
        for title in ["doomed", "kept"] {
            let Ok(Outcome::Created(id)) = Operation::Create(title.to_owned()).perform(&store).await else {
                panic!("a new store has no namespace");
            };
            let shapes = random.draw(vec(Shape::strategy(MAX_VALUE_BYTES), ENTRIES));
            let writes: Vec<_> = shapes
                .into_iter()
                .zip(&mut serials)
                .map(|(shape, serial)| (format!("entry {serial}"), Write { serial, shape }))
                .collect();
            let bulks = writes.chunks(IN_BULK).map(|writes| Operation::PutMany(id.clone(), writes.to_vec()));
            let bulks: Vec<_> = bulks.collect();
            for outcome in join_all(bulks.iter().map(|bulk| bulk.perform(&store))).await {
                assert_eq!(outcome.unwrap(), Outcome::Done);
            }
        }
        store.close().await.unwrap();
    });
    file.known = file.read();
    assert_eq!(file.known.entries(), 2 * ENTRIES);
    let doomed = file.known.part("doomed").ids().next().unwrap().clone();
    file.advance(HOUR);
    (file, doomed)
}

fn sweep(file: &StoreFile) {
    kv_testkit::block_on(async {
        let store = file.builder().open(file.path()).await.unwrap();
        store.sweep(usize::MAX).await.unwrap();
        store.close().await.unwrap();
    });
}

impl StoreFile {
    /// Row counts of the file after a complete sweep.
    fn swept(&self) -> RowCounts {
        RowCounts { entries: self.known.entries() as u64, expiries: 0, deleted_namespaces: 0 }
    }
}
