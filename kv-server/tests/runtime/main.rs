#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
//! Protocol of the Workers runtime, byte by byte.

mod bulk_get;
mod client;
mod entries;
mod errors;
mod keys;
mod listing;
mod namespaces;
#[path = "../support/mod.rs"]
mod support;
mod titles;
