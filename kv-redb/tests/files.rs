//! Types and permissions of files, and changes to the file of an open store.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    time::Duration,
};

use kv_core::{ErrorKind, KvStore, Result, prelude::*};
use kv_redb::{RedbNamespace, RedbStore};
use tokio::time::timeout;

/// Longest time of a refusal, which takes a thousandth of it.
const MAX_WAIT: Duration = Duration::from_secs(10);

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

async fn open(path: &Path) -> Result<(RedbStore, RedbNamespace)> {
    let store = RedbStore::open(path).await?;
    let kv = store.open_namespace("a").await?;
    Ok((store, kv))
}

#[tokio::test]
async fn a_new_file_is_private_and_copies_keep_the_mode_of_their_source() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    let (store, kv) = open(&path).await?;
    kv.put("k", "1").await?;
    assert_eq!(mode(&path), 0o600);
    for (number, given) in [0o600, 0o640, 0o604].into_iter().enumerate() {
        fs::set_permissions(&path, Permissions::from_mode(given)).unwrap();
        let copy = folder.path().join(format!("copy{number}.kv"));
        store.backup(&copy).await?;
        assert_eq!(mode(&copy), given);
    }
    store.close().await?;
    let salvaged = folder.path().join("salvaged.kv");
    RedbStore::salvage(&path, &salvaged, |_| ()).await?;
    assert_eq!(mode(&salvaged), 0o604);

    // An existing file keeps its mode.
    let (store, _) = open(&path).await?;
    assert_eq!(mode(&path), 0o604);
    store.close().await
}

/// Opening a FIFO would wait for a writer, and the call could not be cancelled.
#[tokio::test]
async fn only_regular_files_are_opened() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let (store, _) = open(&folder.path().join("app.kv")).await?;
    for path in [&fifo, Path::new("/dev/null"), folder.path()] {
        for error in [
            timeout(MAX_WAIT, RedbStore::open(path)).await.expect("the opening waits").unwrap_err(),
            RedbStore::check(path, |_| ()).await.unwrap_err(),
            RedbStore::salvage(path, folder.path().join("copy"), |_| ()).await.unwrap_err(),
            store.backup(path).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Other, "{error:?}");
            assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        }
    }
    store.close().await
}

/// The system lets a process write to a deleted file, and all these writes would be lost.
#[tokio::test]
async fn a_deleted_or_truncated_file_takes_no_more_writes() -> Result<()> {
    type Change = fn(&Path);
    let changes: [(&str, Change); 3] = [
        ("was deleted", |path| fs::remove_file(path).unwrap()),
        ("was deleted", |path| {
            let other = path.with_extension("other");
            fs::write(&other, "").unwrap();
            fs::rename(other, path).unwrap();
        }),
        ("was cut short", |path| File::options().write(true).open(path).unwrap().set_len(8192).unwrap()),
    ];
    for (message, change) in changes {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.kv");
        let (store, kv) = open(&path).await?;
        kv.put("k", "1").await?;
        change(&path);
        let failed = kv.put("k", "2").await.unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::Closed, "{failed:?}");
        let mut cause: &dyn std::error::Error = &failed;
        while let Some(next) = cause.source() {
            cause = next;
        }
        assert!(cause.to_string().contains(message), "{cause}");
        assert_eq!(kv.put("k", "3").await.unwrap_err().kind(), ErrorKind::Closed);
        assert!(store.check_ready().await.is_err());
        let _ = store.close().await;
    }
    Ok(())
}
