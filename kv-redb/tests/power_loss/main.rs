//! What is left when the disk fails, is full, or loses its power.
//!
//! `cargo test -p kv-redb --test power_loss` runs what fits into a minute; `PROPTEST_CASES=20000` before it runs more.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod disk;
mod failures;
#[path = "../history/mod.rs"]
mod history;
mod image;
mod lives;
mod machine;
mod making;
