//! Cloudflare's API as data: URLs, JSON, error codes, expiry on the wire, and what an error may show of a
//! response. Nothing here sends a request, and nothing is imported from other folders.

pub(crate) mod attempt_error;
pub(crate) mod codes;
pub(crate) mod errors;
pub(crate) mod expiration;
pub(crate) mod model;
pub(crate) mod redact;
pub(crate) mod urls;
