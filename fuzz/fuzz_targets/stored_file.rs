//! Fuzz target for damaged files of kv-redb: opening and each call return an error or a right result, never a
//! wrong value.
//!
//! Input: changes to an intact file, five bytes each: an offset (four bytes, little-endian) and the new byte.
//! An input that starts with redb's magic number is a whole file.
#![no_main]

use std::{
    io,
    panic::set_hook,
    process::abort,
    sync::{Arc, LazyLock, Mutex, MutexGuard},
};

use futures_executor::block_on;
use kv_core::{KvStore, ListOptions, PutEntry, prelude::*};
use kv_redb::RedbStore;
use libfuzzer_sys::fuzz_target;
use redb::StorageBackend;

const KEYS: usize = 24;
/// Longest file, since a damaged one may ask for any length.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// A file in memory. Clones share the bytes.
#[derive(Debug, Clone, Default)]
struct File(Arc<Mutex<Vec<u8>>>);

impl File {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap()
    }
}

fn to_index(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(io::Error::other)
}

impl StorageBackend for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let start = to_index(offset)?;
        let bytes = self.bytes();
        let found = start.checked_add(out.len()).and_then(|end| bytes.get(start..end));
        out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if len > MAX_FILE_BYTES {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes().resize(to_index(len)?, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let start = to_index(offset)?;
        let mut bytes = self.bytes();
        let target = start.checked_add(data.len()).and_then(|end| bytes.get_mut(start..end));
        target.ok_or(io::ErrorKind::UnexpectedEof)?.copy_from_slice(data);
        Ok(())
    }
}

fn open(file: &File) -> kv_core::Result<RedbStore> {
    let builder = RedbStore::builder().cache_bytes(1 << 20).sweep_interval(None);
    builder.storage_backend(file.clone()).open_blocking("app.kv")
}

fn key(number: usize) -> String {
    format!("{number:04}")
}

/// Returns the value of entry `number`: small ones and chunked ones.
fn value(number: usize) -> Vec<u8> {
    vec![u8::try_from(number).unwrap(); number * 400]
}

/// An intact file, closed cleanly.
static INTACT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let file = File::default();
    block_on(async {
        let store = open(&file).unwrap();
        let kv = store.open_namespace("a").await.unwrap();
        let entries = (0..KEYS).map(|number| PutEntry::new(key(number), value(number)).unwrap());
        kv.put_many(entries).await.unwrap().into_result().unwrap();
        store.close().await.unwrap();
    });
    let bytes = file.bytes().clone();
    bytes
});

/// Aborts at any panic outside of redb. redb panics on some damage, which kv-redb catches; any other panic is
/// a finding.
fn abort_at_panics_outside_of_redb() {
    set_hook(Box::new(|info| {
        let is_redb = info.location().is_some_and(|location| location.file().contains("/redb-"));
        if !is_redb {
            eprintln!("{info}");
            abort();
        }
    }));
}

fuzz_target!(
    init: {
        LazyLock::force(&INTACT);
        abort_at_panics_outside_of_redb();
    },
    |data: &[u8]| {
        let bytes = if data.starts_with(b"redb") { data.to_vec() } else { changed(data) };
        let file = File(Arc::new(Mutex::new(bytes)));
        if let Ok(store) = open(&file) {
            block_on(use_store(&store));
        }
    }
);

/// Returns the intact file with at most 64 changes.
fn changed(changes: &[u8]) -> Vec<u8> {
    let mut bytes = INTACT.clone();
    let (changes, _) = changes.as_chunks::<5>();
    for &[a, b, c, d, byte] in changes.iter().take(64) {
        let offset = u32::from_le_bytes([a, b, c, d]) as usize % bytes.len();
        bytes[offset] = byte;
    }
    bytes
}

async fn use_store(store: &RedbStore) {
    if let Ok(kv) = store.open_namespace("a").await {
        for number in 0..KEYS {
            if let Ok(found) = kv.get(key(number)).await {
                assert!(found.is_none_or(|found| found == value(number)), "entry {number} has a wrong value");
            }
        }
        _ = kv.list_page(ListOptions::default()).await;
        _ = kv.put("k", "v").await;
        _ = kv.delete(key(1)).await;
    }
    _ = store.sweep(10).await;
    _ = store.close().await;
}
