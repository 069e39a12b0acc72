//! Bulk calls: reads of many keys, and writes and deletions in batches. They fall back to the calls for one
//! key, so they may import from `calls`, which does not import from here, and from every folder below it.

pub(crate) mod batches;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod write;
