//! What the calls of the contract do: a caller's on the way to a backend, and those that a backend left to the trait.

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
