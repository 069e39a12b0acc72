//! Vectors test: plays the recorded operations on a subject and compares the answers.

use kv_core::Timestamp;
use serde_json::Value as Json;

use crate::{
    support::{polling::block_on, subject::Subject},
    vectors::{
        answer,
        outcome::Outcome,
        report::{Report, Row, Verdict},
        request::{self, Request},
        skipped::{self, KNOWN_DIFFERENCE},
    },
};

const LINES: &str = include_str!("../../vectors/workerd-matrix.ndjson");

/// Plays the vectors on the subject that `factory` makes, which has an empty namespace and a clock. Prints
/// the [`Report`], a table of all lines, and returns it.
///
/// Call it from a plain test: it starts a runtime. [`run`] plays the vectors in a runtime of yours and does
/// not panic where an answer differs.
///
/// ```
/// use std::sync::Arc;
/// use kv_memory::MemoryNamespace;
/// use kv_testkit::{ManualClock, Subject, vectors_test};
///
/// async fn subject() -> Subject {
///     let clock = ManualClock::default();
///     let namespace = MemoryNamespace::builder().clock(Arc::new(clock.clone())).build();
///     Subject::new(Arc::new(namespace)).with_clock(clock)
/// }
///
/// assert_eq!(vectors_test(subject).compared(), 348);
/// ```
///
/// # Panics
///
/// If an answer differs from the recorded one, except on the line of [`KNOWN_DIFFERENCE`]; if the subject has
/// no clock.
#[allow(clippy::must_use_candidate, reason = "it is called for its panic")]
pub fn vectors_test(factory: impl AsyncFnOnce() -> Subject) -> Report {
    let report = block_on(async { run(&factory().await).await });
    println!("{report}");
    let mut differing = report.differing();
    differing.retain(|line| *line != KNOWN_DIFFERENCE.line);
    assert!(differing.is_empty(), "the vectors test failed: see lines {differing:?} of the table above");
    report
}

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
    // serde_json does not read an unpaired surrogate, so a skipped line may be shown as it stands.
    let operation =
        parsed.as_ref().map_or_else(|_| text.to_owned(), |parsed| request::describe(&parsed["op"]));
    if let Some(reason) = skipped::reason(line) {
        return Row { line, operation, verdict: Verdict::Skipped(reason) };
    }
    let parsed = parsed.expect("every line that is not skipped is JSON");
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
            let expected = Outcome::expected(&parsed);
            let found = answer::answer(subject, call).await.into();
            Verdict::Compared { expected, found }
        }
    };
    Row { line, operation, verdict }
}
