#![doc = include_str!("../README.md")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a case fails by panicking"
)]
#![allow(clippy::missing_panics_doc, reason = "every case panics where the backend breaks the contract")]

mod case_list;
pub mod cases;
mod conformance;
mod history;
mod manual_clock;
mod model;
mod runtime;
pub mod strategies;
mod subject;
pub mod vectors;

pub use crate::{
    conformance::run_case,
    history::{HistoryOptions, HistoryReport, history_test},
    manual_clock::ManualClock,
    model::{ModelOptions, ModelReport, model_test},
    runtime::block_on,
    subject::Subject,
};
pub use proptest;
