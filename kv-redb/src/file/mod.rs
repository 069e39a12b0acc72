//! The store's file: creation, opening, locking, its tables, and the encoding of their rows.
//!
//! May import `pages`, which knows redb's file format, and nothing above: no snapshot, no queue, no handle.

pub(crate) mod checksums;
pub(crate) mod chunks;
pub(crate) mod create;
pub(crate) mod disk;
pub(crate) mod entry_key;
pub(crate) mod error;
#[cfg(test)]
mod error_tests;
pub(crate) mod open;
pub(crate) mod os_file;
pub(crate) mod overlay;
pub(crate) mod partial;
pub(crate) mod store_file;
pub(crate) mod stored_entry;
pub(crate) mod tables;
#[cfg(feature = "test-backend")]
pub(crate) mod test_backend;
pub(crate) mod torn_create;
pub(crate) mod transaction;
pub(crate) mod versions;
