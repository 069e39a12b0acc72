//! Futures and streams of callers, which are `Send` whatever they were given.

use std::{marker::PhantomData, rc::Rc, sync::Arc};

use futures_util::TryStreamExt;
use kv_core::{AtomicKv, Change, Expected, KvStore, PutEntry, PutOptions, Version, prelude::*};
use serde::{Deserialize, Serialize};

use crate::watched::Watched;

/// A type that stays on its thread.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Local {
    #[serde(skip)]
    stays: PhantomData<Rc<()>>,
}

fn assert_send<T: Send>(_: T) {}

#[test]
fn every_future_and_stream_of_a_namespace_is_send() {
    fn check(kv: &dyn KvNamespace, key: &str, entries: Vec<PutEntry>) {
        assert_send(kv.get(key));
        assert_send(kv.get_with_metadata(String::from(key)));
        assert_send(kv.get_text(key));
        assert_send(kv.get_json::<Local>(key));
        assert_send(kv.put(key, key));
        assert_send(kv.put_with(key, vec![1], PutOptions::default()));
        assert_send(kv.put_json(key, &Local::default()));
        assert_send(kv.put_json_with(key, &Local::default(), PutOptions::default()));
        assert_send(kv.delete(key));
        assert_send(kv.list(key));
        assert_send(kv.get_many([key].iter()));
        assert_send(kv.put_many(entries));
        assert_send(kv.delete_many([key]));
    }

    check(&*Watched::new(), "k", vec![]);
}

#[test]
fn every_future_of_an_atomic_namespace_is_send() {
    fn check(kv: &dyn AtomicKv, key: &str) {
        assert_send(kv.get_versioned(key));
        assert_send(kv.put_if(key, Expected::Absent, key, PutOptions::default()));
        assert_send(kv.delete_if(key, Version::new(1)));
        assert_send(kv.update(key, |_| Ok(Change::Keep)));
    }

    check(&*Watched::new(), "k");
}

#[test]
fn every_future_of_a_collection_is_send() {
    let kv: Arc<dyn AtomicKv> = Watched::new();
    let local = kv.typed::<Local>();
    assert_send(&local);
    assert_send(local.get("k"));
    assert_send(local.get_with_metadata("k"));
    assert_send(local.put("k", &Local::default()));
    assert_send(local.put_with("k", &Local::default(), PutOptions::default()));
    assert_send(local.delete("k"));
    assert_send(local.list());
    assert_send(local.get_many(["k"]));
    assert_send(local.delete_many(["k"]));
    let numbers = kv.typed::<u64>();
    assert_send(numbers.get_versioned("k"));
    assert_send(numbers.put_if("k", Expected::Absent, &1, PutOptions::default()));
    assert_send(numbers.delete_if("k", Version::new(1)));
    assert_send(numbers.update("k", |_| Ok(Change::Keep)));
}

#[test]
fn the_traits_are_object_safe_and_their_objects_go_anywhere() {
    fn anywhere<T: ?Sized + Send + Sync + std::fmt::Debug + 'static>() {}
    anywhere::<dyn KvNamespace>();
    anywhere::<dyn AtomicKv>();
    anywhere::<dyn KvStore>();
    anywhere::<dyn kv_core::Clock>();
}

#[tokio::test]
async fn calls_on_a_shared_namespace_run_on_tasks_of_their_own() {
    let kv: Arc<dyn KvNamespace> = Watched::new();
    let names: Vec<String> = (0..3).map(|number| format!("k{number}")).collect();
    let task = tokio::spawn({
        let kv = Arc::clone(&kv);
        let names = names.clone();
        async move {
            for name in &names {
                kv.put(name, name.as_bytes()).await?;
            }
            let values = kv.get_many(names.iter().map(String::as_str)).await?;
            let listed: Vec<_> = kv.list("k").try_collect().await?;
            Ok::<_, kv_core::Error>((values.into_iter().flatten().count(), listed.len()))
        }
    });
    assert_eq!(task.await.unwrap().unwrap(), (3, 3));
}

#[tokio::test]
async fn updates_on_a_shared_namespace_run_on_tasks_of_their_own() {
    let kv: Arc<dyn AtomicKv> = Watched::new();
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let kv = Arc::clone(&kv);
            tokio::spawn(async move {
                let key = String::from("count");
                let add_one = |count: Option<u64>| Change::put((count.unwrap_or(0) + 1).to_string());
                let decide = |entry: Option<kv_core::Entry>| {
                    add_one(entry.map(|entry| entry.value.json()).transpose()?)
                };
                kv.update(&key, decide).await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(kv.get_json::<u64>("count").await.unwrap(), Some(4));
}
