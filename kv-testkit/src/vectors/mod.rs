//! What Cloudflare's own runtime answered, and what a backend answers.
//!
//! `vectors/workerd-matrix.ndjson` holds 392 operations of a Worker on its binding, one a line, with the answers of
//! workerd. [`run`] plays them on a subject, and says line by line whether it agrees. Outcomes and kinds of errors are
//! compared, not messages; of a cursor, its presence.
//!
//! A line that no typed call can express, or whose answer is the reference's own, is set aside with a reason and not
//! played. What JavaScript coerces (a key of `5`, a time to live of `"60"`) is coerced by the runner.
//!
//! ```
//! use std::sync::Arc;
//! use kv_memory::MemoryNamespace;
//! use kv_testkit::{ManualClock, Subject, block_on, vectors};
//!
//! let clock = ManualClock::default();
//! let namespace = MemoryNamespace::builder().clock(Arc::new(clock.clone())).build();
//! let report = block_on(vectors::run(&Subject::new(Arc::new(namespace)).with_clock(clock)));
//! assert_eq!(report.differing(), [vectors::KNOWN_DIFFERENCE.line]);
//! ```
//!
//! This folder may import from `support`; `cases`, `model` and `history` lie beside it.

mod answer;
mod coerce;
mod outcome;
mod report;
mod request;
mod run;
mod skipped;

pub use crate::vectors::{
    outcome::Outcome,
    report::{Report, Row, Verdict},
    run::run,
    skipped::{KNOWN_DIFFERENCE, KnownDifference},
};
