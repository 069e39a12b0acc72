#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
//! Process of kv-server: its start, its output, its end.
#![cfg(all(feature = "stores", unix))]

mod process;
mod running;
mod start;
#[path = "../support/mod.rs"]
mod support;
