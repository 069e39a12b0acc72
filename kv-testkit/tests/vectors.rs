//! Recorded operations of Cloudflare's own runtime, on the reference backend.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the backend is a helper of tests")]

#[expect(dead_code, reason = "only one test breaks the backend in every way")]
mod reference;

use std::panic::catch_unwind;

use kv_testkit::{vectors, vectors_test};

use crate::reference::{Defect, subject_with};

#[test]
fn reference_answers_as_the_runtime_does() {
    let report = vectors_test(async || subject_with(None));
    assert_eq!(report.rows.len(), 392);
    assert_eq!((report.compared(), report.clock(), report.skipped().len()), (348, 4, 40));
    assert_eq!((report.agreeing(), report.differing()), (347, vec![vectors::KNOWN_DIFFERENCE.line]));
}

#[test]
fn different_answers_fail_the_test_and_name_their_lines() {
    let run = || vectors_test(async || subject_with(Some(Defect::EmptyValueIsAbsent)));
    let payload = catch_unwind(run).unwrap_err();
    let message = payload.downcast_ref::<String>().unwrap();
    assert!(message.starts_with("the vectors test failed: see lines ["), "{message}");
}
