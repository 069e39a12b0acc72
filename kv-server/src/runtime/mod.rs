//! Protocol between the Workers runtime (workerd) and its KV service: the router, and a file for each group
//! of requests.
//!
//! It imports from `state`, `protocol` and `http`, and never from `rest`.

pub(crate) mod bulk_get;
pub(crate) mod extract;
pub(crate) mod list;
pub(crate) mod namespace;
pub(crate) mod router;
pub(crate) mod runtime_error;
pub(crate) mod values;
