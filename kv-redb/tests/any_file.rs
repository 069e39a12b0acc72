//! Arbitrary bytes in place of a store's file: a clear error, or a store whose answers are right or errors.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{fs, path::Path, sync::LazyLock};

use futures_executor::block_on;
use kv_core::{ErrorKind, KvStore, PutEntry, Result, prelude::*};
use kv_redb::RedbStore;
use proptest::{collection::vec, prelude::*, sample::Index};

const KEYS: usize = 60;

fn key(number: usize) -> String {
    format!("{number:04}")
}

/// Returns small values and ones that are stored in chunks.
fn value(number: usize) -> Vec<u8> {
    vec![u8::try_from(number).unwrap(); number * 150]
}

/// File of a store that was closed.
static ORIGINAL: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    let created: Result<()> = block_on(async {
        let store = RedbStore::open(&path).await?;
        let kv = store.open_namespace("a").await?;
        let entries = (0..KEYS).map(|number| PutEntry::new(key(number), value(number)));
        kv.put_many(entries.collect::<Result<Vec<_>, _>>()?).await?.into_result()?;
        store.close().await
    });
    created.unwrap();
    fs::read(path).unwrap()
});

/// Opens the file at `path`, and reads and writes the store if it opens.
async fn use_file(path: &Path) {
    let store = match RedbStore::open(path).await {
        Ok(store) => store,
        Err(error) => {
            assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Other), "{error:?}");
            assert!(error.to_string().contains("app.kv"), "{error}");
            return;
        }
    };
    if let Ok(kv) = store.open_namespace("a").await {
        for number in 0..KEYS {
            match kv.get(key(number)).await {
                Ok(found) => assert!(found.is_none_or(|found| found == value(number)), "a wrong value"),
                Err(error) => assert_expected(&error),
            }
        }
        for outcome in [kv.list_page(kv_core::ListOptions::default()).await.map(drop), kv.put("k", "v").await]
        {
            outcome.unwrap_or_else(|error| assert_expected(&error));
        }
    }
    let _ = store.close().await;
}

fn assert_expected(error: &kv_core::Error) {
    let kind = error.kind();
    assert!(matches!(kind, ErrorKind::Corrupt | ErrorKind::Closed | ErrorKind::Unavailable), "{error:?}");
    assert!(error.to_string().contains("app.kv"), "{error}");
}

fn check(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    fs::write(&path, bytes).unwrap();
    block_on(use_file(&path));
}

/// Draws places and new bytes, most of them in the file's header on the first page.
fn changes() -> impl Strategy<Value = Vec<(usize, u8)>> {
    let places = prop_oneof![0..320_usize, 0..4096_usize, 0..200_000_usize];
    vec((places, any::<u8>()), 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_with_changed_bytes_answers_rightly_or_with_an_error(changes in changes()) {
        let mut bytes = ORIGINAL.clone();
        for (place, byte) in changes {
            bytes[place] = byte;
        }
        check(&bytes);
    }

    #[test]
    fn a_file_cut_short_answers_rightly_or_with_an_error(len: Index) {
        check(&ORIGINAL[..len.index(ORIGINAL.len())]);
    }

    #[test]
    fn random_bytes_are_refused_or_opened(bytes in vec(any::<u8>(), 1..10_000), has_magic_number: bool) {
        let mut bytes = bytes;
        if has_magic_number {
            let start = bytes.len().min(9);
            bytes[..start].copy_from_slice(&ORIGINAL[..start]);
        }
        check(&bytes);
    }
}
