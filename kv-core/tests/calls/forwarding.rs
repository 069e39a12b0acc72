//! Forwarding by `Arc` and `Box`, of a type or of a `dyn`, any number of times: every call arrives as it was
//! made, the bulk calls too, and every answer comes back.

use std::sync::Arc;

use kv_core::{
    AtomicKv, Conditional, Expected, GetOptions, Jurisdiction, Key, KvNamespace, KvStore, ListOptions,
    Metadata, NamespaceId, NamespaceTitle, Prefix, PutEntry, PutOptions, Value, Version,
};

use crate::recorder::Recorder;

const NAMESPACE_CALLS: [&str; 7] = [
    "read r true",
    "write w v true",
    "remove d",
    "list_page p: 3",
    "read_many a,b true",
    "write_many c,d,c",
    "remove_many e",
];

const ATOMIC_CALLS: [&str; 3] =
    ["read_versioned r", "write_if w Version(Version(3)) v true", "remove_if d 4"];

const STORE_CALLS: [&str; 9] = [
    "create_namespace t",
    "create_namespace_in t eu",
    "list_namespaces",
    "namespace_info i",
    "rename_namespace i u",
    "delete_namespace i",
    "namespace i",
    "check_ready",
    "close",
];

fn metadata() -> PutOptions {
    Metadata::new("m").unwrap().into()
}

/// Calls every method of `N` itself, whatever it may deref to, and looks at the answers.
async fn call_namespace<N: KvNamespace + ?Sized>(kv: &N) {
    let key = Key::from_static;
    let entry = N::read(kv, key("r"), GetOptions::default().with_metadata(true)).await.unwrap().unwrap();
    assert_eq!(entry.value.text().unwrap(), "r");
    N::write(kv, key("w"), Value::from_static(b"v"), metadata()).await.unwrap();
    N::remove(kv, key("d")).await.unwrap();
    let options = ListOptions::from(Prefix::from_static("p:")).with_limit(3).unwrap();
    let page = N::list_page(kv, options.clone()).await.unwrap();
    assert_eq!(page.keys[0].name.as_str(), "listed");
    assert_eq!(options.with_cursor(page.next).start(), Ok(Some("next")));
    let text = GetOptions::default().with_text(true);
    assert_eq!(N::read_many(kv, vec![key("a"), key("b")], text).await.unwrap(), [None, None]);
    let entries = ["c", "d", "c"].map(|key| PutEntry::new(key, "").unwrap());
    assert_eq!(N::write_many(kv, entries.into()).await.unwrap().succeeded, 103);
    assert_eq!(N::remove_many(kv, vec![key("e")]).await.unwrap().succeeded, 201);
}

async fn call_atomic<N: AtomicKv + ?Sized>(kv: &N) {
    let (entry, version) = N::read_versioned(kv, Key::from_static("r")).await.unwrap().unwrap();
    assert_eq!((entry.value.text().unwrap(), version.as_u64()), ("r", 7));
    let expected = Expected::Version(Version::new(3));
    let written =
        N::write_if(kv, Key::from_static("w"), expected, Value::from_static(b"v"), metadata()).await;
    assert_eq!(written.unwrap(), Conditional::Applied(Version::new(8)));
    let removed = N::remove_if(kv, Key::from_static("d"), Version::new(4)).await;
    assert_eq!(removed.unwrap(), Conditional::Conflict);
}

async fn call_store<S: KvStore + ?Sized>(store: &S) {
    let id = NamespaceId::new("i").unwrap();
    let title = |title| NamespaceTitle::new(title).unwrap();
    assert_eq!(S::create_namespace(store, title("t")).await.unwrap().id.as_str(), "created");
    let created = S::create_namespace_in(store, title("t"), Jurisdiction::Eu).await.unwrap();
    assert_eq!(created.jurisdiction, Some(Jurisdiction::Eu));
    assert_eq!(S::list_namespaces(store).await.unwrap()[0].id.as_str(), "listed");
    assert_eq!(S::namespace_info(store, &id).await.unwrap().id, id);
    assert_eq!(S::rename_namespace(store, &id, title("u")).await.unwrap().title, title("u"));
    S::delete_namespace(store, &id).await.unwrap();
    let _ = S::namespace(store, &id);
    S::check_ready(store).await.unwrap();
    S::close(store).await.unwrap();
}

/// A pointer to a new recorder, and another handle to the same recorder.
fn in_pointer<P>(pointer: impl FnOnce(Recorder) -> P) -> (P, Recorder) {
    let recorder = Recorder::default();
    (pointer(recorder.clone()), recorder)
}

async fn forwards_a_namespace<N: KvNamespace>(pointer: impl FnOnce(Recorder) -> N) {
    let (kv, recorder) = in_pointer(pointer);
    call_namespace(&kv).await;
    assert_eq!(recorder.calls(), NAMESPACE_CALLS, "{}", std::any::type_name::<N>());
}

async fn forwards_an_atomic<N: AtomicKv>(pointer: impl FnOnce(Recorder) -> N) {
    let (kv, recorder) = in_pointer(pointer);
    call_namespace(&kv).await;
    assert_eq!(recorder.calls(), NAMESPACE_CALLS, "{}", std::any::type_name::<N>());
    call_atomic(&kv).await;
    assert_eq!(recorder.calls(), ATOMIC_CALLS, "{}", std::any::type_name::<N>());
}

async fn forwards_a_store<S: KvStore>(pointer: impl FnOnce(Recorder) -> S) {
    let (store, recorder) = in_pointer(pointer);
    call_store(&store).await;
    assert_eq!(recorder.calls(), STORE_CALLS, "{}", std::any::type_name::<S>());
}

#[tokio::test]
async fn pointers_to_namespaces_are_namespaces() {
    forwards_a_namespace(|kv| kv).await;
    forwards_a_namespace(|kv| -> Arc<dyn KvNamespace> { Arc::new(kv) }).await;
    forwards_a_namespace(|kv| -> Box<dyn KvNamespace> { Box::new(kv) }).await;
    forwards_a_namespace(|kv| -> Arc<Arc<dyn KvNamespace>> { Arc::new(Arc::new(kv)) }).await;
    forwards_a_namespace(|kv| -> Box<Arc<dyn KvNamespace>> { Box::new(Arc::new(kv)) }).await;
    forwards_a_namespace(|kv| -> Arc<dyn KvNamespace> { Arc::new(Box::new(Arc::new(kv))) }).await;
}

#[tokio::test]
async fn pointers_to_atomic_namespaces_are_atomic() {
    forwards_an_atomic(|kv| kv).await;
    forwards_an_atomic(Arc::new).await;
    forwards_an_atomic(Box::new).await;
    forwards_an_atomic(|kv| -> Arc<dyn AtomicKv> { Arc::new(kv) }).await;
    forwards_an_atomic(|kv| -> Box<dyn AtomicKv> { Box::new(kv) }).await;
    forwards_an_atomic(|kv| -> Arc<Box<dyn AtomicKv>> { Arc::new(Box::new(kv)) }).await;
}

#[tokio::test]
async fn an_atomic_namespace_is_a_plain_namespace_too() {
    let (atomic, recorder) = in_pointer(|kv| -> Arc<dyn AtomicKv> { Arc::new(kv) });
    let kv: Arc<dyn KvNamespace> = atomic;
    call_namespace(&*kv).await;
    assert_eq!(recorder.calls(), NAMESPACE_CALLS);
}

#[tokio::test]
async fn pointers_to_stores_are_stores() {
    forwards_a_store(|store| store).await;
    forwards_a_store(Arc::new).await;
    forwards_a_store(Box::new).await;
    forwards_a_store(|store| -> Arc<dyn KvStore> { Arc::new(store) }).await;
    forwards_a_store(|store| -> Box<dyn KvStore> { Box::new(store) }).await;
    forwards_a_store(|store| -> Arc<Arc<dyn KvStore>> { Arc::new(Arc::new(store)) }).await;
}
