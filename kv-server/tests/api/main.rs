#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
//! The REST API over a real socket.

mod admission;
mod bodies;
mod broken_store;
mod bulk;
mod connections;
mod harness;
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
mod values;
