//! Listings that examine many entries, and forged cursors.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use kv_core::{BulkReport, Cursor, Expiration, ListOptions, ListPage, Prefix, PutEntry, prelude::*};
use kv_memory::MemoryNamespace;
use kv_testkit::{ManualClock, block_on};

fn names(page: &ListPage) -> Vec<&str> {
    page.keys.iter().map(|key| key.name.as_str()).collect()
}

#[test]
fn page_looks_at_a_bounded_number_of_entries() {
    block_on(async {
        let clock = ManualClock::default();
        let kv = MemoryNamespace::builder().clock(Arc::new(clock.clone())).build();
        let minute = Duration::from_secs(60);
        let expired = (0..25_000).map(|number| {
            let entry = PutEntry::new(format!("expired-{number:05}"), "1").unwrap();
            entry.with_options(Expiration::after(minute).unwrap())
        });
        let report: BulkReport = kv.put_many(expired).await.unwrap();
        assert_eq!(report.into_result().unwrap(), 25_000);
        kv.put("live", "1").await.unwrap();
        clock.advance(minute);

        let first = kv.list_page(ListOptions::default()).await.unwrap();
        assert!(first.keys.is_empty() && first.next.is_some(), "it stops short of the live key");
        let mut pages = vec![first];
        while let Some(next) = pages.last().unwrap().next.clone() {
            pages.push(kv.list_page(ListOptions::default().with_cursor(next)).await.unwrap());
        }
        assert_eq!(pages.len(), 3);
        assert_eq!(pages.iter().flat_map(names).collect::<Vec<_>>(), ["live"]);

        assert_eq!(kv.sweep().await, 25_000);
        let swept = kv.list_page(ListOptions::default()).await.unwrap();
        assert_eq!((names(&swept), &swept.next), (vec!["live"], &None));
    });
}

#[test]
fn cursor_that_points_outside_its_prefix_leads_to_no_other_key() {
    block_on(async {
        let kv = MemoryNamespace::new();
        for key in ["a", "b/1", "b/2", "c"] {
            kv.put(key, "1").await.unwrap();
        }
        let prefix = Prefix::new("b/").unwrap();
        let page = async |token: &str| {
            let cursor = Cursor::issue(&prefix, token);
            let options = ListOptions::from(prefix.clone()).with_cursor(cursor);
            kv.list_page(options).await.unwrap()
        };
        for before in ["", "a", "b", "b."] {
            assert_eq!(names(&page(before).await), ["b/1", "b/2"], "from {before:?}");
        }
        assert_eq!(names(&page("b/").await), ["b/1", "b/2"]);
        assert_eq!(names(&page("b/1").await), ["b/2"]);
        for behind in ["b/2", "b/\u{10ffff}", "b0", "b00", "c", "z"] {
            assert!(names(&page(behind).await).is_empty(), "from {behind:?}");
        }
    });
}

#[test]
fn exactly_as_many_keys_as_the_limit_are_complete() {
    block_on(async {
        let clock = ManualClock::default();
        let kv = MemoryNamespace::builder().clock(Arc::new(clock.clone())).build();
        kv.put("a", "1").await.unwrap();
        kv.put("b", "1").await.unwrap();
        let minute = Duration::from_secs(60);
        kv.put_with("c", "1", Expiration::after(minute).unwrap()).await.unwrap();
        let two = ListOptions::default().with_limit(2).unwrap();
        assert!(kv.list_page(two.clone()).await.unwrap().next.is_some());
        // The expired key after the page does not count.
        clock.advance(minute);
        assert_eq!(kv.list_page(two).await.unwrap().next, None);
    });
}
