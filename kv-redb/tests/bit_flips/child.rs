//! Child process that opens damaged files.

use std::{
    fs,
    io::{Write, stdin, stdout},
    panic,
    path::Path,
    sync::Arc,
    time::Duration,
};

use futures_executor::block_on;
use kv_core::{Error, ErrorKind, KvStore, ListOptions, Result, prelude::*};
use kv_redb::{RedbNamespace, RedbStore};
use kv_testkit::ManualClock;

use crate::base_file::{ENTRIES, key, value};

/// Variable with the path of the undamaged file. The bits to flip are lines of the standard input.
pub(crate) const VARIABLE: &str = "KV_REDB_FLIPS_IN";

/// Time after which every entry with a TTL has expired.
const LATER: Duration = Duration::from_secs(3600);

pub(crate) fn is_this_process() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

/// Flips each bit in a copy of the file and uses the store. Prints a line before and after.
pub(crate) fn run() {
    let whole = fs::read(std::env::var_os(VARIABLE).unwrap()).unwrap();
    // In memory, if possible: durability plays no part here.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let path = folder.path().join("app.kv");
    // Thousands of panics of redb are expected.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let is_of_redb = info.location().is_some_and(|location| location.file().contains("redb-"));
        if !is_of_redb {
            hook(info);
        }
    }));
    for line in stdin().lines() {
        let bit: usize = line.unwrap().parse().unwrap();
        print(&format!("begin {bit}"));
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &bytes).unwrap();
        let refused = block_on(use_file(&path));
        print(&format!("end {bit} {}", if refused { "refused" } else { "used" }));
    }
}

fn print(line: &str) {
    let mut stdout = stdout().lock();
    writeln!(stdout, "{line}").unwrap();
    stdout.flush().unwrap();
}

/// Opens the file twice and uses the store. Returns `true` if the first opening was refused.
async fn use_file(path: &Path) -> bool {
    let clock = ManualClock::default();
    clock.advance(LATER);
    for opening in 0..2 {
        let builder =
            RedbStore::builder().clock(Arc::new(clock.clone())).sweep_interval(Duration::from_millis(1));
        match builder.open(path).await {
            Ok(store) => {
                use_store(&store).await;
                let _ = store.close().await;
            }
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Other), "{error:?}");
                return opening == 0;
            }
        }
    }
    false
}

async fn use_store(store: &RedbStore) {
    expected(store.sweep(10_000).await);
    let Some(kv) = expected(store.open_namespace("first").await) else { return };
    read(&kv).await;
    for number in (0..ENTRIES).step_by(13) {
        expected(kv.put(key(number), value(number)).await);
    }
    expected(kv.put("new", vec![1; 20_000]).await);
    expected(kv.delete(key(ENTRIES - 1)).await);
    expected(kv.put(key(ENTRIES - 1), value(ENTRIES - 1)).await);
    let keys = (0..ENTRIES).step_by(7).map(key);
    expected(kv.delete_many(keys.clone()).await);
    for number in (0..ENTRIES).step_by(7) {
        expected(kv.put(key(number), value(number)).await);
    }
    expected(store.sweep(10_000).await);
    read(&kv).await;
}

/// Reads every entry and lists the keys. A read returns the value or an error; a key may be hidden, as the
/// README says.
async fn read(kv: &RedbNamespace) {
    for number in 0..ENTRIES {
        if let Some(Some(found)) = expected(kv.get(key(number)).await) {
            assert!(found == value(number), "a wrong value of entry {number}");
        }
    }
    let mut options = ListOptions::default().with_limit(40).unwrap();
    for _ in 0..=ENTRIES {
        let Some(page) = expected(kv.list_page(options.clone()).await) else { return };
        let names: Vec<_> = page.keys.iter().map(|key| key.name.as_str()).collect();
        assert!(names.is_sorted(), "the keys do not ascend");
        let Some(next) = page.next else { return };
        options = options.with_cursor(next);
    }
    panic!("a listing does not end");
}

/// Returns the answer, or `None` for an error that damage explains.
fn expected<T>(outcome: Result<T>) -> Option<T> {
    let kinds = |error: &Error| {
        matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Closed | ErrorKind::Unavailable)
    };
    match outcome {
        Ok(answer) => Some(answer),
        Err(error) if kinds(&error) => None,
        Err(error) => panic!("{error:?}"),
    }
}
