//! Cost of the contract over the bare engines, moka and redb: `cargo run --release --example cost`.
//!
//! Rounds alternate between both sides, and their medians are compared. This is a quick look with small
//! values and a file in the temporary folder; `cargo run --release -p bench` is the benchmark.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, future::join_all};
use kv_core::{Bytes, Clock, ListOptions, PutEntry, Result, SystemClock, prelude::*};
use kv_memory::MemoryNamespace;
use kv_redb::RedbStore;
use moka::sync::Cache;
use redb::{Database, ReadableDatabase, TableDefinition};

const ROUNDS: usize = 7;
const KEYS: usize = 10_000;
const VALUE: Bytes = Bytes::from_static(&[7; 128]);
const TABLE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("values");
/// Rows of a listing: the key, and 18 bytes, as many as kv-redb stores for an entry with an expiry.
const ROWS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("rows");

/// Result with an error of any of the engines.
type AnyResult<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main(worker_threads = 2)]
async fn main() -> AnyResult<()> {
    let folder = tempfile::tempdir()?;
    let memory: Arc<dyn KvNamespace> = Arc::new(MemoryNamespace::new());
    let moka: Cache<Arc<str>, Bytes> = Cache::builder().build();
    let store = RedbStore::open(folder.path().join("ours")).await?;
    let durable: Arc<dyn KvNamespace> = Arc::new(store.open_namespace("cost").await?);
    let redb = Database::create(folder.path().join("raw"))?;
    let keys: Arc<[String]> = (0..KEYS).map(|number| format!("key:{number:08}")).collect();

    fill(&*memory, &keys).await?;
    fill(&*durable, &keys).await?;
    for key in &*keys {
        moka.insert(key.as_str().into(), VALUE);
    }
    let transaction = redb.begin_write()?;
    for key in &*keys {
        transaction.open_table(TABLE)?.insert(key.as_str(), &VALUE[..])?;
        transaction.open_table(ROWS)?.insert(key.as_str(), &[7; 18][..])?;
    }
    transaction.commit()?;

    println!("allocations per get by &str on Arc<dyn KvNamespace>, value of 128 bytes:");
    let key = keys.first().map_or("", String::as_str);
    for (name, kv) in [("kv-memory", &memory), ("kv-redb", &durable)] {
        // The first call allocates the thread's own state, so the second one counts.
        let mut found = futures_executor::block_on(kv.get(key));
        let counted = allocation_counter::measure(|| found = futures_executor::block_on(kv.get(key)));
        assert!(found?.is_some(), "a key is missing");
        println!("  {name:<12} {}", counted.count_total);
    }

    println!(
        "{:<44} {:>14} {:>14} {:>8}",
        "operations per second, median of 7 rounds", "ours", "bare engine", "ratio"
    );
    let mut rounds = [const { Vec::new() }; 6];
    for _ in 0..ROUNDS {
        let [memory_get, memory_put, redb_get, redb_list, put_1, put_64] = &mut rounds;
        memory_get.push((
            rate(KEYS, gets(&memory, &keys)).await?,
            rate(KEYS, async { moka_gets(&moka, &keys) }).await?,
        ));
        memory_put.push((
            rate(KEYS, puts(&memory, &keys)).await?,
            rate(KEYS, async { moka_puts(&moka, &keys) }).await?,
        ));
        redb_get.push((
            rate(KEYS, gets(&durable, &keys)).await?,
            rate(KEYS, async { raw_gets(&redb, &keys) }).await?,
        ));
        redb_list.push((rate(KEYS, pages(&durable)).await?, rate(KEYS, async { raw_pages(&redb) }).await?));
        let raw_put = rate(200, async { raw_puts(&redb, &keys) }).await?;
        put_1.push((rate(200, puts(&durable, keys.get(..200).unwrap_or(&keys))).await?, raw_put));
        put_64.push((rate(64 * 50, concurrent_puts(&durable, &keys)).await?, raw_put));
    }
    let names = [
        "kv-memory get / moka::sync get",
        "kv-memory put / moka::sync insert",
        "kv-redb get / redb, one transaction per get",
        "kv-redb list of 1000, rows / redb range, copied",
        "kv-redb durable put, 1 task / redb commit",
        "kv-redb durable put, 64 tasks / redb commit",
    ];
    for (name, rounds) in names.into_iter().zip(rounds) {
        let (ours, bare): (Vec<_>, Vec<_>) = rounds.into_iter().unzip();
        let ours = median(ours);
        let bare = median(bare);
        println!("{name:<44} {ours:>14.0} {bare:>14.0} {:>8.2}", ours / bare);
    }
    kv_core::KvStore::close(&store).await?;
    Ok(())
}

/// Measures operations per second, where `work` does `count` of them.
async fn rate(count: usize, work: impl Future<Output = AnyResult<()>>) -> AnyResult<f64> {
    let start = SystemClock.monotonic();
    work.await?;
    let took = SystemClock.monotonic().saturating_sub(start).max(Duration::from_nanos(1));
    Ok(f64::from(u32::try_from(count)?) / took.as_secs_f64())
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}

async fn fill(kv: &dyn KvNamespace, keys: &[String]) -> Result<()> {
    let entries = keys.iter().map(|key| PutEntry::new(key, VALUE));
    kv.put_many(entries.collect::<Result<Vec<_>, _>>()?).await?.into_result().map(drop)
}

async fn gets(kv: &Arc<dyn KvNamespace>, keys: &[String]) -> AnyResult<()> {
    for key in keys {
        drop(kv.get(key).await?);
    }
    Ok(())
}

async fn puts(kv: &Arc<dyn KvNamespace>, keys: &[String]) -> AnyResult<()> {
    for key in keys {
        kv.put(key, VALUE).await?;
    }
    Ok(())
}

async fn concurrent_puts(kv: &Arc<dyn KvNamespace>, keys: &Arc<[String]>) -> AnyResult<()> {
    let tasks = (0..64).map(|task| {
        let kv = Arc::clone(kv);
        let keys = Arc::clone(keys);
        tokio::spawn(async move {
            for key in keys.iter().skip(task * 50).take(50) {
                kv.put(key, VALUE).await?;
            }
            AnyResult::Ok(())
        })
    });
    for task in join_all(tasks).await {
        task??;
    }
    Ok(())
}

async fn pages(kv: &Arc<dyn KvNamespace>) -> AnyResult<()> {
    let mut rows = kv.list(ListOptions::default());
    while let Some(row) = rows.next().await {
        drop(row?);
    }
    Ok(())
}

fn moka_gets(moka: &Cache<Arc<str>, Bytes>, keys: &[String]) -> AnyResult<()> {
    for key in keys {
        moka.get(key.as_str()).ok_or("a key is missing")?;
    }
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "as the others")]
fn moka_puts(moka: &Cache<Arc<str>, Bytes>, keys: &[String]) -> AnyResult<()> {
    for key in keys {
        moka.insert(key.as_str().into(), VALUE);
    }
    Ok(())
}

fn raw_gets(redb: &Database, keys: &[String]) -> AnyResult<()> {
    for key in keys {
        let table = redb.begin_read()?.open_table(TABLE)?;
        drop(table.get(key.as_str())?.map(|value| Bytes::copy_from_slice(value.value())));
    }
    Ok(())
}

fn raw_pages(redb: &Database) -> AnyResult<()> {
    let table = redb.begin_read()?.open_table(ROWS)?;
    for row in table.range::<&str>(..)? {
        let (key, value) = row?;
        drop((key.value().to_owned(), value.value().to_owned()));
    }
    Ok(())
}

fn raw_puts(redb: &Database, keys: &[String]) -> AnyResult<()> {
    for key in keys.iter().take(200) {
        let transaction = redb.begin_write()?;
        transaction.open_table(TABLE)?.insert(key.as_str(), &VALUE[..])?;
        transaction.commit()?;
    }
    Ok(())
}
