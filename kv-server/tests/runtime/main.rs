#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
//! The protocol that the Workers runtime speaks with the KV service, byte by byte.

mod bulk_get;
mod client;
mod entries;
#[path = "../api/harness.rs"]
#[allow(dead_code, reason = "the tests of the REST API use the rest")]
mod harness;
mod keys;
mod listing;
mod namespaces;
mod refusals;
mod titles;
