//! Errors of this crate, and the check that a namespace still answers: needed by handles and tables alike.
//!
//! Imports from no other folder.

pub(crate) mod errors;
pub(crate) mod liveness;
