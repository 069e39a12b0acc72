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

mod answer;
mod coerce;
mod outcome;
mod report;
mod request;
mod set_aside;

use kv_core::Timestamp;
use serde_json::Value as Json;

use self::request::Request;
pub use self::{
    outcome::Outcome,
    report::{Report, Row, Verdict},
    set_aside::{KNOWN_DIFFERENCE, KnownDifference},
};
use crate::Subject;

const LINES: &str = include_str!("../vectors/workerd-matrix.ndjson");

/// Plays the vectors on `subject`, whose namespace has to be empty.
///
/// # Panics
///
/// If the subject has no clock.
pub async fn run(subject: &Subject) -> Report {
    let mut rows = Vec::new();
    for (index, text) in LINES.lines().enumerate() {
        rows.push(play(subject, index + 1, text).await);
    }
    Report { rows }
}

async fn play(subject: &Subject, line: usize, text: &str) -> Row {
    let parsed: Result<Json, _> = serde_json::from_str(text);
    // An unpaired surrogate is no JSON to Rust, so a line that is set aside may be shown as it stands.
    let operation =
        parsed.as_ref().map_or_else(|_| text.to_owned(), |parsed| request::describe(&parsed["op"]));
    if let Some(reason) = set_aside::reason(line) {
        return Row { line, operation, verdict: Verdict::SetAside(reason) };
    }
    let parsed = parsed.expect("every line that is not set aside is JSON");
    let verdict = match Request::parse(&parsed["op"]) {
        Request::Now { seconds } => {
            subject.clock().set(Timestamp::EPOCH.saturating_add(seconds));
            Verdict::Clock
        }
        Request::Advance { by } => {
            subject.clock().advance(by);
            Verdict::Clock
        }
        Request::Call(call) => {
            let (expected, found) = (Outcome::expected(&parsed), answer::answer(subject, call).await.into());
            Verdict::Compared { expected, found }
        }
    };
    Row { line, operation, verdict }
}
