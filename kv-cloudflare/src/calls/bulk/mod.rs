//! Bulk calls: reads of many keys, and writes and deletions in batches. They may import from `calls`, which does not import
//! from here, and from every lower folder.

pub(crate) mod batches;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod read_many;
pub(crate) mod write;
