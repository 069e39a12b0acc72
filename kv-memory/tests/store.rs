//! Promises of a store in memory beyond the contract.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use kv_core::{ErrorKind, Expiration, KvStore, NamespaceId, NamespaceTitle, PutEntry, prelude::*};
use kv_memory::{BoundedMemoryNamespace, MemoryNamespace, MemoryStore};
use kv_testkit::{ManualClock, block_on};

#[test]
fn open_namespace_creates_once_and_finds_then() {
    block_on(async {
        let store = MemoryStore::new();
        let first = store.open_namespace("sessions").await.unwrap();
        first.put("a", "1").await.unwrap();
        let again = store.clone().open_namespace("sessions").await.unwrap();
        assert_eq!(again.get_text("a").await.unwrap().as_deref(), Some("1"));
        assert_eq!(store.list_namespaces().await.unwrap().len(), 1);
        let other = store.open_namespace("other").await.unwrap();
        assert_eq!(other.get("a").await.unwrap(), None);
        let refused = store.open_namespace("").await.unwrap_err();
        assert_eq!((refused.kind(), refused.operation()), (ErrorKind::InvalidInput, Some("open_namespace")));
    });
}

#[test]
fn title_that_is_opened_after_a_deletion_is_another_namespace() {
    block_on(async {
        let store = MemoryStore::new();
        let old = store.open_namespace("sessions").await.unwrap();
        old.put("a", "1").await.unwrap();
        let id = store.list_namespaces().await.unwrap().remove(0).id;
        store.delete_namespace(&id).await.unwrap();
        let new = store.open_namespace("sessions").await.unwrap();
        assert_eq!(new.get("a").await.unwrap(), None);
        assert_eq!(old.get("a").await.unwrap_err().kind(), ErrorKind::NamespaceNotFound);
        assert_eq!(old.sweep().await, 0);
    });
}

#[test]
fn ids_are_32_lower_case_hexadecimal_digits() {
    block_on(async {
        let store = MemoryStore::new();
        let mut ids = BTreeSet::new();
        for number in 0..100 {
            let title = NamespaceTitle::new(number.to_string()).unwrap();
            let id = store.create_namespace(title).await.unwrap().id;
            let digits = |digit: char| digit.is_ascii_digit() || ('a'..='f').contains(&digit);
            assert!(id.as_str().len() == 32 && id.as_str().chars().all(digits), "{id}");
            ids.insert(id);
        }
        assert_eq!(ids.len(), 100);
    });
}

#[test]
fn closed_store_answers_closed_to_everybody() {
    block_on(async {
        let store = MemoryStore::new();
        let open = store.open_namespace("open").await.unwrap();
        let deleted = store.open_namespace("deleted").await.unwrap();
        let unknown = store.namespace(&NamespaceId::new("unknown").unwrap());
        let info = store.list_namespaces().await.unwrap();
        let info = info.iter().find(|info| info.title.as_str() == "deleted").unwrap();
        store.delete_namespace(&info.id).await.unwrap();
        assert_eq!(unknown.get("a").await.unwrap_err().kind(), ErrorKind::NamespaceNotFound);

        store.close().await.unwrap();
        store.clone().close().await.unwrap();
        let later = store.namespace(&info.id);
        for kv in [Arc::new(open.clone()) as Arc<dyn KvNamespace>, Arc::new(deleted), unknown, later] {
            assert_eq!(kv.get("a").await.unwrap_err().kind(), ErrorKind::Closed);
            assert_eq!(kv.put("a", "1").await.unwrap_err().kind(), ErrorKind::Closed);
        }
        assert_eq!(store.list_namespaces().await.unwrap_err().kind(), ErrorKind::Closed);
        assert_eq!(store.open_namespace("open").await.unwrap_err().kind(), ErrorKind::Closed);
        assert_eq!((open.sweep().await, store.sweep().await), (0, 0));
    });
}

#[test]
fn sweep_of_a_store_sweeps_every_namespace() {
    block_on(async {
        let clock = ManualClock::default();
        let store = MemoryStore::builder().clock(Arc::new(clock.clone())).build();
        let minute = Duration::from_secs(60);
        for title in ["a", "b", "c"] {
            let kv = store.open_namespace(title).await.unwrap();
            let hold = Expiration::after(minute).unwrap();
            let entries = (0..1_000).map(|number| {
                let entry = PutEntry::new(number.to_string(), "1").unwrap();
                entry.with_options(hold)
            });
            assert_eq!(kv.put_many(entries).await.unwrap().succeeded, 1_000);
        }
        assert_eq!(store.sweep().await, 0);
        clock.advance(minute);
        assert_eq!(store.sweep().await, 3_000);
    });
}

#[test]
fn errors_name_backend_operation_and_key() {
    block_on(async {
        let store = MemoryStore::new();
        let unknown = NamespaceId::new("unknown").unwrap();
        let kv = store.namespace(&unknown);
        let refused = kv.put("secret", "hidden").await.unwrap_err();
        assert_eq!((refused.backend(), refused.operation()), ("kv-memory", Some("write")));
        assert_eq!(refused.key().unwrap().as_str(), "secret");
        assert!(!format!("{refused} {refused:?}").contains("secret"));
        let refused = kv.into_atomic().unwrap().get_versioned("secret").await.unwrap_err();
        assert_eq!(refused.operation(), Some("read_versioned"));
        let refused = store.delete_namespace(&unknown).await.unwrap_err();
        assert_eq!(
            (refused.kind(), refused.operation()),
            (ErrorKind::NamespaceNotFound, Some("delete_namespace"))
        );
    });
}

#[test]
fn debug_shows_no_content() {
    block_on(async {
        let store = MemoryStore::new();
        let kv = store.open_namespace("secret").await.unwrap();
        let bounded = BoundedMemoryNamespace::new(1_000_000);
        kv.put("secret", "secret").await.unwrap();
        bounded.put("secret", "secret").await.unwrap();
        for debug in [format!("{store:?}"), format!("{kv:?}"), format!("{bounded:?}")] {
            assert!(debug.contains("Memory") && !debug.contains("secret"), "{debug}");
        }
        assert!(format!("{:?}", MemoryNamespace::builder()).contains("SystemClock"));
    });
}
