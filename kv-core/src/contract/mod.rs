//! Contract of a backend: the traits for a namespace, for conditional writes and for a store, and their impls
//! for `Arc` and `Box`.
//!
//! Imports from `types/` alone.

pub(crate) mod atomic;
pub(crate) mod namespace;
pub(crate) mod pointers;
pub(crate) mod store;
