//! Power cuts, each followed by a comparison with what was answered before it.

use std::path::Path;

use kv_core::{KvStore, prelude::*};
use kv_redb::RedbStore;
use tokio::runtime::{Builder, Runtime};

use crate::{
    clients::{KeyHistories, KeyHistory, State, value},
    disk::{Disk, Survivors},
    ext4::{self, MountedDisk},
    random::Random,
};

const CLIENTS: usize = 6;
const KEYS: usize = 10;
/// Cuts of a disk that ignores flushes; at least one has to show a loss.
const CUTS_WITHOUT_FLUSHES: u32 = 10;
const FILE: &str = "app.kv";

/// Result of one run of cuts.
#[derive(Debug, Default)]
struct CutCounts {
    /// Cuts during which the disk had unflushed writes.
    torn: u32,
    answered: usize,
    losses: Vec<String>,
}

/// Cuts the power `cuts` times, and fails on a loss.
pub(crate) fn run(cuts: u32) {
    let mut random = Random::from_variable();
    println!("KV_REDB_SEED={}", random.seed());
    for quick_repair in [false, true] {
        let counts = cut(&mut random, cuts.div_ceil(2), quick_repair, false);
        println!(
            "quick repair {quick_repair}: {} cuts, {} of them with unflushed writes, {} answered writes",
            cuts.div_ceil(2),
            counts.torn,
            counts.answered
        );
        assert!(counts.losses.is_empty(), "{:#?}", counts.losses);
        assert!(cuts < 20 || counts.torn > 0, "no cut came during writes");
    }
    let counts = cut(&mut random, CUTS_WITHOUT_FLUSHES, false, true);
    println!("a disk that ignores flushes: {} of {CUTS_WITHOUT_FLUSHES} cuts show it", counts.losses.len());
    assert!(!counts.losses.is_empty(), "no cut of a disk that ignores flushes showed a loss");
}

/// Lets clients write to a store and takes images of its disk as a power cut would leave it. The clients go
/// on: a cut is a copy of the disk.
fn cut(random: &mut Random, cuts: u32, quick_repair: bool, ignores_flushes: bool) -> CutCounts {
    let disk = Disk::new(ext4::empty_ext4(), ignores_flushes);
    let mounted = MountedDisk::on(&disk);
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let store = runtime.block_on(open(&mounted.path().join(FILE), quick_repair)).unwrap();
    let kv = runtime.block_on(store.open_namespace("a")).unwrap();
    let known = KeyHistories::new(CLIENTS, KEYS);
    let client = |client| runtime.spawn(known.clone().write(kv.clone(), client * KEYS, KEYS));
    let clients: Vec<_> = (0..CLIENTS).map(client).collect();
    let mut counts = CutCounts::default();
    for _ in 0..cuts {
        // A random moment.
        std::thread::sleep(random.time(60));
        let survivors = if ignores_flushes {
            // A prefix of all writes ever made, since the file system itself has to stay whole.
            Survivors::First(random.draw(0..1_000_usize))
        } else {
            random.draw(Survivors::strategy())
        };
        let before = known.histories();
        let (image, unflushed) = disk.without_power(&survivors);
        let after = known.histories();
        counts.torn += u32::from(unflushed > 0);
        counts.answered = before.iter().map(|history| history.answered).sum();
        if let Err(loss) = check(&runtime, &image, &before, &after) {
            counts.losses.push(format!("{survivors:?}, {unflushed} writes not flushed: {loss}"));
        }
    }
    assert!(disk.flushes() > 0, "the disk was never flushed");
    known.stop();
    for client in clients {
        runtime.block_on(client).unwrap();
    }
    runtime.block_on(store.close()).unwrap();
    drop(runtime);
    counts
}

async fn open(path: &Path, quick_repair: bool) -> kv_core::Result<RedbStore> {
    RedbStore::builder().quick_repair(quick_repair).sweep_interval(None).open(path).await
}

/// Mounts `image`, opens the store on it, and compares each key with its possible contents.
fn check(runtime: &Runtime, image: &[u8], before: &[KeyHistory], after: &[KeyHistory]) -> Result<(), String> {
    let looked = ext4::with_mounted_image(image, |folder| {
        let path = folder.join(FILE);
        if !path.exists() {
            return Err("the store's file is gone".to_owned());
        }
        runtime.block_on(async {
            let store = open(&path, false).await.map_err(failed)?;
            let compared = compare(&store, before, after).await;
            // Closed after a loss too: an open store keeps its file system mounted.
            store.close().await.map_err(failed)?;
            compared
        })
    });
    looked?
}

async fn compare(store: &RedbStore, before: &[KeyHistory], after: &[KeyHistory]) -> Result<(), String> {
    let kv = store.open_namespace("a").await.map_err(failed)?;
    for (before, after) in before.iter().zip(after) {
        let found = kv.get(&before.key).await.map_err(failed)?;
        let is_it = |state: &State| state.map(value).as_deref() == found.as_deref();
        if !after.states[before.answered..].iter().any(is_it) {
            return Err(format!("{} does not hold its answered write", before.key));
        }
    }
    kv.put("after the cut", "1").await.map_err(failed)
}

#[allow(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn failed(error: kv_core::Error) -> String {
    format!("the store fails ({}): {error}", error.kind())
}
