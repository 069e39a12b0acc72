//! HTTP of a server, whichever protocol its requests speak: connections, heads and bodies of requests, and
//! the bounds that keep clients from taking more connections, time or memory than they should.
//!
//! It imports from no other folder.

pub(crate) mod body_rules;
pub(crate) mod connection_stream;
pub(crate) mod connections;
pub(crate) mod drain_body;
pub(crate) mod error;
pub(crate) mod fragment_guard;
pub(crate) mod memory;
pub(crate) mod offload;
pub(crate) mod request_body;
pub(crate) mod request_head;
pub(crate) mod retry_after;
pub(crate) mod spare_descriptor;
