//! Why a request is refused, as the Workers runtime reads it.

use std::{borrow::Cow, fmt::Display, time::Duration};

use axum::{
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use hyper::ext::ReasonPhrase;
use kv_core::{Error, ErrorKind, InvalidInput, limits};

use crate::{
    http::{body_rules::BodyError, memory::NoMemoryError},
    state::rate_limits::whole_seconds,
};

/// A status and the reason phrase beside it. The runtime builds the Worker's exception from these two and ignores the
/// body, which repeats the phrase for people.
#[derive(Debug)]
pub(super) struct RuntimeError {
    status: StatusCode,
    reason: Cow<'static, str>,
    retry_after: Option<Duration>,
    /// What the store said, where it failed and not the client.
    cause: Option<Error>,
}

/// The most characters of a client's own text that a reason phrase repeats.
const MAX_QUOTED_CHARS: usize = 64;

impl RuntimeError {
    pub(super) fn new(status: StatusCode, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { status, reason: reason.into(), retry_after: None, cause: None }
    }

    /// With the status's own phrase, such as `404 Not Found`.
    pub(super) fn status(status: StatusCode) -> Self {
        Self::new(status, status.canonical_reason().unwrap_or_default())
    }

    pub(super) fn bad_request(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, reason)
    }

    /// A second write to one key within a second.
    pub(super) fn rate_limited(retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::status(StatusCode::TOO_MANY_REQUESTS) }
    }

    /// Not 404, which a Worker would take for an absent key.
    pub(super) fn namespace_not_found() -> Self {
        Self::bad_request("namespace not found")
    }

    /// A parameter that is no number, or one out of its range.
    pub(super) fn parameter(name: &str, given: &str, advice: &str) -> Self {
        Self::bad_request(format!("Invalid {name} of {}. {advice}", quoted(given)))
    }

    /// An escape in the URL is malformed, or what it stands for is not UTF-8.
    pub(super) fn not_decodable(what: &str) -> Self {
        Self::bad_request(format!("Could not URL-decode {what}"))
    }

    /// The body was not taken; `what` is what it holds.
    pub(super) fn body(error: BodyError, what: &str) -> Self {
        match error {
            BodyError::TooLong { len, limit } => too_long(what, len, limit),
            BodyError::Stalled { .. } | BodyError::TooSlow { .. } => {
                Self::status(StatusCode::REQUEST_TIMEOUT)
            }
            BodyError::NoMemoryError(error) => error.into(),
            BodyError::Broken => Self::bad_request("The request body ended too early"),
        }
    }

    /// The answer, whose status line the runtime reads.
    pub(super) fn into_response(self) -> Response {
        let Self { status, reason, retry_after, cause } = self;
        if let Some(error) = &cause {
            // Its key's length is all that it shows of an entry.
            tracing::warn!(?error, "the store failed");
        }
        // What a client wrote may hold line breaks, which no reason phrase can.
        let reason = reason.replace(|character: char| character.is_ascii_control(), " ");
        let phrase = ReasonPhrase::try_from(reason.as_bytes());
        let mut response = (status, reason).into_response();
        if let Ok(phrase) = phrase {
            response.extensions_mut().insert(phrase);
        }
        if let Some(wait) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        response
    }
}

/// The start of what a client wrote.
fn quoted(given: &str) -> String {
    given.chars().take(MAX_QUOTED_CHARS).collect()
}

impl From<InvalidInput> for RuntimeError {
    fn from(error: InvalidInput) -> Self {
        match error {
            InvalidInput::KeyEmpty => Self::bad_request("Key names must not be empty"),
            InvalidInput::KeyReserved { key } => {
                Self::bad_request(format!("Illegal key name \"{key}\". Please use a different name."))
            }
            // A prefix is held to the limit of keys, in the words of keys.
            InvalidInput::KeyTooLong { len } | InvalidInput::PrefixTooLong { len } => Self::new(
                StatusCode::URI_TOO_LONG,
                format!(
                    "UTF-8 encoded length of {len} exceeds key length limit of {}.",
                    limits::MAX_KEY_BYTES
                ),
            ),
            InvalidInput::MetadataTooLong { len } => too_long("Metadata", len, limits::MAX_METADATA_BYTES),
            InvalidInput::ValueTooLong { len } => too_long("Value", len, limits::MAX_VALUE_BYTES),
            other => Self::bad_request(other.to_string()),
        }
    }
}

fn too_long(what: &str, len: impl Display, limit: usize) -> RuntimeError {
    RuntimeError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("{what} length of {len} exceeds limit of {limit}."),
    )
}

impl From<NoMemoryError> for RuntimeError {
    fn from(_: NoMemoryError) -> Self {
        Self {
            retry_after: Some(NoMemoryError::RETRY_AFTER),
            ..Self::status(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

impl From<Error> for RuntimeError {
    fn from(error: Error) -> Self {
        if let Some(&invalid_input) = error.as_invalid_input() {
            return invalid_input.into();
        }
        let status = match error.kind() {
            ErrorKind::NamespaceNotFound => return Self::namespace_not_found(),
            ErrorKind::InvalidInput | ErrorKind::Unsupported => return Self::bad_request(error.to_string()),
            ErrorKind::RateLimited => {
                return Self::rate_limited(error.retry_after().unwrap_or(Duration::from_secs(1)));
            }
            ErrorKind::QuotaExceeded => StatusCode::INSUFFICIENT_STORAGE,
            ErrorKind::Unavailable | ErrorKind::Closed => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { retry_after: error.retry_after(), cause: Some(error), ..Self::status(status) }
    }
}
