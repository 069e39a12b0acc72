//! The view that readers share: the last commit's snapshot, listings, the cache of large values, the catalog.
//!
//! May import `read` and `file`; knows nothing of the writer.

pub(crate) mod catalog;
pub(crate) mod joins;
pub(crate) mod listing;
pub(crate) mod read_error;
pub(crate) mod snapshot;
pub(crate) mod state;
pub(crate) mod value_cache;
