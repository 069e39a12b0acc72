//! Messages of opening a store, each compared as a whole.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use futures_executor::block_on;
use kv_core::{ErrorKind, KvStore, prelude::*};
use kv_redb::{RedbStore, RedbStoreBuilder};
use redb::{Database, StorageBackend, TableDefinition, backends::InMemoryBackend};

/// Makes something that cannot be opened in a folder. Returns its path, and the builder to open it with.
type Prepare = fn(&Path) -> (PathBuf, RedbStoreBuilder);

/// Backend without any space.
#[derive(Debug, Default)]
struct FullDisk(InMemoryBackend);

impl StorageBackend for FullDisk {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, _len: u64) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, _offset: u64, _data: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }
}

/// Makes a store with one entry of 100,000 bytes.
fn store(folder: &Path) -> PathBuf {
    let path = folder.join("app.kv");
    let store = RedbStore::open_blocking(&path).unwrap();
    let namespace = block_on(store.open_namespace("a")).unwrap();
    block_on(namespace.put("key", vec![7; 100_000])).unwrap();
    block_on(store.close()).unwrap();
    path
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// Writes a number to a table of a redb file.
fn write_number(path: &Path, table: &str, key: &str, number: u64) {
    let database = Database::create(path).unwrap();
    let transaction = database.begin_write().unwrap();
    let table: TableDefinition<'_, &str, u64> = TableDefinition::new(table);
    transaction.open_table(table).unwrap().insert(key, number).unwrap();
    transaction.commit().unwrap();
}

const CASES: [(&str, Prepare, ErrorKind, &str); 14] = [
    (
        "a folder",
        |folder| (folder.to_owned(), RedbStore::builder()),
        ErrorKind::Other,
        "the path {path} is a folder: choose the path of a regular file",
    ),
    (
        "a FIFO",
        |folder| {
            let path = folder.join("fifo");
            assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
            (path, RedbStore::builder())
        },
        ErrorKind::Other,
        "the path {path} is a FIFO, a device or a socket: choose the path of a regular file",
    ),
    (
        "a missing folder",
        |folder| (folder.join("missing/app.kv"), RedbStore::builder()),
        ErrorKind::Other,
        "the store {path} cannot be opened: make sure that its folder exists, and that the file can be read \
         and written",
    ),
    (
        "a full disk",
        |folder| (folder.join("app.kv"), RedbStore::builder().storage_backend(FullDisk::default())),
        ErrorKind::Other,
        "the store {path} cannot be opened, since its disk is full: free space and try again",
    ),
    (
        "an open store",
        |folder| {
            let path = store(folder);
            // Stays open until the process ends.
            std::mem::forget(RedbStore::open_blocking(&path).unwrap());
            (path, RedbStore::builder())
        },
        ErrorKind::Locked,
        "the store {path} is open already, here or in another process: close it there first",
    ),
    (
        "a text",
        |folder| {
            let path = folder.join("notes.txt");
            fs::write(&path, "notes, and more of them than redb's magic number is long").unwrap();
            (path, RedbStore::builder())
        },
        ErrorKind::Corrupt,
        "the file {path} is not a store of kv-redb: choose another path; the file was left as it was",
    ),
    (
        "another program's redb file",
        |folder| {
            let path = folder.join("other.redb");
            write_number(&path, "other", "a", 1);
            (path, RedbStore::builder())
        },
        ErrorKind::Corrupt,
        "the file {path} is a redb file of another program: choose another path",
    ),
    (
        "a newer layout",
        |folder| {
            let path = store(folder);
            write_number(&path, "kv-redb", "format", 2);
            (path, RedbStore::builder())
        },
        ErrorKind::Corrupt,
        "the store {path} has layout version 2 (supported: 1): open it with a newer kv-redb",
    ),
    (
        "an older file format of redb",
        |folder| {
            let path = store(folder);
            // The version of the format is the first byte of each of the header's two slots.
            change(&path, |bytes| [64, 192].into_iter().for_each(|slot| bytes[slot] = 2));
            (path, RedbStore::builder())
        },
        ErrorKind::Corrupt,
        "the file {path} has redb's file format 2 (supported: 3): upgrade it with the redb that wrote it",
    ),
    (
        "the first page alone",
        |folder| {
            let path = store(folder);
            change(&path, |bytes| bytes.truncate(5_000));
            (path, RedbStore::builder())
        },
        ErrorKind::Corrupt,
        "the store {path} is damaged (2 pages do not match the checksum): restore a backup, or copy what is \
         whole with `RedbStore::salvage`",
    ),
    (
        "a part of the header",
        |folder| {
            let path = store(folder);
            change(&path, |bytes| bytes.truncate(100));
            (path, RedbStore::builder())
        },
        ErrorKind::Corrupt,
        "the store {path} is cut short: restore a backup, or copy what is whole with `RedbStore::salvage`",
    ),
    (
        "a half of the file",
        |folder| {
            let path = store(folder);
            change(&path, |bytes| bytes.truncate(bytes.len() / 2));
            (path, RedbStore::builder())
        },
        ErrorKind::Corrupt,
        "the store {path} is damaged: restore a backup, or copy what is whole with `RedbStore::salvage`",
    ),
    (
        "a damaged value",
        |folder| {
            let path = store(folder);
            change(&path, |bytes| {
                let value = bytes.windows(4_000).position(|window| *window == [7; 4_000]).unwrap();
                bytes[value + 2_000] = 8;
            });
            (path, RedbStore::builder().check(true))
        },
        ErrorKind::Corrupt,
        "the store {path} is damaged (1 page does not match the checksum): restore a backup, or copy what is \
         whole with `RedbStore::salvage`",
    ),
    (
        "a missing table",
        |folder| {
            let path = folder.join("app.kv");
            write_number(&path, "kv-redb", "format", 1);
            (path, RedbStore::builder())
        },
        ErrorKind::Corrupt,
        "the store {path} is damaged: restore a backup, or copy what is whole with `RedbStore::salvage`",
    ),
];

#[test]
fn every_message_of_the_builder_says_what_is_wrong_and_what_to_do() {
    for (what, prepare, kind, message) in CASES {
        let folder = tempfile::tempdir().unwrap();
        let (path, builder) = prepare(folder.path());
        let error = builder.open_blocking(&path).unwrap_err();
        assert_eq!(error.kind(), kind, "{what}: {error:?}");
        assert_eq!(error.to_string(), message.replace("{path}", path.to_str().unwrap()), "{what}");
    }
}
