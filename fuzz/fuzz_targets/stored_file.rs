//! Any bytes in the place of kv-redb's file: an error, or answers that are right or errors.
//!
//! An input is changes of a whole file, of five bytes each: a place and a byte. One that starts with redb's magic number is
//! the file itself.
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
/// A damaged file may say that it is as long as it likes.
const MAX_FILE: u64 = 16 << 20;

/// A file in memory; clones are the same one.
#[derive(Debug, Clone, Default)]
struct File(Arc<Mutex<Vec<u8>>>);

impl File {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap()
    }
}

fn place(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(io::Error::other)
}

impl StorageBackend for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let start = place(offset)?;
        let bytes = self.bytes();
        let found = start.checked_add(out.len()).and_then(|end| bytes.get(start..end));
        out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if len > MAX_FILE {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes().resize(place(len)?, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let start = place(offset)?;
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

/// Small values and ones in pieces.
fn value(number: usize) -> Vec<u8> {
    vec![u8::try_from(number).unwrap(); number * 400]
}

/// A store's file, closed cleanly.
static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
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

/// redb panics on some damage, which kv-redb catches. Every other panic is a finding.
fn end_at_panics_but_those_of_redb() {
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
        LazyLock::force(&WHOLE);
        end_at_panics_but_those_of_redb();
    },
    |data: &[u8]| {
        let bytes = if data.starts_with(b"redb") { data.to_vec() } else { changed(data) };
        let file = File(Arc::new(Mutex::new(bytes)));
        if let Ok(store) = open(&file) {
            block_on(use_it(&store));
        }
    }
);

fn changed(changes: &[u8]) -> Vec<u8> {
    let mut bytes = WHOLE.clone();
    let (changes, _) = changes.as_chunks::<5>();
    for &[a, b, c, d, byte] in changes.iter().take(64) {
        let place = u32::from_le_bytes([a, b, c, d]) as usize % bytes.len();
        bytes[place] = byte;
    }
    bytes
}

async fn use_it(store: &RedbStore) {
    if let Ok(kv) = store.open_namespace("a").await {
        for number in 0..KEYS {
            if let Ok(found) = kv.get(key(number)).await {
                assert!(found.is_none_or(|found| found == value(number)), "a wrong value");
            }
        }
        _ = kv.list_page(ListOptions::default()).await;
        _ = kv.put("k", "v").await;
        _ = kv.delete(key(1)).await;
    }
    _ = store.sweep(10).await;
    _ = store.close().await;
}
