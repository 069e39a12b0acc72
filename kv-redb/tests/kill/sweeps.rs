//! Processes that sweep what has expired and what a deleted namespace held.

use std::time::Duration;

use futures_util::future::join_all;
use kv_core::KvStore;
use proptest::collection::vec;

use crate::{
    child_process::{Moment, Victim},
    job::{Line, Work},
    random::Random,
    store_file::Site,
    store_model::{FileSummary, Operation, Outcome, Past, Shape, Write},
};

/// How many entries each of the two namespaces has; of three, two expire.
const ENTRIES: usize = 900;
/// How many of them are in one bulk call.
const IN_BULK: usize = 100;
const LONGEST: usize = 20_000;
/// After it, whatever can expire has.
const HOUR: Duration = Duration::from_secs(3_600);

pub(crate) fn run(random: &mut Random, kills: u32) {
    let (original, doomed) = prepare(random);
    let mut site = original.copy(false);
    for kill in 0..kills {
        let is_there = site.known.ids().any(|id| *id == doomed);
        let namespace = is_there.then(|| doomed.clone());
        let step = random.draw(5..40_usize);
        let moment = Moment { lines: random.draw(0..80_usize), later: random.time(4) };
        let task = site.task(Work::Reclaim { namespace: namespace.clone(), step });
        let lines = Victim::start(&task).kill(moment);

        let mut past = Past::new(site.known.clone());
        if let Some(id) = namespace {
            past.accept(Operation::Delete(id), site.now(), 0);
            if lines.iter().any(|line| matches!(line, Line::Deleted)) {
                past.answer(0, Outcome::Done);
            }
        }
        site.known = site.read();
        past.settle(site.known.clone(), site.now());
        let rows = site.check_file();
        let is_done = matches!(lines.last(), Some(Line::Done));
        if is_done || kill + 1 == kills {
            assert!(!is_done || rows == site.swept(), "the sweep left {rows:?}");
            sweep(&site);
            assert_eq!(site.check_file(), site.swept());
            site = original.copy(kill % 2 == 0);
        }
    }
}

/// A file with two namespaces in which the most has expired, and the id of the one that is to be deleted.
fn prepare(random: &mut Random) -> (Site, String) {
    let mut site = Site::new(false);
    kv_testkit::block_on(async {
        let store = site.builder().open(site.path()).await.unwrap();
        let mut serials = 1..;
        for title in ["doomed", "kept"] {
            let Ok(Outcome::Created(id)) = Operation::Create(title.to_owned()).perform(&store).await else {
                panic!("a new store has no namespace");
            };
            let shapes = random.draw(vec(Shape::strategy(LONGEST), ENTRIES));
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
    site.known = site.read();
    assert_eq!(site.known.entries(), 2 * ENTRIES);
    let doomed = site.known.part("doomed").ids().next().unwrap().clone();
    site.advance(HOUR);
    (site, doomed)
}

fn sweep(site: &Site) {
    kv_testkit::block_on(async {
        let store = site.builder().open(site.path()).await.unwrap();
        store.sweep(usize::MAX).await.unwrap();
        store.close().await.unwrap();
    });
}

impl Site {
    /// What its file has once all is reclaimed.
    fn swept(&self) -> FileSummary {
        FileSummary { entries: self.known.entries() as u64, deadlines: 0, deleted_namespaces: 0 }
    }
}
