//! A listing as a stream: page after page, as they are needed.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use futures_util::{StreamExt, TryStreamExt};
use kv_core::{
    Cursor, Entry, Error, ErrorKind, GetOptions, InvalidInput, Key, KeyInfo, ListOptions, ListPage, Prefix,
    PutOptions, Result, Value, async_trait, prelude::*,
};
use proptest::{collection::vec, prelude::*};

use crate::watched::Watched;

/// A namespace that gives the pages of a script, whatever is asked, and keeps what was asked.
#[derive(Debug, Default)]
struct Script {
    pages: Mutex<VecDeque<Result<ListPage>>>,
    requests: Mutex<Vec<ListOptions>>,
}

impl Script {
    fn new<const N: usize>(pages: [ListPage; N]) -> Arc<Self> {
        Self::with_results(pages.map(Ok))
    }

    fn with_results(pages: impl IntoIterator<Item = Result<ListPage>>) -> Arc<Self> {
        Arc::new(Self { pages: Mutex::new(pages.into_iter().collect()), ..Self::default() })
    }

    fn requests(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

#[async_trait]
impl KvNamespace for Script {
    async fn read(&self, _: Key<'_>, _: GetOptions) -> Result<Option<Entry>> {
        unreachable!("a listing reads nothing")
    }

    async fn write(&self, _: Key<'_>, _: Value, _: PutOptions) -> Result<()> {
        unreachable!("a listing writes nothing")
    }

    async fn remove(&self, _: Key<'_>) -> Result<()> {
        unreachable!("a listing removes nothing")
    }

    async fn list_page(&self, options: ListOptions) -> Result<ListPage> {
        self.requests.lock().unwrap().push(options);
        self.pages.lock().unwrap().pop_front().expect("no page was left to ask for")
    }
}

fn page(keys: &[&'static str], next: Option<&str>) -> ListPage {
    let keys = keys.iter().map(|key| KeyInfo::new(Key::from_static(key))).collect();
    ListPage::new(keys, next.map(|token| Cursor::issue(&Prefix::default(), token)))
}

fn failure() -> Error {
    Error::new(ErrorKind::Unavailable, "script", "the page is not there")
}

fn names(keys: &[KeyInfo]) -> Vec<&str> {
    keys.iter().map(|key| key.name.as_str()).collect()
}

#[tokio::test]
async fn a_listing_follows_the_pages_past_empty_ones() {
    let kv = Script::new([
        page(&[], Some("1")),
        page(&["a", "b"], Some("2")),
        page(&[], Some("3")),
        page(&[], Some("4")),
        page(&["c"], None),
    ]);
    let keys: Vec<KeyInfo> =
        kv.list(ListOptions::default().with_limit(2).unwrap()).try_collect().await.unwrap();
    assert_eq!(names(&keys), ["a", "b", "c"]);
    let requests = kv.requests.lock().unwrap();
    let starts: Vec<_> = requests.iter().map(|options| options.start().unwrap()).collect();
    assert_eq!(starts, [None, Some("1"), Some("2"), Some("3"), Some("4")]);
    assert!(requests.iter().all(|options| options.limit() == 2 && options.prefix().as_str().is_empty()));
}

#[tokio::test]
async fn an_empty_listing_ends_after_its_last_page() {
    let kv = Script::new([page(&[], Some("1")), page(&[], None)]);
    let mut keys = kv.list("");
    assert!(keys.next().await.is_none());
    assert!(keys.next().await.is_none(), "a stream that has ended stays so");
    assert_eq!(kv.requests(), 2);
}

#[tokio::test]
async fn a_listing_asks_for_a_page_when_it_needs_one() {
    let kv = Script::new([page(&["a", "b"], Some("1")), page(&["c"], Some("2")), page(&["d"], None)]);
    let mut keys = kv.list("");
    assert_eq!(kv.requests(), 0, "no key was requested yet");
    for (name, requests) in [("a", 1), ("b", 1), ("c", 2), ("d", 3)] {
        assert_eq!(keys.next().await.unwrap().unwrap().name.as_str(), name);
        assert_eq!(kv.requests(), requests);
    }
    assert!(keys.next().await.is_none());
    assert_eq!(kv.requests(), 3);
}

#[tokio::test]
async fn a_listing_ends_with_its_first_error() {
    let kv = Script::with_results([Ok(page(&["a"], Some("1"))), Err(failure()), Ok(page(&["b"], None))]);
    let items: Vec<Result<KeyInfo>> = kv.list("").collect().await;
    assert_eq!(items.len(), 2);
    assert_eq!(items[0].as_ref().unwrap().name.as_str(), "a");
    assert_eq!(items[1].as_ref().unwrap_err().to_string(), failure().to_string());
    assert_eq!(kv.requests(), 2);
}

#[tokio::test]
async fn a_page_that_leads_to_itself_is_an_error_and_no_endless_loop() {
    let kv = Script::new([page(&["a"], Some("1")), page(&["b"], Some("1"))]);
    let items: Vec<Result<KeyInfo>> = kv.list("").collect().await;
    let error = items.last().unwrap().as_ref().unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Corrupt, Some("list")));
    assert_eq!(error.to_string(), "listing is corrupt: its cursor does not advance");
    // Both pages' keys, then the error.
    assert_eq!((items.len(), kv.requests()), (3, 2));
}

#[tokio::test]
async fn keys_that_do_not_ascend_are_an_error() {
    for (pages, good) in [
        (vec![page(&["b", "a"], None)], 0),
        (vec![page(&["a", "a"], None)], 0),
        (vec![page(&["a", "b"], Some("1")), page(&["b"], None)], 2),
        (vec![page(&["a", "c"], Some("1")), page(&[], Some("2")), page(&["b"], None)], 2),
    ] {
        let items: Vec<Result<KeyInfo>> =
            Script::with_results(pages.into_iter().map(Ok)).list("").collect().await;
        assert_eq!(items.len(), good + 1);
        let error = items[good].as_ref().unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Corrupt, Some("list")));
        assert_eq!(error.to_string(), "listing is corrupt: its keys do not ascend");
    }
}

#[tokio::test]
async fn a_listing_starts_where_its_cursor_says() {
    let kv = Script::new([page(&["c"], None)]);
    let cursor = Cursor::issue(&Prefix::default(), "b");
    let keys: Vec<KeyInfo> =
        kv.list(ListOptions::default().with_cursor(cursor.clone())).try_collect().await.unwrap();
    assert_eq!(names(&keys), ["c"]);
    assert_eq!(kv.requests.lock().unwrap()[0].cursor(), Some(&cursor));
}

#[tokio::test]
async fn a_prefix_that_breaks_its_limit_is_one_error_and_no_request() {
    let kv = Script::new([]);
    for items in [
        kv.list("x".repeat(513)).collect::<Vec<_>>().await,
        Arc::clone(&kv).into_list("x".repeat(513)).collect().await,
    ] {
        assert_eq!(items.len(), 1);
        let error = items[0].as_ref().unwrap_err();
        assert_eq!(error.as_invalid_input(), Some(&InvalidInput::PrefixTooLong { len: 513 }));
    }
    assert_eq!(kv.requests(), 0);
}

#[tokio::test]
async fn a_listing_that_owns_its_namespace_goes_where_the_caller_does_not() {
    fn assert_static<T: Send + Unpin + 'static>(stream: T) -> T {
        stream
    }

    let kv: Arc<dyn KvNamespace> = Script::new([page(&["a"], Some("1")), page(&["b"], None)]);
    let keys = {
        let prefix = String::new();
        assert_static(kv.into_list(&prefix))
    };
    let keys: Vec<KeyInfo> = tokio::spawn(keys.try_collect()).await.unwrap().unwrap();
    assert_eq!(names(&keys), ["a", "b"]);
}

proptest! {
    #[test]
    fn empty_pages_that_run_in_a_circle_are_an_error(before in 0..20_usize, circle in 1..20_usize) {
        let cursor = |place: usize| if place < before { place } else { before + (place - before) % circle };
        let enough = 4 * (before + circle);
        let pages = (0..enough).map(|place| Ok(page(&[], Some(&cursor(place).to_string()))));
        let kv = Script::with_results(pages);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let items: Vec<Result<KeyInfo>> = runtime.block_on(kv.list("").collect());
        prop_assert_eq!(items.len(), 1);
        prop_assert_eq!(items[0].as_ref().unwrap_err().kind(), ErrorKind::Corrupt);
        prop_assert!(kv.requests() > before + circle, "every page may be a new one until then");
    }

    #[test]
    fn every_key_under_the_prefix_comes_once_and_in_order(
        names in vec("[ab]{1,4}", 0..30), prefix in "[ab]{0,2}", limit in 1..6_usize,
    ) {
        let mut expected = names.clone();
        expected.retain(|name| name.starts_with(&prefix));
        expected.sort_unstable();
        expected.dedup();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let listed: Result<Vec<String>> = runtime.block_on(async {
            let kv = Watched::new();
            for name in &names {
                kv.put(name, "").await?;
            }
            let options = ListOptions::from(Prefix::new(prefix.as_str())?).with_limit(limit)?;
            kv.list(options).map_ok(|key| key.name.into_string()).try_collect().await
        });
        prop_assert_eq!(listed.unwrap(), expected);
    }
}
