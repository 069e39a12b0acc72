//! Recorded operations of Cloudflare's own runtime, on a namespace in memory.

use std::sync::Arc;

use kv_core::KvNamespace;
use kv_memory::MemoryNamespace;
use kv_testkit::{ManualClock, Subject, vectors_test};

fn namespace() -> (MemoryNamespace, ManualClock) {
    let clock = ManualClock::default();
    (MemoryNamespace::builder().clock(Arc::new(clock.clone())).build(), clock)
}

#[test]
fn memory_answers_as_the_runtime_does() {
    vectors_test(async || {
        let (namespace, clock) = namespace();
        Subject::new(Arc::new(namespace)).with_clock(clock)
    });
}

#[test]
fn memory_behind_a_shared_pointer_answers_as_the_runtime_does() {
    vectors_test(async || {
        let (namespace, clock) = namespace();
        let shared: Arc<dyn KvNamespace> = Arc::new(namespace);
        Subject::new(Arc::new(shared)).with_clock(clock)
    });
}
