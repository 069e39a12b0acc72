//! Constructors of the errors that callers get.

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

/// Response that is not as the API documents it. `what` names it, and holds none of its text.
pub(crate) fn unexpected_response(what: &str) -> Error {
    new(
        ErrorKind::Other,
        format!("unexpected response: {what}; check that `base_url` is that of Cloudflare's API"),
    )
}

/// Response whose body is longer than any that the API documents.
pub(crate) fn body_too_large(max_bytes: usize) -> Error {
    unexpected_response(&format!("a body of more than {max_bytes} bytes"))
}

/// Namespace whose id no URL can carry, so that the account has none with it.
pub(crate) fn namespace_not_found() -> Error {
    let Meaning { kind, advice, .. } = codes::NAMESPACE_NOT_FOUND;
    new(kind, advice)
}

/// Namespace that the service does not create in a jurisdiction.
pub(crate) fn jurisdiction_refused(jurisdiction: Jurisdiction, cause: Error) -> Error {
    let message = format!(
        "the service refuses the jurisdiction `{jurisdiction}`: create the namespace without one, or see \
         the cause"
    );
    new(ErrorKind::Unsupported, message).with_source(cause)
}

/// Namespace that the service created without the requested jurisdiction.
pub(crate) fn jurisdiction_ignored(jurisdiction: Jurisdiction) -> Error {
    let message = format!(
        "the service ignores the jurisdiction `{jurisdiction}`, so the namespace was deleted again: create \
         it without one, or check `base_url`"
    );
    new(ErrorKind::Unsupported, message)
}

/// Call whose total time is over.
pub(crate) fn timed_out(total: Duration) -> Error {
    let seconds = total.as_secs_f64();
    new(ErrorKind::Unavailable, format!("no response within {seconds} s (`total_timeout`): try again later"))
}

/// Exchange in which neither side sent anything for the read timeout.
pub(crate) fn idle(timeout: Duration) -> Error {
    let seconds = timeout.as_secs_f64();
    let message = format!("nothing was sent or received for {seconds} s (`read_timeout`): try again later");
    new(ErrorKind::Unavailable, message)
}

/// Item that was not sent because the service was too slow for others of its call.
pub(crate) fn not_sent() -> Error {
    let message =
        "this item was not sent, because the service was too slow for others of the call: try again later";
    new(ErrorKind::Unavailable, message)
}

/// Item that the service reported as not applied, after each retry.
pub(crate) fn not_applied() -> Error {
    let message =
        "the service accepted the request but did not apply this item, after all retries: try again later";
    new(ErrorKind::Unavailable, message)
}

/// Request that cannot be encoded, which does not happen: text is always JSON.
pub(crate) fn not_json(what: &str) -> Error {
    new(ErrorKind::Other, format!("{what} cannot be encoded as JSON"))
}

/// Request for which the budget has no room before the call's deadline.
pub(crate) fn over_budget(wait: Duration) -> Error {
    let message = "the client's own budget has no room within the call's time: send less, or raise `budget` \
                   or `total_timeout`";
    new(ErrorKind::RateLimited, message).with_retry_after(wait)
}

/// Connection that could not be made, or broke. The URL is removed from the cause, since it holds the key.
pub(crate) fn connection(error: reqwest::Error) -> AttemptError {
    let was_not_sent = error.is_connect() || error.is_builder();
    let message = if error.is_connect() {
        "cannot connect to the service: see the cause, and try again later"
    } else if error.is_builder() {
        "cannot build the request: see the cause"
    } else {
        "the connection broke before the response was complete: see the cause, and try again later"
    };
    let kind = if error.is_builder() { ErrorKind::Other } else { ErrorKind::Unavailable };
    let failure = AttemptError::new(new(kind, message).with_source(error.without_url()));
    if was_not_sent { failure } else { failure.with_unknown_outcome() }
}

/// Response that refuses the request: its status, the code of its envelope if it has one, and its text as far
/// as it may be shown.
pub(crate) fn refused(status: StatusCode, code: Option<u32>, text: Option<&str>) -> AttemptError {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kv_core::{ErrorKind, Jurisdiction};
    use reqwest::StatusCode;

    use super::*;

    /// Errors of the client itself. Settings are in the tests of the builders.
    #[test]
    fn each_error_has_its_message() {
        let cause = || new(ErrorKind::Other, "cause");
        let eu = Jurisdiction::Eu;
        let rows = [
            (
                unexpected_response("a bulk get without values"),
                "unexpected response: a bulk get without values; check that `base_url` is that of \
                 Cloudflare's API",
            ),
            (
                body_too_large(65_536),
                "unexpected response: a body of more than 65536 bytes; check that `base_url` is that of \
                 Cloudflare's API",
            ),
            (namespace_not_found(), "the account has no namespace with this id: create one, or check the id"),
            (
                jurisdiction_refused(eu, cause()),
                "the service refuses the jurisdiction `eu`: create the namespace without one, or see the \
                 cause",
            ),
            (
                jurisdiction_ignored(eu),
                "the service ignores the jurisdiction `eu`, so the namespace was deleted again: create it \
                 without one, or check `base_url`",
            ),
            (
                timed_out(Duration::from_secs(120)),
                "no response within 120 s (`total_timeout`): try again later",
            ),
            (
                idle(Duration::from_millis(1_500)),
                "nothing was sent or received for 1.5 s (`read_timeout`): try again later",
            ),
            (
                not_sent(),
                "this item was not sent, because the service was too slow for others of the call: try again \
                 later",
            ),
            (
                not_applied(),
                "the service accepted the request but did not apply this item, after all retries: try again \
                 later",
            ),
            (
                over_budget(Duration::from_secs(7)),
                "the client's own budget has no room within the call's time: send less, or raise `budget` \
                 or `total_timeout`",
            ),
        ];
        for (error, message) in rows {
            assert_eq!(error.to_string(), message);
            assert_eq!(error.backend(), BACKEND);
        }
    }

    /// Errors of refused requests hold the advice, the status, the code, and the service's text or the
    /// code's name.
    #[test]
    fn each_form_of_a_refusal_has_its_message() {
        let rows = [
            (
                StatusCode::NOT_FOUND,
                Some(10_013),
                Some("get: 'namespace not found'"),
                "the account has no namespace with this id: create one, or check the id (the service \
                 answered 404, code 10013: get: 'namespace not found')",
            ),
            (
                StatusCode::TOO_MANY_REQUESTS,
                Some(10_429),
                None,
                "too many requests, or too many writes to one key: send less, and try again later (the \
                 service answered 429, code 10429, too many requests)",
            ),
            (
                StatusCode::IM_A_TEAPOT,
                Some(4_711),
                None,
                "the service refused the request (the service answered 418, code 4711)",
            ),
            (
                StatusCode::BAD_GATEWAY,
                None,
                None,
                "the service is unavailable: try again later (the service answered 502)",
            ),
        ];
        for (status, code, text, message) in rows {
            assert_eq!(refused(status, code, text).error.to_string(), message);
        }
    }
}
