//! Calls of the contract: those of callers on their way to a backend, and the provided methods of the traits.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod bulk;
mod ext;
mod forwarding;
mod into_atomic;
mod list;
mod recorder;
mod send;
mod typed;
mod typed_atomic;
mod update;
mod watched;
