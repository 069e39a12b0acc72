#![doc = include_str!("../README.md")]
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
