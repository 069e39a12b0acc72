//! Runner of the vectors.

use kv_core::Timestamp;
use serde_json::Value as Json;

use crate::{
    support::subject::Subject,
    vectors::{
        answer,
        outcome::Outcome,
        report::{Report, Row, Verdict},
        request::{self, Request},
        skipped,
    },
};

const LINES: &str = include_str!("../../vectors/workerd-matrix.ndjson");

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
    if let Some(reason) = skipped::reason(line) {
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
