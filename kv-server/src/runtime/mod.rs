//! Protocol between the Workers runtime (workerd) and its KV service: the router, and a file for each group of requests.
//!
//! Imports from `state`, `protocol` and `http`, and never from `rest`.

pub(crate) mod bulk_get;
pub(crate) mod cache_ttl;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod key;
pub(crate) mod list;
pub(crate) mod namespaces;
pub(crate) mod parameter;
pub(crate) mod put;
pub(crate) mod router;
pub(crate) mod runtime_error;
