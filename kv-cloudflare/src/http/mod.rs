//! HTTP: the client that all namespaces of an account share, its retry loop, and single exchanges of request
//! and response. They know nothing of calls, and may import from `rate_limit` and `api`.

pub(crate) mod authorization;
pub(crate) mod body;
pub(crate) mod client;
pub(crate) mod drain;
pub(crate) mod exchange;
pub(crate) mod offload;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod retry;
pub(crate) mod retry_after;
