//! Records that this crate did not write: each is a clear error, and the rest of the store works on.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::path::Path;

use kv_core::{ErrorKind, KvStore, ListOptions, Metadata, Result, prelude::*};
use kv_redb::RedbStore;
use redb::{Database, ReadableTable, Table, TableDefinition};

const ENTRIES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("entries");
const PIECES: TableDefinition<'_, (u64, u32), &[u8]> = TableDefinition::new("pieces");

/// The first namespace's number, before the bytes of the key.
fn entry_key(key: &[u8]) -> Vec<u8> {
    [&[0; 4], key].concat()
}

/// Changes the record of the entry that is `key` in the first namespace.
fn change(path: &Path, key: &[u8], change: impl FnOnce(&mut Vec<u8>)) {
    let database = Database::open(path).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut entries = transaction.open_table(ENTRIES).unwrap();
        let key = entry_key(key);
        let mut record =
            entries.get(&key[..]).unwrap().map(|record| record.value().to_owned()).unwrap_or_default();
        change(&mut record);
        entries.insert(&key[..], &record[..]).unwrap();
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
async fn damaged_values_are_told_from_absent_ones() -> Result<()> {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 7] = [
        ("cut short", |record| record.truncate(5)),
        ("empty", Vec::clear),
        ("of an unknown version", |record| record[0] = 9),
        ("with unknown flags", |record| record[1] = 0x80),
        ("with a flipped bit in its value", |record| {
            let value = record.len() - 5;
            record[value] ^= 1;
        }),
        ("with a flipped bit in its checksum", |record| *record.last_mut().unwrap() ^= 1),
        ("of another version of the entry", |record| record[9] ^= 1),
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
        println!("a record {name}");
        assert_corrupt(kv.get("bad").await);
        assert_corrupt(kv.get_many(["good", "bad"]).await);
        assert_eq!(kv.get("good").await?.unwrap(), "2");
        kv.put("good", "3").await?;
        assert_eq!(kv.get("good").await?.unwrap(), "3");
        store.close().await?;
    }
    Ok(())
}

/// Checks that a large value is `Corrupt` once its pieces were changed.
async fn assert_pieces_matter(change: impl FnOnce(&mut Table<'_, (u64, u32), &'static [u8]>)) -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    let (store, kv) = open(&path).await?;
    kv.put("large", vec![7; 500_000]).await?;
    store.close().await?;
    {
        let database = Database::open(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        change(&mut transaction.open_table(PIECES).unwrap());
        transaction.commit().unwrap();
    }
    let (store, kv) = open(&path).await?;
    assert_corrupt(kv.get("large").await);
    store.close().await
}

#[tokio::test]
async fn a_value_with_a_missing_piece_is_corrupt_and_not_shorter() -> Result<()> {
    assert_pieces_matter(|pieces| drop(pieces.pop_first().unwrap().unwrap())).await
}

#[tokio::test]
async fn a_piece_with_a_flipped_bit_is_corrupt() -> Result<()> {
    assert_pieces_matter(|pieces| {
        let (key, mut piece) = {
            let (key, piece) = pieces.last().unwrap().unwrap();
            (key.value(), piece.value().to_owned())
        };
        piece[1_000] ^= 1;
        pieces.insert(key, &piece[..]).unwrap();
    })
    .await
}

/// redb panics over some damaged pages: to a caller that is an error like another.
#[tokio::test]
async fn a_damaged_page_is_an_error_and_no_panic() -> Result<()> {
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
        // Behind the page's type stand the number of its pairs and where each ends.
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
    assert!(corrupt > 0, "some page holds entries");
    Ok(())
}

#[tokio::test]
async fn damaged_entries_are_not_left_out_of_listings_nor_written_over() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    let (store, kv) = open(&path).await?;
    kv.put_with("bad", "1", Metadata::new("m")?).await?;
    kv.put("good", "2").await?;
    store.close().await?;
    change(&path, b"bad", |record| *record.last_mut().unwrap() = b'x');

    let (store, kv) = open(&path).await?;
    assert_corrupt(kv.list_page(ListOptions::default()).await);
    assert_corrupt(kv.get_with_metadata("bad").await);
    assert_corrupt(kv.put("bad", "2").await);
    assert_corrupt(kv.delete("bad").await);
    let report = kv.delete_many(["bad", "good"]).await?;
    assert_eq!((report.succeeded, report.failed.len()), (1, 1));
    store.close().await?;

    change(&path, b"\xff", |record| record.extend([1; 10]));
    let (store, kv) = open(&path).await?;
    assert_corrupt(kv.list_page(ListOptions::default()).await);
    store.close().await
}
