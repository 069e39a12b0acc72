//! Parts that stores and workloads are measured with: runtime and files, keys and values, callers, clocks,
//! servers, and the traits of a store.
//!
//! Imports nothing else of this crate.

pub(crate) mod caller;
pub(crate) mod context;
pub(crate) mod data;
pub(crate) mod load;
pub(crate) mod loopback;
pub(crate) mod stopwatch;
pub(crate) mod store;
