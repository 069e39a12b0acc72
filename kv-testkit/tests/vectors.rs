//! The local backends agree with Cloudflare's own runtime.

mod subjects;

use kv_testkit::{Subject, block_on, vectors};

/// Plays the vectors on what `factory` makes, prints the table, and holds the counts against what is known.
fn check(factory: impl AsyncFn() -> Subject) {
    let report = block_on(async { vectors::run(&factory().await).await });
    println!("{report}");
    assert_eq!(report.rows.len(), 392);
    assert_eq!((report.compared(), report.clock(), report.set_aside().len()), (348, 4, 40));
    assert_eq!((report.agreeing(), report.differing()), (347, vec![304]));
}

#[test]
fn memory_agrees() {
    check(subjects::memory);
}

#[test]
fn memory_behind_a_shared_pointer_agrees() {
    check(subjects::shared_memory);
}

#[test]
fn redb_agrees() {
    check(subjects::redb);
}

#[test]
fn redb_behind_a_shared_pointer_agrees() {
    check(subjects::shared_redb);
}
