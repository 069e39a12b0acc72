//! Test of every message about an open store or a copy. Those of the builder are in `tests/messages.rs`.

use std::{io, path::Path, time::Duration};

use crate::file::{
    error::{
        clock_panicked, close_failed, closed, copy_failed, corrupt_entry, disk_full, forked, header_damaged,
        namespace_not_found, read_failed, reopened, unreadable, write_failed, write_filled_disk,
        write_met_damage,
    },
    stored_entry::CorruptEntry,
};

#[test]
fn every_message_says_what_is_wrong_and_what_to_do() {
    let path = Path::new("app.kv");
    let damaged = || redb::Error::Corrupted("a page".to_owned());
    let io = |kind: io::ErrorKind| redb::Error::Io(kind.into());
    let cases = [
        (closed(path), "the store app.kv is closed: open it again"),
        (forked(path), "the store app.kv was opened before this process was forked: open it in this process"),
        (
            clock_panicked(path),
            "the clock of the store app.kv panicked, so nothing was done: fix the `Clock` given to the \
             builder; the panic's message is on standard error",
        ),
        (namespace_not_found(), "the store has no namespace with this id: create one, or check the id"),
        (
            write_failed(path, redb::Error::PreviousIo),
            "a write to the store app.kv failed, so it takes no more; the outcome of the last writes is \
             unknown: remove the cause and open the store again",
        ),
        (
            write_filled_disk(path, redb::Error::PreviousIo),
            "a write to the store app.kv failed since its disk is full; its outcome is unknown: free space, \
             then read what is stored",
        ),
        (
            disk_full(path, Duration::from_secs(1)),
            "the disk of the store app.kv is full, so this write was not tried: free space; the store then \
             takes writes again by itself",
        ),
        (read_failed(path, redb::Error::DatabaseClosed), "the store app.kv is closed: open it again"),
        (
            read_failed(path, damaged()),
            "the store app.kv is damaged: restore a backup, or copy what is whole with `RedbStore::salvage`",
        ),
        (
            read_failed(path, redb::Error::PreviousIo),
            "the store app.kv failed earlier, and this is not in memory: open it again",
        ),
        (
            read_failed(path, io(io::ErrorKind::Other)),
            "reading the store app.kv failed: try again, or remove the cause and open it again",
        ),
        (reopened(path), "the store app.kv opened its file again during this read: read again"),
        (
            corrupt_entry(path, CorruptEntry("an entry is cut short")),
            "the store app.kv is damaged (an entry is cut short): restore a backup, or copy what is whole \
             with `RedbStore::salvage`",
        ),
        (
            write_met_damage(path, damaged()),
            "the store app.kv is damaged where this write would go, so it was not applied: restore a backup, \
             or copy what is whole with `RedbStore::salvage`",
        ),
        (unreadable(path), "the store app.kv is damaged so badly that it cannot be read: restore a backup"),
        (
            header_damaged(path),
            "the file app.kv is not a store, or its header is damaged: check the path, or restore a backup",
        ),
        (
            close_failed(path, redb::Error::PreviousIo),
            "closing the store app.kv failed: every acknowledged write is in it, and the next opening \
             repairs it",
        ),
        (
            copy_failed(path, redb::Error::DatabaseAlreadyOpen),
            "another copy is being written to app.kv: wait for it, or choose another path",
        ),
        (
            copy_failed(path, io(io::ErrorKind::AlreadyExists)),
            "no copy was written to app.kv: there is a file already, or another program's with .partial \
             behind the name; choose another path",
        ),
        (
            copy_failed(path, io(io::ErrorKind::StorageFull)),
            "no copy was written to app.kv: the disk is full; free space, or choose another disk",
        ),
        (
            copy_failed(path, io(io::ErrorKind::NotFound)),
            "no copy was written to app.kv: make sure that its folder exists and can be written, or choose \
             another path",
        ),
    ];
    for (error, message) in cases {
        assert_eq!(error.to_string(), message);
        assert_eq!(error.backend(), "kv-redb");
    }
}
