//! Check and salvage of damaged files.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use futures_executor::block_on;
use futures_util::TryStreamExt;
use kv_core::{
    Entry, ErrorKind, Expiration, Jurisdiction, KvStore, Metadata, NamespaceTitle, PutOptions, Result,
    prelude::*,
};
use kv_redb::{RedbNamespace, RedbStore};
use proptest::{collection::vec, prelude::*, sample::Index};
use tempfile::TempDir;

const ENTRIES: usize = 90;

/// File of a closed store with entries of every form in three namespaces, and its content.
struct SampleStore {
    folder: TempDir,
    entries: BTreeMap<(String, String), Entry>,
}

impl SampleStore {
    fn new(quick_repair: bool, crashed: bool) -> Self {
        // In memory, if possible: durability plays no part here.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let path = folder.path().join("app.kv");
        let entries = block_on(async {
            let store =
                RedbStore::builder().quick_repair(quick_repair).sweep_interval(None).open(&path).await?;
            store.create_namespace_in(NamespaceTitle::new("b")?, Jurisdiction::Eu).await?;
            let day = Expiration::after(Duration::from_secs(86_400))?;
            for title in ["a", "b"] {
                let kv = store.open_namespace(title).await?;
                for number in 0..ENTRIES {
                    let value = vec![u8::try_from(number % 251).unwrap(); number * number];
                    let mut options = PutOptions::default();
                    if number.is_multiple_of(3) {
                        options = options.with_expiration(day);
                    }
                    if number.is_multiple_of(5) {
                        options = options.with_metadata(Metadata::new(&number)?);
                    }
                    kv.put_with(format!("{number:04}"), value, options).await?;
                }
            }
            let gone = store.open_namespace("gone").await?;
            gone.put("k", "1").await?;
            store.delete_namespace(gone.id()).await?;
            let entries = read_all(&store).await?;
            let copy = fs::read(&path).unwrap();
            store.close().await?;
            if crashed {
                fs::write(&path, copy).unwrap();
            }
            Ok::<_, kv_core::Error>(entries)
        });
        Self { folder, entries: entries.unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("app.kv")
    }

    fn copy(&self) -> PathBuf {
        self.folder.path().join("copy.kv")
    }
}

/// Returns all that a caller can read in a store.
async fn read_all(store: &RedbStore) -> Result<BTreeMap<(String, String), Entry>> {
    let mut all = BTreeMap::new();
    for info in store.list_namespaces().await? {
        let kv = store.open_namespace(info.title.as_str()).await?;
        let keys: Vec<_> = kv.list("").try_collect().await?;
        for key in keys {
            let entry = kv.get_with_metadata(&key.name).await?.unwrap();
            all.insert((info.title.to_string(), key.name.to_string()), entry);
        }
    }
    Ok(all)
}

fn salvaged(path: &Path) -> BTreeMap<(String, String), Entry> {
    block_on(async {
        let store = RedbStore::builder().check(true).sweep_interval(None).open(path).await?;
        let all = read_all(&store).await?;
        // The copy can be written too.
        let kv: RedbNamespace = store.open_namespace("a").await?;
        kv.put("0000", "new").await?;
        assert_eq!(kv.get("0000").await?.unwrap(), "new");
        store.close().await?;
        Ok::<_, kv_core::Error>(all)
    })
    .unwrap()
}

#[test]
fn an_undamaged_file_passes_the_check_and_is_salvaged_completely() {
    for (quick_repair, crashed) in [(false, false), (false, true), (true, true)] {
        let sample = SampleStore::new(quick_repair, crashed);
        let before = fs::read(sample.path()).unwrap();
        let mut last = 0;
        let report = RedbStore::check_blocking(sample.path(), |progress| {
            assert!(progress.bytes_read >= last);
            last = progress.bytes_read;
        })
        .unwrap();
        assert!(report.is_whole(), "{report:?}");
        assert!(last > 0);
        assert_eq!(report.whole_entries, 2 * ENTRIES as u64, "entries of the deleted namespace do not count");

        let salvage = RedbStore::salvage_blocking(sample.path(), sample.copy(), |_| ()).unwrap();
        assert_eq!(salvage.found, report);
        assert_eq!(salvage.renamed_namespaces, 0);
        assert_eq!(fs::read(sample.path()).unwrap(), before, "the source has changed");
        assert_eq!(salvaged(&sample.copy()), sample.entries);
        let store = RedbStore::open_blocking(sample.copy()).unwrap();
        let infos = block_on(store.list_namespaces()).unwrap();
        let jurisdictions: Vec<_> =
            infos.iter().map(|info| (info.title.as_str(), info.jurisdiction)).collect();
        assert!(jurisdictions.contains(&("b", Some(Jurisdiction::Eu))), "{jurisdictions:?}");
        block_on(store.close()).unwrap();
    }
}

#[test]
fn a_damaged_value_is_reported_and_all_others_are_saved() {
    let sample = SampleStore::new(false, false);
    let mut bytes = fs::read(sample.path()).unwrap();
    // In the middle of the longest value, whose bytes are all equal.
    let byte = u8::try_from((ENTRIES - 1) % 251).unwrap();
    let place = bytes.windows(4_000).position(|window| window.iter().all(|other| *other == byte)).unwrap();
    bytes[place + 2_000] ^= 0x10;
    fs::write(sample.path(), bytes).unwrap();

    let report = RedbStore::check_blocking(sample.path(), |_| ()).unwrap();
    assert_eq!((report.damaged_entries, report.damaged_pages), (1, 1), "{report:?}");
    assert_eq!(report.damaged[0].key.as_str(), format!("{:04}", ENTRIES - 1));
    let opened = RedbStore::builder().check(true).open_blocking(sample.path()).unwrap_err();
    assert_eq!(opened.kind(), ErrorKind::Corrupt, "{opened:?}");
    assert!(opened.to_string().contains("1 page does not match"), "{opened}");

    let salvage = RedbStore::salvage_blocking(sample.path(), sample.copy(), |_| ()).unwrap();
    assert_eq!(salvage.found, report);
    let damaged = report.damaged[0].clone();
    let store = RedbStore::open_blocking(sample.path()).unwrap();
    let infos = block_on(store.list_namespaces()).unwrap();
    let title = infos.iter().find(|info| Some(&info.id) == damaged.namespace.as_ref()).unwrap().title.clone();
    block_on(store.close()).unwrap();
    let mut expected = sample.entries.clone();
    expected.remove(&(title.to_string(), damaged.key.to_string())).unwrap();
    assert_eq!(salvaged(&sample.copy()), expected);
}

/// redb refuses a file with damage in its own pages, although all entries are undamaged.
#[test]
fn a_file_that_does_not_open_is_saved() {
    let sample = SampleStore::new(false, false);
    let whole = fs::read(sample.path()).unwrap();
    let mut refused = 0;
    for page in 1..whole.len() / 4096 {
        let mut bytes = whole.clone();
        bytes[page * 4096] ^= 0x40;
        fs::write(sample.path(), &bytes).unwrap();
        let error = match RedbStore::open_blocking(sample.path()) {
            Ok(store) => {
                let _ = block_on(store.close());
                continue;
            }
            Err(error) => error,
        };
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
        assert!(error.to_string().contains("salvage"), "{error}");
        refused += 1;
        fs::write(sample.path(), &bytes).unwrap();
        let _ = fs::remove_file(sample.copy());
        let report = RedbStore::salvage_blocking(sample.path(), sample.copy(), |_| ()).unwrap();
        assert!(report.found.damaged_pages > 0, "page {page}: {error:?}, {report:?}");
        let saved = salvaged(&sample.copy());
        assert!(saved.iter().all(|((title, key), entry)| {
            title.starts_with("salvaged-") || sample.entries.get(&(title.clone(), key.clone())) == Some(entry)
        }));
    }
    assert!(refused > 0, "no page of redb's own was damaged");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every saved entry was there before the damage, and every undamaged entry is saved.
    #[test]
    fn a_salvage_saves_every_undamaged_entry_and_no_other(
        changes in vec((any::<Index>(), any::<u8>()), 1..30),
        cut: Option<Index>,
    ) {
        thread_local! {
            static SAMPLE: SampleStore = SampleStore::new(false, false);
        }
        let outcome = SAMPLE.with(|sample| {
            let whole = fs::read(sample.path()).unwrap();
            let mut bytes = whole.clone();
            for (place, byte) in &changes {
                // Not the first page, whose damage may hide all others.
                let place = 4096 + place.index(bytes.len() - 4096);
                bytes[place] = *byte;
            }
            let end = cut.map_or(bytes.len(), |cut| bytes.len() / 2 + cut.index(bytes.len() / 2));
            let damaged = sample.folder.path().join("damaged.kv");
            let copy = sample.copy();
            fs::write(&damaged, &bytes[..end]).unwrap();
            let _ = fs::remove_file(&copy);
            let report = match RedbStore::salvage_blocking(&damaged, &copy, |_| ()) {
                Ok(report) => report,
                Err(error) => return Err(TestCaseError::fail(format!("{error:?}"))),
            };
            let saved = salvaged(&copy);
            prop_assert_eq!(saved.len() as u64, report.found.whole_entries);
            for ((title, key), entry) in &saved {
                let known = sample.entries.get(&(title.clone(), key.clone()));
                prop_assert!(known == Some(entry) || title.starts_with("salvaged-"), "{} of {}", key, title);
            }
            if report.found.is_whole() {
                prop_assert_eq!(&saved, &sample.entries);
            }
            Ok(())
        });
        outcome?;
    }
}

#[test]
fn open_stores_and_other_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    let copy = folder.path().join("copy.kv");
    let store = RedbStore::open_blocking(&path).unwrap();
    let text = folder.path().join("text");
    fs::write(&text, "x".repeat(10_000)).unwrap();
    for (path, kind) in [
        (path.clone(), ErrorKind::Locked),
        (text, ErrorKind::Corrupt),
        (folder.path().to_owned(), ErrorKind::Other),
        (folder.path().join("missing"), ErrorKind::Other),
    ] {
        for error in [
            RedbStore::check_blocking(&path, |_| ()).unwrap_err(),
            RedbStore::salvage_blocking(&path, &copy, |_| ()).unwrap_err(),
        ] {
            assert_eq!(error.kind(), kind, "{error:?}");
            assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        }
    }
    block_on(store.close()).unwrap();
    fs::write(&copy, "existing").unwrap();
    let refused = RedbStore::salvage_blocking(&path, &copy, |_| ()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Other, "{refused:?}");
    assert_eq!(fs::read_to_string(&copy).unwrap(), "existing");
}
