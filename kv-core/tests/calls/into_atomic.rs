//! The way from a namespace behind pointers to its conditional writes.

use std::sync::Arc;

use kv_core::{
    AtomicKv, Conditional, Entry, Expected, GetOptions, Key, ListOptions, ListPage, PutOptions, Result,
    Value, async_trait, prelude::*,
};

use crate::{recorder::Recorder, watched::Watched};

/// A namespace that cannot write conditionally and has nothing in it.
#[derive(Debug)]
struct Plain;

#[async_trait]
impl KvNamespace for Plain {
    async fn read(&self, _: Key<'_>, _: GetOptions) -> Result<Option<Entry>> {
        Ok(None)
    }

    async fn write(&self, _: Key<'_>, _: Value, _: PutOptions) -> Result<()> {
        Ok(())
    }

    async fn remove(&self, _: Key<'_>) -> Result<()> {
        Ok(())
    }

    async fn list_page(&self, _: ListOptions) -> Result<ListPage> {
        Ok(ListPage::default())
    }
}

/// Writes through `atomic` and looks for it in the namespace that it came from.
async fn is_a_way_to(atomic: Option<Arc<dyn AtomicKv>>, inner: &Watched) {
    let written = atomic.unwrap().put_if("k", Expected::Absent, "v", PutOptions::default()).await.unwrap();
    assert!(matches!(written, Conditional::Applied(_)));
    assert_eq!(inner.text("k").as_deref(), Some("v"));
    inner.unset("k");
}

#[tokio::test]
async fn an_arc_leads_to_what_is_in_it_however_often_it_is_shared() {
    let inner = Watched::new();
    let kv: Arc<dyn KvNamespace> = Arc::clone(&inner) as _;
    is_a_way_to(Arc::clone(&kv).into_atomic(), &inner).await;
    let twice: Arc<Arc<dyn KvNamespace>> = Arc::new(Arc::clone(&kv));
    is_a_way_to(Arc::clone(&twice).into_atomic(), &inner).await;
    let hidden: Arc<dyn KvNamespace> = Arc::clone(&twice) as _;
    is_a_way_to(hidden.into_atomic(), &inner).await;
    let thrice: Arc<Arc<Arc<dyn KvNamespace>>> = Arc::new(twice);
    is_a_way_to(thrice.into_atomic(), &inner).await;
}

#[tokio::test]
async fn an_unshared_box_leads_to_the_atomic_namespace_in_it() {
    let inner = Watched::new();
    let alone: Arc<Box<dyn KvNamespace>> = Arc::new(Box::new(Arc::clone(&inner)));
    is_a_way_to(alone.into_atomic(), &inner).await;
    let shared: Arc<Box<dyn KvNamespace>> = Arc::new(Box::new(Arc::clone(&inner)));
    assert!(Arc::clone(&shared).into_atomic().is_none());
    is_a_way_to(shared.into_atomic(), &inner).await;
}

#[test]
fn it_is_the_inner_namespace_that_answers() {
    let recorder = Recorder::default();
    let kv: Arc<Arc<dyn KvNamespace>> = Arc::new(Arc::new(recorder.clone()));
    assert!(kv.into_atomic().is_some());
    assert_eq!(recorder.calls(), ["into_atomic"]);
}

#[test]
fn a_namespace_without_conditional_writes_has_no_way_to_them() {
    let kv: Arc<dyn KvNamespace> = Arc::new(Plain);
    assert!(Arc::clone(&kv).into_atomic().is_none());
    assert!(Arc::new(kv).into_atomic().is_none());
    let boxed: Box<dyn KvNamespace> = Box::new(Plain);
    assert!(Arc::new(boxed).into_atomic().is_none());
}
