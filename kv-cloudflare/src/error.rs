//! What goes wrong, as the caller is told.

use std::{borrow::Cow, time::Duration};

use kv_core::{Error, ErrorKind};
use reqwest::StatusCode;

use crate::failure::{Failure, Reason};

pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(kind, env!("CARGO_PKG_NAME"), message)
}

/// An answer that is not what the API documents. `what` names it, and holds nothing of its text.
pub(crate) fn not_understood(what: &str) -> Error {
    new(
        ErrorKind::Other,
        format!("the service answered what it should not: {what}; is `base_url` that of Cloudflare's API?"),
    )
}

pub(crate) fn namespace_not_found() -> Error {
    new(
        ErrorKind::NamespaceNotFound,
        "the account has no namespace with this id, which was deleted or never was: create one, or mend the id",
    )
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

/// The budget has no room before the call's deadline.
pub(crate) fn over_budget(wait: Duration) -> Error {
    let message = "the client's own budget has no room before the call's total time is over: send less, or allow more by \
                   `budget` or `total_timeout`";
    new(ErrorKind::RateLimited, message).with_retry_after(wait)
}

/// The connection could not be made, or broke. The URL is taken out of the cause, since it holds the key.
pub(crate) fn connection(error: reqwest::Error) -> Failure {
    let certain = error.is_connect() || error.is_builder();
    let message = if error.is_connect() {
        "no connection to the service could be made: see the cause, and try again later"
    } else if error.is_builder() {
        "the request could not be built: see the cause"
    } else {
        "the connection broke before the whole answer was there: see the cause, and try again later"
    };
    let kind = if error.is_builder() { ErrorKind::Other } else { ErrorKind::Unavailable };
    let failure = Failure::new(new(kind, message).with_source(error.without_url()));
    if certain { failure } else { failure.with_unknown_outcome() }
}

/// An answer that says no: its status, the code of its envelope if it has one, and what of its text may be shown.
pub(crate) fn refusal(status: StatusCode, code: Option<u32>, text: Option<&str>) -> Failure {
    let (kind, advice) = meaning(status, code);
    let code_part = code.map(|code| format!(", code {code}")).unwrap_or_default();
    let text_part = text.map(|text| format!(": {text}")).unwrap_or_default();
    let message = format!("{advice} (the service answered {}{code_part}{text_part})", status.as_u16());
    let failure = Failure::new(new(kind, message));
    let failure = match (status.as_u16(), code) {
        (_, Some(10009)) => failure.because(Reason::KeyNotFound),
        (413, _) | (_, Some(10024)) => failure.because(Reason::TooLarge),
        _ => failure,
    };
    if status.is_server_error() { failure.with_unknown_outcome() } else { failure }
}

/// What a status and a code of Cloudflare's mean to the caller, and what he can do.
fn meaning(status: StatusCode, code: Option<u32>) -> (ErrorKind, &'static str) {
    use ErrorKind::{InvalidInput, NamespaceExists, NamespaceNotFound, Other, QuotaExceeded, Unavailable};
    if status.is_server_error() {
        return (Unavailable, "the service cannot answer at the moment: try again later");
    }
    match code.unwrap_or_default() {
        971 | 10429 | 10022 | 10046 => return RATE_LIMITED,
        9109 | 10000 | 10017 | 10026 | 10037 => return UNAUTHORIZED,
        10001 => return (Unavailable, "the service cannot answer at the moment: try again later"),
        10009 => return (Other, "there is no such key"),
        10010 | 10011 | 10013 => {
            return (
                NamespaceNotFound,
                "the account has no namespace with this id: create one, or mend the id",
            );
        }
        10014 => {
            return (
                NamespaceExists,
                "another namespace of the account has this title: open it, or choose another",
            );
        }
        10018 | 10020 | 10048 => {
            return (
                QuotaExceeded,
                "a quota of the account is used up: wait for its next period, or raise it",
            );
        }
        10024 => return TOO_LARGE,
        10023 | 10030 | 10042 => return (InvalidInput, "the service does not accept the key"),
        10033 | 10034 => {
            return (
                InvalidInput,
                "the service does not accept the expiration: it has to be 60 s away, by the service's clock",
            );
        }
        10019 => return (InvalidInput, "the service does not accept the title"),
        10041 => return (InvalidInput, "the service does not accept the cursor: list from the start"),
        10047 => return (InvalidInput, "the service does not accept the metadata"),
        7000 | 7003 => {
            return (
                Other,
                "there is no such address: mend `base_url`, the account's id or the namespace's id",
            );
        }
        _ => {}
    }
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => UNAUTHORIZED,
        StatusCode::TOO_MANY_REQUESTS => RATE_LIMITED,
        StatusCode::PAYLOAD_TOO_LARGE => TOO_LARGE,
        StatusCode::REQUEST_TIMEOUT => {
            (Unavailable, "the service gave up waiting for the request: try again later")
        }
        status if status.is_redirection() => (
            Other,
            "the service redirects, which is not followed since the token would go elsewhere: mend `base_url`",
        ),
        StatusCode::NOT_FOUND => {
            (Other, "there is no such address: mend `base_url`, the account's id or the namespace's id")
        }
        _ => (Other, "the service refused the request"),
    }
}

const RATE_LIMITED: (ErrorKind, &str) = (
    ErrorKind::RateLimited,
    "too many requests, or too many writes to one key: send less, and try again later",
);
const UNAUTHORIZED: (ErrorKind, &str) = (
    ErrorKind::Unauthorized,
    "the token is not valid, or not for this account or operation: it needs the permission Workers KV Storage",
);
const TOO_LARGE: (ErrorKind, &str) =
    (ErrorKind::InvalidInput, "the service does not accept a request, or an answer, of this size");
