//! Types of the contract: the input that they accept and reject, and the output that they show.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod bulk_report;
mod codec;
mod cursor;
mod debug;
mod error;
mod expiration;
mod json_text;
mod key;
mod list_options;
mod metadata;
mod metadata_limit;
mod namespace_names;
mod prefix;
mod text;
mod timestamp;
mod value;
mod version;
