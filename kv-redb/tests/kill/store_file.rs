//! A file that outlives the processes that use it.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use kv_core::{Clock, KvStore, Timestamp};
use kv_redb::{RedbStore, RedbStoreBuilder};
use kv_testkit::ManualClock;
use redb::Database;
use tempfile::TempDir;

use crate::{
    job::{Line, Task, Work},
    store_model::{FileSummary, Model, Past, Versions, check_file, observe},
};

/// How many tasks of a process write.
pub(crate) const TASKS: usize = 4;

/// What the titles of a task's namespaces start with.
pub(crate) fn prefix(task: usize) -> String {
    format!("task-{task}/")
}

/// A file that outlives the processes that use it, and what is known of it.
pub(crate) struct Site {
    folder: TempDir,
    clock: ManualClock,
    pub(crate) quick_repair: bool,
    pub(crate) known: Model,
    versions: Versions,
}

/// What became of the operations of one process.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tally {
    pub(crate) kills: usize,
    pub(crate) answered: usize,
    pub(crate) unanswered: usize,
    /// Those of the unanswered that were applied all the same.
    pub(crate) survivors: usize,
}

impl Site {
    pub(crate) fn new(quick_repair: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (known, versions) = (Model::default(), Versions::default());
        Self { folder, clock: ManualClock::default(), quick_repair, known, versions }
    }

    /// Another site with a copy of the file.
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

    pub(crate) fn task(&self, work: Work) -> Task {
        Task { path: self.path(), now: self.now().as_secs(), quick_repair: self.quick_repair, work }
    }

    /// How this process opens the file.
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
    pub(crate) fn check_file(&self) -> FileSummary {
        let mut database = Database::open(self.path()).unwrap();
        assert!(database.check_integrity().unwrap());
        check_file(&database)
    }

    /// Checks what the file holds after a process with writing tasks told `lines` and was killed.
    pub(crate) fn settle(&mut self, lines: Vec<Line>) -> Tally {
        let now = self.now();
        let mut pasts: Vec<_> = (0..TASKS).map(|task| Past::new(self.known.part(&prefix(task)))).collect();
        let mut tally = Tally { kills: 1, ..Tally::default() };
        let mut transaction = 0;
        for line in lines {
            match line {
                Line::Sent(task, operation) => {
                    transaction += 1;
                    pasts[task].accept(operation, now, transaction);
                }
                Line::Answered(task, place, outcome) => {
                    tally.answered += 1;
                    pasts[task].answer(place, outcome);
                }
                Line::Opened | Line::Done => {}
                other => panic!("a task that writes told {other:?}"),
            }
        }
        self.known = self.read();
        let mut titles = 0;
        for (task, past) in pasts.iter_mut().enumerate() {
            let part = self.known.part(&prefix(task));
            titles += part.ids().count();
            tally.unanswered += past.unanswered();
            tally.survivors += past.settle(part, now);
        }
        assert_eq!(titles, self.known.ids().count(), "a namespace is nobody's");
        self.check_file();
        tally
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.kills += other.kills;
        self.answered += other.answered;
        self.unanswered += other.unanswered;
        self.survivors += other.survivors;
    }
}
