//! Calls of a service: the `Ext` traits, listings as streams, and typed collections.
//!
//! Imports from `contract/` and `types/`.

pub(crate) mod atomic_ext;
pub(crate) mod list_stream;
pub(crate) mod namespace_ext;
pub(crate) mod record_info;
pub(crate) mod typed_atomic;
pub(crate) mod typed_kv;
