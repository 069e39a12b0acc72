//! Undamaged file that the bits are flipped in.

use std::{fs, path::Path, sync::Arc, time::Duration};

use futures_executor::block_on;
use kv_core::{Expiration, KvStore, PutEntry, PutOptions, Result, prelude::*};
use kv_redb::RedbStore;
use kv_testkit::ManualClock;

/// Origin of the undamaged file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BaseFile {
    Closed,
    Crashed,
    CrashedWithQuickRepair,
}

/// Entries in the first namespace.
pub(crate) const ENTRIES: usize = 150;

pub(crate) fn key(number: usize) -> String {
    format!("key-{number:04}")
}

/// Returns small values and ones that are stored in chunks.
pub(crate) fn value(number: usize) -> Vec<u8> {
    let len = if number.is_multiple_of(10) { number * 150 } else { number };
    vec![u8::try_from(number % 251).unwrap(); len]
}

/// `true` for every third entry, which has expired when the child reads it.
pub(crate) fn expires(number: usize) -> bool {
    number.is_multiple_of(3)
}

impl BaseFile {
    /// Creates the file at `path`, with expired entries and a deleted namespace for the sweep.
    pub(crate) fn create(self, path: &Path) {
        let clock = ManualClock::default();
        let builder = RedbStore::builder()
            .clock(Arc::new(clock))
            .sweep_interval(None)
            .quick_repair(self == Self::CrashedWithQuickRepair);
        let created: Result<()> = block_on(async {
            let store = builder.open(path).await?;
            let kv = store.open_namespace("first").await?;
            let gone = store.open_namespace("deleted").await?;
            let soon = PutOptions::from(Expiration::after(Duration::from_secs(60))?);
            for numbers in [0..ENTRIES / 2, 0..ENTRIES] {
                let entries = numbers.map(|number| {
                    let options = if expires(number) { soon.clone() } else { PutOptions::default() };
                    PutEntry::new(key(number), value(number)).map(|entry| entry.with_options(options))
                });
                kv.put_many(entries.collect::<Result<Vec<_>, _>>()?).await?.into_result()?;
            }
            let entries = (0..40).map(|number| PutEntry::new(key(number), value(number)));
            gone.put_many(entries.collect::<Result<Vec<_>, _>>()?).await?.into_result()?;
            store.delete_namespace(gone.id()).await?;
            if self == Self::Closed {
                return store.close().await;
            }
            // The file as a crash leaves it: synced, and not closed.
            let copy = fs::read(path).unwrap();
            store.close().await?;
            fs::write(path, copy).unwrap();
            Ok(())
        });
        created.unwrap();
    }
}
