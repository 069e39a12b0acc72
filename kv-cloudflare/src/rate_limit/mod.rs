//! Rate limit of the client itself: the budget of requests and of writes per key, the queues of requests that
//! wait for it, and the deadline of a call. It knows nothing of HTTP, and may import from `api`.

pub(crate) mod budget;
pub(crate) mod deadline;
pub(crate) mod gcra;
pub(crate) mod limiter;
pub(crate) mod queues;
pub(crate) mod recent_writes;
#[cfg(test)]
mod tests;
pub(crate) mod usage;
