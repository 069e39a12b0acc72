//! Writes: the queue, the one thread that serves it, the transactions that it makes, the sweep, and the
//! recovery from a full disk.
//!
//! May import `read`, which it publishes to, and `file`; nothing of the handles above.

pub(crate) mod batch;
pub(crate) mod mutation;
pub(crate) mod namespaces;
pub(crate) mod queue;
pub(crate) mod recovery;
pub(crate) mod request;
pub(crate) mod sweep;
pub(crate) mod writer;
