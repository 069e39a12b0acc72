//! Cloudflare's REST API: the router, a file for each group of endpoints, and the forms of requests and
//! responses.
//!
//! It imports from `state`, `protocol` and `http`, and never from `runtime`.

pub(crate) mod api_error;
pub(crate) mod bulk_delete;
pub(crate) mod bulk_get;
pub(crate) mod bulk_outcome;
pub(crate) mod bulk_write;
pub(crate) mod code;
pub(crate) mod endpoint;
pub(crate) mod envelope;
pub(crate) mod expiration;
pub(crate) mod extract;
pub(crate) mod keys;
pub(crate) mod multipart;
pub(crate) mod namespaces;
pub(crate) mod response;
pub(crate) mod router;
pub(crate) mod values;
