//! Calls: each turns a caller's arguments into requests, and the responses into the caller's result. The
//! functions take the client of a namespace or of the account. They may import from `http`, `rate_limit` and
//! `api`, but not from `bulk`.

pub(crate) mod bulk;
pub(crate) mod list;
pub(crate) mod namespace_client;
pub(crate) mod namespaces;
pub(crate) mod read;
pub(crate) mod split_retry;
pub(crate) mod texts;
pub(crate) mod write;
