//! Harness: a store on a simulated disk, and the history that its content is checked against.

use std::{fs, pin::Pin, sync::Arc, task, time::Duration};

use futures_executor::block_on;
use futures_util::{
    FutureExt,
    future::{MaybeDone, join_all, maybe_done},
};
use kv_core::{Clock, Error, ErrorKind, KvStore, Result};
use kv_redb::{RedbStore, RedbStoreBuilder};
use kv_testkit::ManualClock;
use redb::Database;

use crate::{
    disk::{Disk, FaultKind},
    store_model::{
        History, Operation, Outcome, Plan, Planner, RowCounts, SeenVersions, check_reads, check_tables,
        observe,
    },
    survivors::Survivors,
};

/// Longer than any TTL of a write.
const LONGER_THAN_ANY_TTL: Duration = Duration::from_secs(1_000_000);

/// Settings that a store is opened with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) quick_repair: bool,
    /// The smallest cache: pages are written before the commit and read again after it.
    pub(crate) small_cache: bool,
}

/// Disk with a store's file, and the history of the store.
#[derive(Debug)]
pub(crate) struct Harness {
    pub(crate) disk: Disk,
    clock: ManualClock,
    history: History,
    versions: SeenVersions,
    planner: Planner,
    /// Number of the last transaction.
    transaction: u64,
}

impl Harness {
    pub(crate) fn new() -> Self {
        Self {
            disk: Disk::default(),
            clock: ManualClock::default(),
            history: History::default(),
            versions: SeenVersions::default(),
            planner: Planner::new("", 0),
            transaction: 0,
        }
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    fn builder(&self, setting: Setting) -> RedbStoreBuilder {
        let cache = if setting.small_cache { 0 } else { 16 << 20 };
        RedbStore::builder()
            .clock(Arc::new(self.clock.clone()))
            .sweep_interval(None)
            .quick_repair(setting.quick_repair)
            // A full disk stays full while a store is open; `full_disk.rs` has one that recovers.
            .full_disk_pause(LONGER_THAN_ANY_TTL)
            .cache_bytes(cache)
    }

    /// Opens the store and checks its content. `None` if the disk failed meanwhile.
    pub(crate) fn open(&mut self, setting: Setting) -> Option<RedbStore> {
        let store = match self.builder(setting).storage_backend(self.disk.clone()).open_blocking("failing.kv")
        {
            Ok(store) => store,
            Err(error) => {
                self.assert_failed(&error, ErrorKind::Other);
                return None;
            }
        };
        match block_on(observe(&store, &mut self.versions)) {
            Ok(found) => drop(self.history.reconcile(found, self.clock.now())),
            Err(error) => self.assert_failed(&error, ErrorKind::Unavailable),
        }
        Some(store)
    }

    /// Performs all of `plans` concurrently. Returns `true` if the store still takes writes.
    pub(crate) fn batch(&mut self, store: &RedbStore, plans: Vec<Plan>) -> bool {
        let known = self.history.answered();
        let mut operations: Vec<Operation> = Vec::new();
        for plan in plans {
            match block_on(self.planner.operation(plan, &known, store)) {
                Ok(operation) => operations.push(operation),
                // The version that the operation depends on cannot be read.
                Err(error) => self.assert_failed(&error, ErrorKind::Unavailable),
            }
        }
        let (alone, outcomes) = self.perform(store, &operations);
        let mut works = true;
        let mut is_joinable = false;
        for (number, (operation, outcome)) in operations.into_iter().zip(outcomes).enumerate() {
            let joins = number > alone && !operation.has_own_transaction();
            if !(joins && is_joinable) {
                self.transaction += 1;
            }
            is_joinable = joins;
            let place = self.history.accept(operation, self.clock.now(), self.transaction);
            match outcome {
                Ok(outcome) => {
                    assert!(works, "{outcome:?} after a fault");
                    self.history.answer(place, outcome);
                }
                Err(error) => {
                    self.assert_refused(&error);
                    works = false;
                }
            }
        }
        works
    }

    /// Queues all `operations` in order. The disk blocks the writer at the first one that changes something,
    /// so that those behind it share transactions, as under load. Returns the index of that first one, and
    /// the outcomes.
    fn perform(&self, store: &RedbStore, operations: &[Operation]) -> (usize, Vec<Result<Outcome>>) {
        let mut context = task::Context::from_waker(task::Waker::noop());
        let mut all: Vec<_> =
            operations.iter().map(|operation| maybe_done(operation.perform(store).boxed())).collect();
        let mut alone = 0;
        self.disk.pause();
        for (number, operation) in all.iter_mut().enumerate() {
            let is_first = !self.disk.is_waiting();
            let _ = Pin::new(&mut *operation).poll(&mut context);
            while is_first && !self.disk.is_waiting() && matches!(operation, MaybeDone::Future(_)) {
                std::thread::yield_now();
                let _ = Pin::new(&mut *operation).poll(&mut context);
            }
            alone = if is_first { number } else { alone };
        }
        self.disk.resume();
        block_on(join_all(&mut all));
        let outcomes = all.iter_mut().map(|operation| Pin::new(operation).take_output().unwrap());
        (alone, outcomes.collect())
    }

    /// Checks that after a fault no write is taken, and that reads return answered writes or `Unavailable`.
    pub(crate) fn check_failed(&mut self, store: &RedbStore) {
        if matches!(self.disk.fired(), Some(FaultKind::Full | FaultKind::FullOnce)) {
            // The store reads the file again; an unanswered write that shows now is there to stay.
            match block_on(observe(store, &mut self.versions)) {
                Ok(found) => drop(self.history.reconcile(found, self.clock.now())),
                Err(error) => self.assert_failed(&error, ErrorKind::Unavailable),
            }
        }
        let known = self.history.answered();
        for operation in self.planner.one_of_each(&known) {
            let refused = block_on(operation.perform(store)).unwrap_err();
            self.assert_refused(&refused);
        }
        self.assert_refused(&block_on(store.check_ready()).unwrap_err());
        block_on(check_reads(store, &known, self.clock.now()));
    }

    /// Checks the error of a write whose outcome is unknown, or that was refused since the disk is full.
    fn assert_refused(&self, error: &Error) {
        let is_full = matches!(self.disk.fired(), Some(FaultKind::Full | FaultKind::FullOnce));
        let waits = is_full && error.kind() == ErrorKind::Unavailable;
        assert!(!waits || error.retry_after().is_some(), "{error:?}");
        self.assert_failed(error, if waits { ErrorKind::Unavailable } else { ErrorKind::Closed });
    }

    fn assert_failed(&self, error: &Error, kind: ErrorKind) {
        assert!(self.disk.fired().is_some(), "the disk has not failed: {error:?}");
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(error.to_string().contains("failing.kv"), "{error}");
    }

    /// Closes the store; the fault may fire meanwhile.
    pub(crate) fn close(&self, store: &RedbStore) {
        if let Err(error) = block_on(store.close()) {
            self.assert_failed(&error, ErrorKind::Other);
        }
    }

    /// Cuts the power, if it is on, and restarts the disk with what survived.
    pub(crate) fn lose_power(&mut self, store: Option<&RedbStore>, survivors: &Survivors) {
        self.disk.cut_power();
        if let Some(store) = store {
            let _ = block_on(store.close());
        }
        self.disk = Disk::with_file(self.disk.image(survivors));
    }

    /// Checks that a store opened by path, on a copy of the file, has the same content.
    pub(crate) fn check_copy(&mut self, setting: Setting) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy.kv");
        fs::write(&path, self.disk.file()).unwrap();
        let store = self.builder(setting).open_blocking(path).unwrap();
        let found = block_on(observe(&store, &mut self.versions)).unwrap();
        self.history.clone().reconcile(found, self.clock.now());
        block_on(store.close()).unwrap();
    }

    /// Repairs the disk, and checks that the store works, that its tables agree, and that a sweep leaves no
    /// row of expired entries and deleted namespaces.
    pub(crate) fn check_recovered(&mut self, setting: Setting, plans: Vec<Plan>) {
        self.disk.set_fault(None);
        let store = self.open(setting).unwrap();
        assert!(self.batch(&store, plans));
        block_on(store.close()).unwrap();
        let rows = self.check_tables();
        if rows.expiries == 0 && rows.deleted_namespaces == 0 {
            return;
        }
        self.advance(LONGER_THAN_ANY_TTL);
        let store = self.open(setting).unwrap();
        block_on(store.sweep(usize::MAX)).unwrap();
        let found = block_on(observe(&store, &mut self.versions)).unwrap();
        let entries = found.entries() as u64;
        self.history.reconcile(found, self.clock.now());
        block_on(store.close()).unwrap();
        assert_eq!(self.check_tables(), RowCounts { entries, expiries: 0, deleted_namespaces: 0 });
    }

    fn check_tables(&self) -> RowCounts {
        let mut database = Database::builder().create_with_backend(self.disk.clone()).unwrap();
        assert!(database.check_integrity().unwrap());
        check_tables(&database)
    }
}
