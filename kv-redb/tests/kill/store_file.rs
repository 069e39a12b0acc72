//! Store's file that outlives the processes that use it.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use kv_core::{Clock, KvStore, Timestamp};
use kv_redb::{RedbStore, RedbStoreBuilder};
use kv_testkit::ManualClock;
use redb::Database;
use tempfile::TempDir;

use crate::{
    job::{Event, Job, Work},
    store_model::{History, Model, RowCounts, SeenVersions, check_tables, observe},
};

/// Number of concurrent writers in a process.
pub(crate) const WRITERS: usize = 4;

/// Returns the first part of the titles of a writer's namespaces.
pub(crate) fn prefix(writer: usize) -> String {
    format!("writer-{writer}/")
}

/// File of a store, and its known content.
pub(crate) struct StoreFile {
    folder: TempDir,
    clock: ManualClock,
    pub(crate) quick_repair: bool,
    pub(crate) known: Model,
    versions: SeenVersions,
}

/// Numbers of kills and of operations by their fate.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct KillCounts {
    pub(crate) kills: usize,
    pub(crate) answered: usize,
    pub(crate) unanswered: usize,
    /// Unanswered operations that were applied.
    pub(crate) survivors: usize,
}

impl StoreFile {
    pub(crate) fn new(quick_repair: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let known = Model::default();
        let versions = SeenVersions::default();
        Self { folder, clock: ManualClock::default(), quick_repair, known, versions }
    }

    /// Copies the file and the knowledge of it.
    pub(crate) fn copy(&self, quick_repair: bool) -> Self {
        let mut copy = Self::new(quick_repair);
        fs::copy(self.path(), copy.path()).unwrap();
        copy.clock.set(self.now());
        (copy.known, copy.versions) = (self.known.clone(), self.versions.clone());
        copy
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("app.kv")
    }

    pub(crate) fn advance(&self, time: Duration) {
        self.clock.advance(time);
    }

    pub(crate) fn job(&self, work: Work) -> Job {
        Job { path: self.path(), now: self.now().as_secs(), quick_repair: self.quick_repair, work }
    }

    /// Returns a builder for this process, with the clock of the file.
    pub(crate) fn builder(&self) -> RedbStoreBuilder {
        RedbStore::builder()
            .clock(Arc::new(self.clock.clone()))
            .quick_repair(self.quick_repair)
            .sweep_interval(None)
    }

    /// Reads all that the file holds.
    pub(crate) fn read(&mut self) -> Model {
        kv_testkit::block_on(async {
            let store = self.builder().open(self.path()).await.unwrap();
            let found = observe(&store, &mut self.versions).await.unwrap();
            store.close().await.unwrap();
            found
        })
    }

    /// Checks that the tables of the file agree.
    pub(crate) fn check_tables(&self) -> RowCounts {
        let mut database = Database::open(self.path()).unwrap();
        assert!(database.check_integrity().unwrap());
        check_tables(&database)
    }

    /// Checks the content after the kill of a writing process that printed `events`.
    pub(crate) fn reconcile(&mut self, events: Vec<Event>) -> KillCounts {
        let now = self.now();
        let mut histories: Vec<_> =
            (0..WRITERS).map(|writer| History::new(self.known.part(&prefix(writer)))).collect();
        let mut counts = KillCounts { kills: 1, ..KillCounts::default() };
        let mut transaction = 0;
        for event in events {
            match event {
                Event::Requested(writer, operation) => {
                    transaction += 1;
                    histories[writer].accept(operation, now, transaction);
                }
                Event::Answered(writer, place, outcome) => {
                    counts.answered += 1;
                    histories[writer].answer(place, outcome);
                }
                Event::Opened | Event::Finished => {}
                other => panic!("a writing process printed {other:?}"),
            }
        }
        self.known = self.read();
        let mut titles = 0;
        for (writer, history) in histories.iter_mut().enumerate() {
            let part = self.known.part(&prefix(writer));
            titles += part.ids().count();
            counts.unanswered += history.unanswered();
            counts.survivors += history.reconcile(part, now);
        }
        assert_eq!(titles, self.known.ids().count(), "a namespace belongs to no writer");
        self.check_tables();
        counts
    }
}

impl std::ops::AddAssign for KillCounts {
    fn add_assign(&mut self, other: Self) {
        self.kills += other.kills;
        self.answered += other.answered;
        self.unanswered += other.unanswered;
        self.survivors += other.survivors;
    }
}
