//! Damaged rows and pages: each is a clear error, and the rest of the store keeps working.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{path::Path, sync::Arc, time::Duration};

use kv_core::{
    ErrorKind, Expected, Expiration, KvStore, ListOptions, Metadata, PutEntry, PutOptions, Result, prelude::*,
};
use kv_redb::RedbStore;
use kv_testkit::ManualClock;
use redb::{Database, ReadableTable, Table, TableDefinition};

const ENTRIES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("entries");
const CHUNKS: TableDefinition<'_, (u64, u32), &[u8]> = TableDefinition::new("pieces");

/// Returns the key of a row: the first namespace's number, then the bytes of the entry's key.
fn entry_key(key: &[u8]) -> Vec<u8> {
    [&[0; 4], key].concat()
}

/// Changes the row of the entry `key` in the first namespace.
fn change(path: &Path, key: &[u8], change: impl FnOnce(&mut Vec<u8>)) {
    let database = Database::open(path).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut entries = transaction.open_table(ENTRIES).unwrap();
        let key = entry_key(key);
        let mut row = entries.get(&key[..]).unwrap().map(|row| row.value().to_owned()).unwrap_or_default();
        change(&mut row);
        entries.insert(&key[..], &row[..]).unwrap();
    }
    transaction.commit().unwrap();
}

async fn open(path: &Path) -> Result<(RedbStore, kv_redb::RedbNamespace)> {
    let store = RedbStore::open(path).await?;
    let namespace = store.open_namespace("a").await?;
    Ok((store, namespace))
}

fn assert_corrupt<T: std::fmt::Debug>(outcome: Result<T>) {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
    assert!(error.to_string().contains("app.kv"), "{error}");
}

#[tokio::test]
async fn damaged_values_are_errors_and_not_absent() -> Result<()> {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 7] = [
        ("cut short", |row| row.truncate(5)),
        ("empty", Vec::clear),
        ("of an unknown version", |row| row[0] = 9),
        ("with unknown flags", |row| row[1] = 0x80),
        ("with a flipped bit in its value", |row| {
            let value = row.len() - 5;
            row[value] ^= 1;
        }),
        ("with a flipped bit in its checksum", |row| *row.last_mut().unwrap() ^= 1),
        ("of another version of the entry", |row| row[9] ^= 1),
    ];
    for (name, damage) in damages {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.kv");
        let (store, kv) = open(&path).await?;
        kv.put("bad", "1").await?;
        kv.put("good", "2").await?;
        store.close().await?;
        change(&path, b"bad", damage);

        let (store, kv) = open(&path).await?;
        println!("a row {name}");
        assert_corrupt(kv.get("bad").await);
        assert_corrupt(kv.get_many(["good", "bad"]).await);
        assert_eq!(kv.get("good").await?.unwrap(), "2");
        kv.put("good", "3").await?;
        assert_eq!(kv.get("good").await?.unwrap(), "3");
        store.close().await?;
    }
    Ok(())
}

/// Checks that a large value is `Corrupt` after a change of its chunks.
async fn assert_chunks_are_checked(
    change: impl FnOnce(&mut Table<'_, (u64, u32), &'static [u8]>),
) -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    let (store, kv) = open(&path).await?;
    kv.put("large", vec![7; 500_000]).await?;
    store.close().await?;
    {
        let database = Database::open(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        change(&mut transaction.open_table(CHUNKS).unwrap());
        transaction.commit().unwrap();
    }
    let (store, kv) = open(&path).await?;
    assert_corrupt(kv.get("large").await);
    store.close().await
}

#[tokio::test]
async fn a_value_with_a_missing_chunk_is_corrupt_and_not_shorter() -> Result<()> {
    assert_chunks_are_checked(|chunks| drop(chunks.pop_first().unwrap().unwrap())).await
}

#[tokio::test]
async fn a_chunk_with_a_flipped_bit_is_corrupt() -> Result<()> {
    assert_chunks_are_checked(|chunks| {
        let (key, mut chunk) = {
            let (key, chunk) = chunks.last().unwrap().unwrap();
            (key.value(), chunk.value().to_owned())
        };
        chunk[1_000] ^= 1;
        chunks.insert(key, &chunk[..]).unwrap();
    })
    .await
}

/// redb panics over some damaged pages; a caller gets an error.
#[tokio::test]
async fn a_damaged_page_is_an_error_and_not_a_panic() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    let (store, kv) = open(&path).await?;
    let entries = (0..300).map(|number| kv_core::PutEntry::new(format!("{number:04}"), vec![7; 300]));
    kv.put_many(entries.collect::<Result<Vec<_>, _>>()?).await?.into_result()?;
    store.close().await?;
    let whole = std::fs::read(&path).unwrap();
    let mut corrupt = 0;
    for page in 1..60 {
        let mut bytes = whole.clone();
        // After the page's type come the number of its pairs and the offset of each end.
        for byte in bytes.iter_mut().skip(page * 4096 + 2).take(10) {
            *byte ^= 0x55;
        }
        std::fs::write(&path, &bytes).unwrap();
        let Ok((store, kv)) = open(&path).await else { continue };
        for number in 0..300 {
            match kv.get(format!("{number:04}")).await {
                Ok(value) => assert!(value.is_none_or(|value| value == vec![7; 300]), "a wrong value"),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
                    corrupt += 1;
                }
            }
        }
        for outcome in [kv.list_page(ListOptions::default()).await.map(drop), kv.put("0000", "new").await] {
            if let Err(error) = outcome {
                assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Closed), "{error:?}");
            }
        }
        let _ = store.close().await;
    }
    assert!(corrupt > 0, "no page of entries was damaged");
    Ok(())
}

/// A bulk get has one answer, so it fails as a whole, and its error names the damaged key.
#[tokio::test]
async fn a_bulk_get_names_the_damaged_key() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    let (store, kv) = open(&path).await?;
    kv.put("bad", "1").await?;
    kv.put("good", "2").await?;
    store.close().await?;
    change(&path, b"bad", |row| *row.last_mut().unwrap() ^= 1);
    let (store, kv) = open(&path).await?;
    let error = kv.get_many(["good", "bad"]).await.unwrap_err();
    assert_eq!(error.key().map(kv_core::Key::as_str), Some("bad"), "{error:?}");
    assert!(!error.is_retryable());
    assert_eq!(kv.get_many(["good"]).await?[0].as_ref().unwrap(), "2");
    store.close().await
}

#[tokio::test]
async fn a_damaged_entry_is_listed_and_a_write_replaces_it() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    let damage = |key: &[u8]| change(&path, key, |row| *row.last_mut().unwrap() ^= 1);
    let keys = ["a", "b", "c", "d", "e"];
    let minute = Expiration::after(Duration::from_secs(60))?;
    let (store, kv) = open(&path).await?;
    for key in keys {
        let options = PutOptions::from(Metadata::new("m")?).with_expiration(minute);
        kv.put_with(key, vec![7; 5_000], options).await?;
    }
    store.close().await?;
    for key in ["a", "b", "c", "d"] {
        damage(key.as_bytes());
    }

    let (store, kv) = open(&path).await?;
    let page = kv.list_page(ListOptions::default()).await?;
    let listed: Vec<_> = page.keys.iter().map(|key| (key.name.as_str(), key.metadata.is_some())).collect();
    assert_eq!(listed, [("a", false), ("b", false), ("c", false), ("d", false), ("e", true)]);
    assert_corrupt(kv.get_with_metadata("a").await);
    // The condition cannot be compared.
    assert_corrupt(kv.put_if("a", Expected::Absent, "2", PutOptions::default()).await);
    assert_corrupt(kv.delete_if("a", kv_core::Version::new(1)).await);

    kv.put("a", "new").await?;
    kv.delete("b").await?;
    kv.put_many([PutEntry::new("c", vec![8; 9_000])?]).await?.into_result()?;
    kv.delete_many(["d"]).await?.into_result()?;
    assert_eq!(kv.get("a").await?.unwrap(), "new");
    assert_eq!(kv.get("c").await?.unwrap(), vec![8; 9_000]);
    assert_eq!(kv.get_many(["b", "d"]).await?, [None, None]);
    let page = kv.list_page(ListOptions::default()).await?;
    assert_eq!(page.keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["a", "c", "e"]);
    store.close().await?;

    // Expiries of replaced entries remove none of the new ones.
    let clock = ManualClock::default();
    clock.advance(Duration::from_secs(1_000_000_000));
    let store = RedbStore::builder().clock(Arc::new(clock)).sweep_interval(None).open(&path).await?;
    store.sweep(100).await?;
    let kv = store.open_namespace("a").await?;
    assert_eq!(kv.get("a").await?.unwrap(), "new");
    assert_eq!(kv.get("c").await?.unwrap(), vec![8; 9_000]);
    store.close().await?;

    // A row whose key is not UTF-8 is skipped.
    change(&path, b"\xff", |row| row.extend([1; 10]));
    let (store, kv) = open(&path).await?;
    assert_eq!(kv.list_page(ListOptions::default()).await?.keys.len(), 2);
    store.close().await
}

/// Builds a tree whose branch leads to one leaf twice, as a misdirected write leaves it: a scan meets
/// its keys twice.
#[tokio::test]
async fn a_listing_over_a_duplicated_page_ends() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    let (store, kv) = open(&path).await?;
    let entries = (0..400).map(|number| PutEntry::new(format!("{number:04}"), vec![7; 100]));
    kv.put_many(entries.collect::<Result<Vec<_>, _>>()?).await?.into_result()?;
    store.close().await?;
    let whole = std::fs::read(&path).unwrap();
    let is_leaf = |page: &[u8]| page[0] == 1 && page.windows(4).any(|bytes| bytes == b"0100");
    let leaves: Vec<usize> = (1..whole.len() / 4096)
        .filter(|page| whole[page * 4096..][..4096].windows(5).any(|bytes| bytes == [0, 0, 0, 0, b'0']))
        // An id of a namespace may look like a key, but only entries have this value.
        .filter(|page| whole[page * 4096..][..4096].windows(100).any(|bytes| bytes == [7; 100]))
        .filter(|page| whole[page * 4096] == 1)
        .collect();
    assert!(leaves.len() > 5 && leaves.iter().any(|page| is_leaf(&whole[page * 4096..][..4096])));
    let mut corrupt = 0;
    for pair in leaves.windows(2) {
        for (from, to) in [(pair[0], pair[1]), (pair[1], pair[0])] {
            let mut bytes = whole.clone();
            bytes.copy_within(from * 4096..(from + 1) * 4096, to * 4096);
            std::fs::write(&path, &bytes).unwrap();
            let store = RedbStore::builder().sweep_interval(None).open(&path).await?;
            let kv = store.open_namespace("a").await?;
            let mut options = ListOptions::default().with_limit(7)?;
            for _ in 0..100 {
                match kv.list_page(options.clone()).await {
                    Ok(page) => match page.next {
                        Some(next) => options = options.with_cursor(next),
                        None => break,
                    },
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
                        corrupt += 1;
                        break;
                    }
                }
            }
            let first = kv.list_page(ListOptions::default()).await.map(|page| page.keys.len());
            assert!(first.is_err() || first.is_ok_and(|keys| keys <= 400));
            store.close().await?;
        }
    }
    assert!(corrupt > 0, "no duplicated leaf was in the listing");
    Ok(())
}

/// Writes to the keys of one damaged page fail, all others succeed, and the store goes on.
#[tokio::test]
async fn a_damaged_page_fails_writes_to_its_own_keys_only() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    let (store, kv) = open(&path).await?;
    let keys = || (0..300).map(|number| format!("{number:04}"));
    let entries = keys().map(|key| PutEntry::new(key, vec![7; 300]));
    kv.put_many(entries.collect::<Result<Vec<_>, _>>()?).await?.into_result()?;
    store.close().await?;
    let whole = std::fs::read(&path).unwrap();
    let leaf = (1..whole.len() / 4096)
        .find(|page| {
            whole[page * 4096] == 1 && whole[page * 4096..][..4096].windows(4).any(|bytes| bytes == b"0150")
        })
        .unwrap();
    let mut bytes = whole.clone();
    for byte in bytes.iter_mut().skip(leaf * 4096 + 2).take(10) {
        *byte ^= 0x55;
    }
    std::fs::write(&path, &bytes).unwrap();
    let (store, kv) = open(&path).await?;
    let puts = keys().map(|key| PutEntry::new(key, "new"));
    let report = kv.put_many(puts.collect::<Result<Vec<_>, _>>()?).await?;
    assert!((1..40).contains(&report.failed.len()), "{}", report.failed.len());
    assert!(report.failed.iter().all(|failed| failed.error.kind() == ErrorKind::Corrupt));
    let mut answered = 0;
    for key in keys() {
        if let Ok(value) = kv.get(&key).await {
            assert_eq!(value.unwrap(), "new", "{key}");
            answered += 1;
        }
    }
    assert_eq!(answered, 300 - report.failed.len());
    store.check_ready().await?;
    kv.put("another", "1").await?;
    store.close().await?;
    let (store, kv) = open(&path).await?;
    assert_eq!(kv.get("another").await?.unwrap(), "1");
    store.close().await
}
