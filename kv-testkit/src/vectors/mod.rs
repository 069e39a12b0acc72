//! Vectors test: recorded operations of Cloudflare's own runtime, played on a backend.
//!
//! `vectors/workerd-matrix.ndjson` holds 392 operations of a Worker on its KV binding, one per line, with the
//! answers of workerd. [`vectors_test`](crate::vectors_test) plays them on a subject and compares line by
//! line: values, metadata and kinds of errors, but not the texts of messages, and of a cursor only its
//! presence.
//!
//! A line that no typed call can express, or whose answer is a quirk of the reference, is skipped with a
//! reason. Arguments that JavaScript coerces (a key of `5`, a TTL of `"60"`) are coerced by the test.
//!
//! This folder may import from `support`; `cases`, `model` and `history` lie beside it.

mod answer;
mod coerce;
mod outcome;
mod report;
mod request;
mod skipped;
pub(crate) mod vectors_test;

pub use crate::vectors::{
    outcome::Outcome,
    report::{Report, Row, Verdict},
    skipped::{KNOWN_DIFFERENCE, KnownDifference},
    vectors_test::run,
};
