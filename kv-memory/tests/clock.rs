//! Clocks that go back, panic, or let another call happen in between.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::FutureExt;
use kv_core::{
    Clock, Conditional, ErrorKind, Expected, Expiration, GetOptions, Key, KvStore, ListOptions,
    NamespaceTitle, PutOptions, Timestamp, prelude::*,
};
use kv_memory::{MemoryNamespace, MemoryStore};
use kv_testkit::ManualClock;

const MINUTE: Duration = Duration::from_secs(60);

/// A clock that does something, once, when it is asked.
#[derive(Clone, Default)]
struct ActingClock {
    time: ManualClock,
    act: Arc<Mutex<Option<Act>>>,
}

type Act = Box<dyn FnOnce() + Send>;

impl ActingClock {
    fn act(&self, act: impl FnOnce() + Send + 'static) {
        *self.act.lock().unwrap() = Some(Box::new(act));
    }
}

impl Clock for ActingClock {
    fn now(&self) -> Timestamp {
        let act = self.act.lock().unwrap().take();
        let asked = self.time.now();
        if let Some(act) = act {
            act();
        }
        asked
    }

    fn monotonic(&self) -> Duration {
        self.time.monotonic()
    }
}

impl fmt::Debug for ActingClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ActingClock")
    }
}

/// The answer of a call that waits for nothing.
fn now<T>(call: impl Future<Output = T>) -> T {
    call.now_or_never().expect("a namespace in memory does not wait")
}

fn for_a_minute() -> PutOptions {
    Expiration::after(MINUTE).unwrap().into()
}

fn on<C: Clock + Clone + 'static>(clock: &C) -> MemoryNamespace {
    MemoryNamespace::builder().clock(Arc::new(clock.clone())).build()
}

#[test]
fn what_was_swept_stays_gone_when_the_clock_goes_back() {
    let clock = ManualClock::default();
    let kv = on(&clock);
    let start = clock.now();
    now(kv.put_with("a", "1", for_a_minute())).unwrap();
    let (_, version) = now(kv.get_versioned("a")).unwrap().unwrap();
    clock.advance(MINUTE);
    assert_eq!(now(kv.sweep()), 1);

    for time in [start, Timestamp::EPOCH] {
        clock.set(time);
        assert_eq!(now(kv.get("a")).unwrap(), None);
        assert!(now(kv.list_page(ListOptions::default())).unwrap().keys.is_empty());
        assert_eq!(now(kv.delete_if("a", version)).unwrap(), Conditional::Conflict);
        assert_eq!(now(kv.sweep()), 0);
    }

    let put = now(kv.put_if("a", Expected::Absent, "2", for_a_minute())).unwrap();
    assert!(matches!(put, Conditional::Applied(applied) if applied != version));
    let entry = now(kv.get_with_metadata("a")).unwrap().unwrap();
    assert_eq!(entry.expires_at, Some(Timestamp::from_secs(60).unwrap()));
}

#[test]
fn what_a_write_reclaimed_stays_gone_when_the_clock_goes_back() {
    let clock = ManualClock::default();
    let kv = on(&clock);
    let start = clock.now();
    now(kv.put_with("a", "1", for_a_minute())).unwrap();
    clock.advance(MINUTE);
    now(kv.put("b", "2")).unwrap();
    clock.set(start);
    assert_eq!(now(kv.get("a")).unwrap(), None);
    let listed = now(kv.list_page(ListOptions::default())).unwrap().keys;
    assert_eq!(listed.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn entry_that_is_replaced_in_time_is_never_absent() {
    let clock = ActingClock::default();
    let kv = on(&clock);
    now(kv.put_with("a", "old", for_a_minute())).unwrap();
    clock.time.advance(MINUTE);
    // The read has found the old entry when it asks for the time.
    let writer = kv.clone();
    clock.act(move || now(writer.put("a", "new")).unwrap());
    assert_eq!(now(kv.get_text("a")).unwrap().as_deref(), Some("new"));
}

#[test]
fn deletion_during_a_read_is_not_absence() {
    let clock = ActingClock::default();
    let store = MemoryStore::builder().clock(Arc::new(clock.clone())).build();
    let created = now(store.create_namespace(NamespaceTitle::new("a").unwrap())).unwrap();
    let kv = store.namespace(&created.id);
    now(kv.put_with("first", "1", for_a_minute())).unwrap();
    now(kv.put("second", "2")).unwrap();
    // The first key has an expiry, so the clock is asked between the two look-ups.
    clock.act(move || now(store.delete_namespace(&created.id)).unwrap());
    let keys = ["first", "second"].map(Key::from_static);
    let refused = now(kv.read_many(keys.into(), GetOptions::default())).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NamespaceNotFound);
}

#[test]
fn clock_that_panics_breaks_nothing() {
    let clock = ActingClock::default();
    let kv = on(&clock);
    now(kv.put("a", "1")).unwrap();
    clock.act(|| panic!("the clock is broken"));
    catch_unwind(AssertUnwindSafe(|| now(kv.put("a", "2")))).expect_err("the clock panicked");
    assert_eq!(now(kv.get_text("a")).unwrap().as_deref(), Some("1"));
    now(kv.put("a", "3")).unwrap();
    assert_eq!(now(kv.get_text("a")).unwrap().as_deref(), Some("3"));
    assert_eq!(now(kv.list_page(ListOptions::default())).unwrap().keys.len(), 1);
}
