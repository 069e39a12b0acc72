//! Concurrent openings of a path without a store: one creates it, and the others are refused.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, path::Path, sync::Barrier, thread};

use futures_executor::block_on;
use kv_core::{ErrorKind, KvStore, prelude::*};
use kv_redb::RedbStore;

const OPENINGS: usize = 4;

/// Opens `path` from several threads at once. Locks belong to open files, so threads compete as processes do.
fn open_at_once(path: &Path) -> Vec<kv_core::Result<RedbStore>> {
    let barrier = Barrier::new(OPENINGS);
    thread::scope(|scope| {
        let open = || {
            barrier.wait();
            RedbStore::open_blocking(path)
        };
        let threads: Vec<_> = (0..OPENINGS).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn one_of_many_openings_creates_the_store_and_the_others_are_locked() {
    // No file, an empty one, and one whose creation was cut short.
    for left in [None, Some(0), Some(1_056_768)] {
        for round in 0..25 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("app.kv");
            if let Some(len) = left {
                fs::write(&path, vec![0; len]).unwrap();
            }
            let mut opened = Vec::new();
            for outcome in open_at_once(&path) {
                match outcome {
                    Ok(store) => opened.push(store),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Locked, "{left:?}, {round}: {error:?}"),
                }
            }
            let store = opened.pop().unwrap();
            assert!(opened.is_empty(), "{left:?}, {round}: two stores on one file");
            let namespace = block_on(store.open_namespace("a")).unwrap();
            block_on(namespace.put("key", "1")).unwrap();
            block_on(store.close()).unwrap();
        }
    }
}
