//! Real file system that is full for a while. Needs Linux, root, and the right to mount a tmpfs; prints a
//! line if it is skipped.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use futures_executor::block_on;
use kv_core::{ErrorKind, KvStore, Result, prelude::*};
use kv_redb::RedbStore;

/// File system in memory, unmounted on drop.
struct Tmpfs(tempfile::TempDir);

impl Tmpfs {
    /// Mounts one of `mib` MiB, or returns `None` if that is not allowed.
    fn mount(mib: usize) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={mib}m"), "tmpfs"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .status();
        mounted.is_ok_and(|status| status.success()).then(|| Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).status();
    }
}

#[test]
fn writes_succeed_again_once_there_is_space() -> Result<()> {
    let Some(tmpfs) = Tmpfs::mount(8) else {
        eprintln!("!! SKIPPED: this process may not mount a tmpfs, so no real disk was filled");
        return Ok(());
    };
    let path = tmpfs.path().join("app.kv");
    let ballast = tmpfs.path().join("ballast");
    let builder =
        RedbStore::builder().cache_bytes(0).sweep_interval(None).full_disk_pause(Duration::from_millis(1));
    let store = builder.clone().open_blocking(&path)?;
    let kv = block_on(store.open_namespace("a"))?;
    for number in 0..100_u8 {
        block_on(kv.put(format!("{number:03}"), vec![number; 10_000]))?;
    }
    block_on(store.close())?;

    // The disk fills up under a store with an empty cache.
    let store = builder.clone().open_blocking(&path)?;
    let kv = block_on(store.open_namespace("a"))?;
    let mut len = 8 << 20;
    while fs::write(&ballast, vec![1; len]).is_err() {
        len -= 4096;
    }
    let mut failed = 0;
    for number in 0..100 {
        if let Err(error) = block_on(kv.put(format!("new {number}"), vec![1; 50_000])) {
            assert!(matches!(error.kind(), ErrorKind::Closed | ErrorKind::Unavailable), "{error:?}");
            failed += 1;
        }
        for number in (0..100_u8).step_by(17) {
            assert_eq!(block_on(kv.get(format!("{number:03}")))?.unwrap(), vec![number; 10_000]);
        }
    }
    assert!(failed > 0, "the disk is not full");

    fs::remove_file(&ballast).unwrap();
    while let Err(error) = block_on(store.check_ready()) {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        thread::yield_now();
    }
    block_on(kv.put("last", vec![2; 50_000]))?;
    block_on(store.close())?;
    let store = builder.open_blocking(&path)?;
    let kv = block_on(store.open_namespace("a"))?;
    assert_eq!(block_on(kv.get("last"))?.unwrap(), vec![2; 50_000]);
    assert_eq!(block_on(kv.get("099"))?.unwrap(), vec![99; 10_000]);
    block_on(store.close())
}

#[test]
fn a_store_without_space_is_an_error_and_is_created_later() -> Result<()> {
    let Some(tmpfs) = Tmpfs::mount(2) else {
        eprintln!("!! SKIPPED: this process may not mount a tmpfs, so no real disk was filled");
        return Ok(());
    };
    let path = tmpfs.path().join("app.kv");
    let ballast = tmpfs.path().join("ballast");
    fs::write(&ballast, vec![1; (2 << 20) - 4096]).unwrap();
    let error = RedbStore::builder().open_blocking(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other);
    assert!(error.to_string().contains("its disk is full: free space"), "{error}");
    fs::remove_file(&ballast).unwrap();
    let store = RedbStore::builder().open_blocking(&path)?;
    block_on(block_on(store.open_namespace("a"))?.put("a", "1"))?;
    block_on(store.close())
}
