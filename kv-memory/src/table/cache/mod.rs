//! Cache of a table: moka with the entries by key, and what it has evicted.
//!
//! Imports from `index/`.

pub(crate) mod cached_entry;
pub(crate) mod entry_cache;
pub(crate) mod evicted;
pub(crate) mod pending;
