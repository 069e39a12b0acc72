#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
//! REST API, over real sockets.

mod admission;
mod bodies;
mod bulk;
mod connections;
mod http;
mod keys_in_paths;
mod listing;
mod local_access;
mod malformed;
mod metrics;
mod namespaces;
mod plain_store;
mod rate_limits;
mod store_failures;
#[path = "../support/mod.rs"]
mod support;
mod values;
