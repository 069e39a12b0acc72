//! Calls of a namespace: each is one or more requests, built from the caller's arguments and turned into its results.
//! They may import from `http`, `rate_limit` and `api`.

pub(crate) mod bulk;
pub(crate) mod extras;
pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod split_retry;
pub(crate) mod write;
