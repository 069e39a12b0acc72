//! Tests that prove that a backend keeps the contract of [`KvNamespace`](kv_core::KvNamespace).
//!
//! A backend's test needs one factory, which makes a [`Subject`]: a namespace, with a clock, a store and
//! hooks where there are any. Four tests run on it:
//!
//! | test | what it does |
//! |---|---|
//! | [`conformance!`] | one named test for each point of the contract; [`cases`] has them as functions |
//! | [`model_test`] | random sequences of operations, compared with a model |
//! | [`history_test`] | clients that call at the same time and drop futures, checked for linearizability |
//! | [`vectors_test`] | recorded operations, compared with the answers of Cloudflare's own runtime |
//!
//! ```
//! use std::sync::Arc;
//!
//! use kv_memory::MemoryNamespace; // your backend
//! use kv_testkit::{ManualClock, ModelOptions, Subject, model_test};
//!
//! async fn subject() -> Subject {
//!     let clock = ManualClock::default();
//!     let namespace = MemoryNamespace::builder().clock(Arc::new(clock.clone())).build();
//!     Subject::new(Arc::new(namespace)).with_clock(clock)
//! }
//!
//! kv_testkit::conformance!(subject, clock, atomic);
//!
//! # fn main() {
//! let report = model_test(subject, ModelOptions::default().with_sequences(8));
//! assert_eq!(report.sequences, 8);
//! # }
//! ```
//!
//! For property tests of your own, [`strategies`] generate keys, values and options with [`proptest`], and
//! [`ManualClock`] is a clock that a test sets.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a case fails by panicking"
)]
#![allow(clippy::missing_panics_doc, reason = "every case panics where the backend breaks the contract")]

pub mod cases;
mod history;
mod model;
mod suite;
mod support;
pub mod vectors;

pub use crate::{
    history::{
        history_test::{HistoryReport, history_test},
        options::HistoryOptions,
    },
    model::model_test::{ModelOptions, ModelReport, model_test},
    suite::run_case,
    support::{manual_clock::ManualClock, polling::block_on, strategies, subject::Subject},
    vectors::vectors_test::vectors_test,
};
pub use proptest;

/// Examples of the README, compiled as doctests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
