//! Ground floor: the subject of a test, its clock and inputs, and what the cases share.
//!
//! Nothing here imports from another folder.

pub(crate) mod errors;
pub(crate) mod expiry;
pub(crate) mod manual_clock;
pub(crate) mod marked_write;
pub(crate) mod odd_names;
pub(crate) mod polling;
pub(crate) mod scope;
pub(crate) mod store_scope;
pub mod strategies;
pub(crate) mod subject;
pub(crate) mod version_log;
pub(crate) mod versions;
