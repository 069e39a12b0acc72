//! Errors of this crate, and the liveness of a namespace: needed by handles and tables alike.
//!
//! Imports from no other folder.

pub(crate) mod errors;
pub(crate) mod liveness;
