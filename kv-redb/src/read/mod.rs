//! Readers' view of a store: the last commit's snapshot, listings, the cache and the assembly of large
//! values, the catalog.
//!
//! May import `file`. The writer publishes to it from above, so nothing here knows of queues or transactions.

pub(crate) mod assemblies;
pub(crate) mod catalog;
pub(crate) mod listing;
pub(crate) mod read_error;
pub(crate) mod snapshot;
pub(crate) mod state;
pub(crate) mod value_cache;
