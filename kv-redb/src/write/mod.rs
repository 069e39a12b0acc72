//! The one thread that writes, the queue before it, and the changes that it makes.
//!
//! May import `write`, `read`, `file`; nothing of the handles above.

pub(crate) mod batch;
pub(crate) mod mutation;
pub(crate) mod namespaces;
pub(crate) mod queue;
pub(crate) mod recovery;
pub(crate) mod request;
pub(crate) mod sweep;
pub(crate) mod writer;
