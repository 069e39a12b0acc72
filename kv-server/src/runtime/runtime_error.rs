//! Error of a runtime request: a status and a reason phrase.

use std::{borrow::Cow, fmt::Display, time::Duration};

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use hyper::ext::ReasonPhrase;
use kv_core::{Error, ErrorKind, InvalidInput, limits};

use crate::{
    http::{body_rules::BodyError, memory::MemoryError, retry_after},
    protocol::{bulk_values::BulkGetError, query::excerpt},
    state::local_access::AccessError,
};

/// Error of a runtime request. The runtime makes the Worker's exception of the status and the reason phrase;
/// it ignores the body, which repeats the phrase for people.
#[derive(Debug)]
pub(super) struct RuntimeError {
    status: StatusCode,
    reason: Cow<'static, str>,
    retry_after: Option<Duration>,
    /// Error of the store, to be logged; `None` if the request is at fault.
    cause: Option<Error>,
}

impl RuntimeError {
    pub(super) fn new(status: StatusCode, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { status, reason: reason.into(), retry_after: None, cause: None }
    }

    /// Returns an error with the status's own phrase, such as `404 Not Found`.
    pub(super) fn status(status: StatusCode) -> Self {
        Self::new(status, status.canonical_reason().unwrap_or_default())
    }

    pub(super) fn bad_request(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, reason)
    }

    /// Returns the error for a second write to a key within a second.
    pub(super) fn rate_limited(retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::status(StatusCode::TOO_MANY_REQUESTS) }
    }

    /// Returns the error for an unknown namespace: not 404, which a Worker would take for an absent key.
    pub(super) fn namespace_not_found() -> Self {
        Self::bad_request("namespace not found")
    }

    /// Returns the error for a parameter that is not a number or out of range.
    pub(super) fn parameter(name: &str, given: &str, advice: &str) -> Self {
        Self::bad_request(format!("Invalid {name} of {}. {advice}", excerpt(given)))
    }

    /// Returns the error for a malformed escape in the URL, or one that does not decode to UTF-8.
    pub(super) fn not_decodable(what: &str) -> Self {
        Self::bad_request(format!("Could not URL-decode {what}"))
    }

    /// Returns the error for a body; `what` is its content, for the message.
    pub(super) fn body(error: BodyError, what: &str) -> Self {
        match error {
            BodyError::TooLong { len, limit } => too_long(what, len, limit),
            BodyError::Stalled { .. } | BodyError::TooSlow { .. } => {
                Self::status(StatusCode::REQUEST_TIMEOUT)
            }
            BodyError::Memory(error) => error.into(),
            BodyError::Broken => Self::bad_request("The request body ended too early"),
        }
    }

    /// Returns the response, with the reason in its status line.
    pub(super) fn into_response(self) -> Response {
        let Self { status, reason, retry_after, cause } = self;
        if let Some(error) = &cause {
            // Its `Debug` shows the key's length alone.
            tracing::warn!(?error, "store failed");
        }
        // An excerpt of the request may have line breaks, which a reason phrase cannot.
        let reason = reason.replace(|character: char| character.is_ascii_control(), " ");
        let phrase = ReasonPhrase::try_from(reason.as_bytes());
        let mut response = (status, reason).into_response();
        if let Ok(phrase) = phrase {
            response.extensions_mut().insert(phrase);
        }
        if let Some(wait) = retry_after {
            retry_after::set(response.headers_mut(), wait);
        }
        response
    }
}

impl From<InvalidInput> for RuntimeError {
    fn from(error: InvalidInput) -> Self {
        match error {
            InvalidInput::KeyEmpty => Self::bad_request("Key names must not be empty"),
            InvalidInput::KeyReserved { key } => {
                Self::bad_request(format!("Illegal key name \"{key}\". Please use a different name."))
            }
            // Prefixes have the limit and the message of keys.
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

impl From<MemoryError> for RuntimeError {
    fn from(_: MemoryError) -> Self {
        let retry_after = Some(retry_after::DEFAULT);
        Self { retry_after, ..Self::status(StatusCode::SERVICE_UNAVAILABLE) }
    }
}

impl From<AccessError> for RuntimeError {
    fn from(error: AccessError) -> Self {
        let status = match error {
            AccessError::Head(_) => StatusCode::BAD_REQUEST,
            AccessError::ForeignHost | AccessError::ForeignSite => StatusCode::FORBIDDEN,
        };
        Self::new(status, error.to_string())
    }
}

impl From<BulkGetError> for RuntimeError {
    fn from(error: BulkGetError) -> Self {
        match error {
            BulkGetError::Store(error) => error.into(),
            BulkGetError::Memory(error) => error.into(),
            BulkGetError::TooLarge => Self::new(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()),
            other => Self::bad_request(other.to_string()),
        }
    }
}

impl From<Error> for RuntimeError {
    fn from(error: Error) -> Self {
        if let Some(&invalid_input) = error.as_invalid_input() {
            return invalid_input.into();
        }
        let retry_after = error.retry_after();
        let (status, retry_after) = match error.kind() {
            ErrorKind::NamespaceNotFound => return Self::namespace_not_found(),
            ErrorKind::InvalidInput | ErrorKind::Unsupported => return Self::bad_request(error.to_string()),
            ErrorKind::RateLimited => {
                return Self::rate_limited(retry_after.unwrap_or(retry_after::DEFAULT));
            }
            ErrorKind::Unavailable | ErrorKind::Closed => {
                (StatusCode::SERVICE_UNAVAILABLE, Some(retry_after.unwrap_or(retry_after::DEFAULT)))
            }
            ErrorKind::QuotaExceeded => (StatusCode::INSUFFICIENT_STORAGE, retry_after),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, retry_after),
        };
        Self { retry_after, cause: Some(error), ..Self::status(status) }
    }
}
