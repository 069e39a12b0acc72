//! What goes wrong, as the caller is told.

use std::{borrow::Cow, time::Duration};

use kv_core::{Error, ErrorKind, Jurisdiction};
use reqwest::StatusCode;

use crate::api::{
    attempt_error::AttemptError,
    codes::{self, Meaning},
};

/// Name of this backend in its errors.
const BACKEND: &str = "kv-cloudflare";

pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(kind, BACKEND, message)
}

/// An answer that is not what the API documents. `what` names it, and holds nothing of its text.
pub(crate) fn unexpected_response(what: &str) -> Error {
    new(
        ErrorKind::Other,
        format!("the service answered what it should not: {what}; is `base_url` that of Cloudflare's API?"),
    )
}

pub(crate) fn namespace_not_found() -> Error {
    new(
        ErrorKind::NamespaceNotFound,
        "the account has no namespace with this id, which was deleted or never was: create one, or check the id",
    )
}

/// The service refused to create a namespace in a jurisdiction.
pub(crate) fn jurisdiction_refused(jurisdiction: Jurisdiction, cause: Error) -> Error {
    let message = format!(
        "the service does not create a namespace in the jurisdiction `{jurisdiction}`: create it without one, or see the cause"
    );
    new(ErrorKind::Unsupported, message).with_source(cause)
}

/// The service made a namespace without the jurisdiction that was asked for.
pub(crate) fn jurisdiction_ignored(jurisdiction: Jurisdiction) -> Error {
    let message = format!(
        "the service made the namespace, but not in the jurisdiction `{jurisdiction}`, so it was deleted again: create it \
         without one, or check `base_url`"
    );
    new(ErrorKind::Unsupported, message)
}

/// The call's total time is over.
pub(crate) fn timed_out(total: Duration) -> Error {
    let seconds = total.as_secs_f64();
    new(
        ErrorKind::Unavailable,
        format!("no answer within {seconds} s, the call's total time: try again later"),
    )
}

/// Neither end sent anything for the idle timeout.
pub(crate) fn idle(timeout: Duration) -> Error {
    let seconds = timeout.as_secs_f64();
    new(ErrorKind::Unavailable, format!("nothing was sent or received for {seconds} s: try again later"))
}

/// The service was too slow for other parts of the call, so this one was not even tried.
pub(crate) fn not_sent() -> Error {
    let message =
        "the service answered no other part of the call in time, so this one was not sent: try again later";
    new(ErrorKind::Unavailable, message)
}

/// The body of a response is longer than any that the API documents.
pub(crate) fn body_too_large(max_bytes: usize) -> Error {
    unexpected_response(&format!("more than {max_bytes} bytes, where no answer is longer"))
}

/// The service reported an item of a bulk request as not applied, after each retry.
pub(crate) fn not_applied() -> Error {
    let message = "the service accepted the request but did not apply this item, after several retries: try again later";
    new(ErrorKind::Unavailable, message)
}

/// The request could not be encoded, which does not happen: text is always JSON.
pub(crate) fn not_json(what: &str) -> Error {
    new(ErrorKind::Other, format!("cannot encode the request: {what} cannot be written as JSON"))
}

/// The budget has no room before the call's deadline.
pub(crate) fn over_budget(wait: Duration) -> Error {
    let message = "the client's own budget has no room before the call's total time is over: send less, or allow more by \
                   `budget` or `total_timeout`";
    new(ErrorKind::RateLimited, message).with_retry_after(wait)
}

/// The connection could not be made, or broke. The URL is taken out of the cause, since it holds the key.
pub(crate) fn connection(error: reqwest::Error) -> AttemptError {
    let certain = error.is_connect() || error.is_builder();
    let message = if error.is_connect() {
        "no connection to the service could be made: see the cause, and try again later"
    } else if error.is_builder() {
        "the request could not be built: see the cause"
    } else {
        "the connection broke before the whole answer was there: see the cause, and try again later"
    };
    let kind = if error.is_builder() { ErrorKind::Other } else { ErrorKind::Unavailable };
    let failure = AttemptError::new(new(kind, message).with_source(error.without_url()));
    if certain { failure } else { failure.with_unknown_outcome() }
}

/// An answer that says no: its status, the code of its envelope if it has one, and what of its text may be shown.
pub(crate) fn refusal(status: StatusCode, code: Option<u32>, text: Option<&str>) -> AttemptError {
    let Meaning { kind, advice, reason } = codes::meaning_of(status, code);
    let code_part = match code {
        // Where the text may be shown, it says more than the code's name.
        Some(code) => match codes::find(code).filter(|_| text.is_none()) {
            Some(known) => format!(", code {code}, {}", known.name),
            None => format!(", code {code}"),
        },
        None => String::new(),
    };
    let text_part = text.map(|text| format!(": {text}")).unwrap_or_default();
    let message = format!("{advice} (the service answered {}{code_part}{text_part})", status.as_u16());
    let failure = AttemptError::new(new(kind, message)).because(reason);
    if status.is_server_error() { failure.with_unknown_outcome() } else { failure }
}
