//! Cache of a table: moka with the entries by key, and the log of what it evicted.
//!
//! Imports from no other folder.

pub(crate) mod cached_entry;
pub(crate) mod entry_cache;
pub(crate) mod evicted;
pub(crate) mod pending_maintenance;
