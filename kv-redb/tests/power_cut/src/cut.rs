//! The cuts: what is left after each is held against what was answered before.

use std::{path::Path, time::Duration};

use kv_core::{KvStore, prelude::*};
use kv_redb::RedbStore;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngSeed, TestRunner},
};
use tokio::runtime::{Builder, Runtime};

use crate::{
    clients::{KeyHistories, KeyHistory, State, value},
    disk::{Disk, Survivors},
    ext4::{self, MountedDisk},
};

const CLIENTS: usize = 6;
const KEYS: usize = 10;
/// Cuts of a disk that ignores flushes, of which one at least has to show a loss.
const CUTS_WITHOUT_FLUSHES: u32 = 10;
const FILE: &str = "app.kv";

/// Result of one run of cuts.
#[derive(Debug, Default)]
struct CutCounts {
    /// Cuts with writes on the disk that were not flushed.
    torn: u32,
    answered: usize,
    losses: Vec<String>,
}

/// Cuts the power `cuts` times.
pub(crate) fn run(cuts: u32) {
    let seed = std::env::var("KV_REDB_SEED").map_or_else(|_| fresh_seed(), |seed| seed.parse().unwrap());
    println!("KV_REDB_SEED={seed}");
    let config = Config { rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    for quick_repair in [false, true] {
        let counts = cut(&mut runner, cuts.div_ceil(2), quick_repair, false);
        println!(
            "quick repair {quick_repair}: {} cuts, {} of them with writes that were not flushed, {} answered writes",
            cuts.div_ceil(2),
            counts.torn,
            counts.answered
        );
        assert!(counts.losses.is_empty(), "{:#?}", counts.losses);
        assert!(cuts < 20 || counts.torn > 0, "no cut came in the midst of writes");
    }
    let counts = cut(&mut runner, CUTS_WITHOUT_FLUSHES, false, true);
    println!("a disk that ignores flushes: {} of {CUTS_WITHOUT_FLUSHES} cuts show it", counts.losses.len());
    assert!(!counts.losses.is_empty(), "a disk that ignores flushes was not noticed: this test cannot fail");
}

fn fresh_seed() -> u64 {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    draw(&mut runner, any::<u64>())
}

fn draw<S: Strategy>(runner: &mut TestRunner, strategy: S) -> S::Value {
    strategy.new_tree(runner).unwrap().current()
}

/// Lets clients write to a store, and cuts the power of its disk again and again. They write on: a cut is a look at what the
/// disk would hold.
fn cut(runner: &mut TestRunner, cuts: u32, quick_repair: bool, ignores_flushes: bool) -> CutCounts {
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
        // The moment is left to chance.
        std::thread::sleep(Duration::from_micros(draw(runner, 0..60_000_u64)));
        let survivors = if ignores_flushes {
            // Of all writes that there ever were: the file system itself has to stay whole.
            Survivors::First(draw(runner, 0..1_000_usize))
        } else {
            draw(runner, Survivors::strategy())
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
    assert!(disk.flushes() > 0, "nothing was ever flushed");
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

/// Mounts `image`, opens the store on it, and compares each key with all that may be under it.
fn check(runtime: &Runtime, image: &[u8], before: &[KeyHistory], after: &[KeyHistory]) -> Result<(), String> {
    let looked = ext4::with_mounted_image(image, |folder| {
        let path = folder.join(FILE);
        if !path.exists() {
            return Err("the store's file is gone".to_owned());
        }
        runtime.block_on(async {
            let store = open(&path, false).await.map_err(failed)?;
            let compared = compare(&store, before, after).await;
            // Also after a loss: an open store keeps its file system mounted.
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
            return Err(format!("what was answered is not under {}", before.key));
        }
    }
    kv.put("after the cut", "1").await.map_err(failed)
}

#[allow(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn failed(error: kv_core::Error) -> String {
    format!("the store fails ({}): {error}", error.kind())
}
