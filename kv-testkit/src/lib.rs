//! stub docs, replaced by the README
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, reason = "a case fails by panicking")]
#![allow(clippy::missing_panics_doc, reason = "every case panics where the backend breaks the contract")]

mod manual_clock;
mod runtime;
mod subject;

pub use crate::{manual_clock::ManualClock, runtime::block_on, subject::Subject};
