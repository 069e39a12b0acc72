//! Error of a REST request, made of the errors of lower storeys.

use std::{borrow::Cow, time::Duration};

use kv_core::{Error, ErrorKind, InvalidInput};

use crate::{
    http::{body_rules::BodyError, memory::MemoryError, retry_after},
    protocol::bulk_values::BulkGetError,
    rest::{code::Code, envelope::Cause},
    state::{credentials::CredentialsError, local_access::AccessError},
};

/// Error of a REST request.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) code: Code,
    /// Message, without the name of the operation.
    pub(crate) reason: Cow<'static, str>,
    /// JSON pointer to the fault in the request body.
    pub(crate) pointer: Option<String>,
    pub(super) error_chain: &'static [Cause],
    pub(crate) retry_after: Option<Duration>,
    /// Error of the store, to be logged; `None` if the request is at fault.
    pub(crate) cause: Option<Error>,
}

impl ApiError {
    pub(crate) fn new(code: Code, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { code, reason: reason.into(), pointer: None, error_chain: &[], retry_after: None, cause: None }
    }

    /// Adds the JSON pointer to the fault in the request body.
    pub(crate) fn at(mut self, pointer: String) -> Self {
        self.pointer = Some(pointer);
        self
    }

    fn with_cause(mut self, cause: Error) -> Self {
        self.cause = Some(cause);
        self
    }

    /// Returns the error for a malformed namespace id, in Cloudflare's words.
    pub(crate) fn malformed_namespace_id() -> Self {
        let reason = "could not parse UUID from request's namespace_id: \
            'invalid namespace format: must be 32 hexadecimal digits'";
        Self::new(Code::MalformedNamespaceId, reason)
    }

    /// Returns the error for too many requests, or too many writes to a key, in Cloudflare's words.
    pub(crate) fn rate_limited(retry_after: Duration) -> Self {
        let reason = "Please wait and consider throttling your request speed";
        Self { retry_after: Some(retry_after), ..Self::new(Code::RateLimited, reason) }
    }

    /// Returns the error for a request that may succeed later.
    pub(crate) fn unavailable(reason: impl Into<Cow<'static, str>>, retry_after: Option<Duration>) -> Self {
        let retry_after = Some(retry_after.unwrap_or(retry_after::DEFAULT));
        Self { retry_after, ..Self::new(Code::Unavailable, reason) }
    }

    /// Returns the error for a body that is not `expected`, with the place alone: serde's message would quote
    /// the body.
    pub(crate) fn malformed_json(expected: &str, error: &serde_json::Error) -> Self {
        let reason =
            format!("body must be {expected}: malformed at line {}, column {}", error.line(), error.column());
        Self::new(Code::MalformedBody, reason)
    }
}

impl From<InvalidInput> for ApiError {
    fn from(invalid: InvalidInput) -> Self {
        let code = match invalid {
            InvalidInput::KeyEmpty | InvalidInput::KeyReserved { .. } => Code::IllegalKey,
            InvalidInput::KeyTooLong { .. } | InvalidInput::PrefixTooLong { .. } => Code::KeyTooLong,
            InvalidInput::ValueTooLong { .. } => Code::PayloadTooLarge,
            InvalidInput::MetadataTooLong { .. }
            | InvalidInput::MetadataNotJson { .. }
            | InvalidInput::MetadataNotSerializable
            | InvalidInput::MetadataNull => Code::InvalidMetadata,
            InvalidInput::TimestampTooLate { .. } | InvalidInput::ExpirationTooSoon { .. } => {
                Code::InvalidExpiration
            }
            InvalidInput::ExpirationTtlTooShort { .. } => Code::InvalidExpirationTtl,
            InvalidInput::ListLimitOutOfRange { .. } => Code::InvalidLimit,
            InvalidInput::CursorMalformed | InvalidInput::CursorForOtherPrefix => Code::InvalidCursor,
            InvalidInput::NamespaceTitleEmpty | InvalidInput::NamespaceTitleTooLong { .. } => {
                Code::InvalidTitle
            }
            InvalidInput::NamespaceIdEmpty | InvalidInput::NamespaceIdTooLong { .. } => {
                return Self::malformed_namespace_id();
            }
            _ => Code::InvalidRequest,
        };
        Self::new(code, invalid.to_string())
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        if let Some(invalid) = error.as_invalid_input() {
            return Self::from(*invalid);
        }
        match error.kind() {
            ErrorKind::NamespaceNotFound => Self::new(Code::NamespaceNotFound, "namespace not found"),
            ErrorKind::NamespaceExists => {
                Self::new(Code::NamespaceExists, "a namespace with this account ID and title already exists")
            }
            ErrorKind::InvalidInput | ErrorKind::Unsupported => {
                Self::new(Code::InvalidRequest, error.to_string())
            }
            ErrorKind::RateLimited => Self::rate_limited(error.retry_after().unwrap_or(retry_after::DEFAULT)),
            ErrorKind::QuotaExceeded => Self::new(Code::QuotaExceeded, "store quota exceeded"),
            // The store's own credentials.
            ErrorKind::Unauthorized => {
                Self::new(Code::Authentication, "store rejected the server's credentials").with_cause(error)
            }
            ErrorKind::Corrupt => Self::new(Code::Corrupt, "stored data is corrupt").with_cause(error),
            _ => Self::unavailable("store is unavailable: try again later", error.retry_after())
                .with_cause(error),
        }
    }
}

impl From<CredentialsError> for ApiError {
    fn from(error: CredentialsError) -> Self {
        const EMAIL: Cause =
            Cause { code: Code::InvalidEmailHeader, message: "Invalid format for X-Auth-Email header" };
        const KEY: Cause =
            Cause { code: Code::InvalidKeyHeader, message: "Invalid format for X-Auth-Key header" };
        const AUTHORIZATION: Cause = Cause {
            code: Code::InvalidAuthorizationHeader,
            message: "Invalid format for Authorization header",
        };
        let error_chain: &[Cause] = match error {
            CredentialsError::Missing => {
                let reason = "Missing X-Auth-Key, X-Auth-Email or Authorization headers";
                return Self::new(Code::MissingCredentials, reason);
            }
            CredentialsError::Wrong => return Self::new(Code::Authentication, "Authentication error"),
            CredentialsError::MalformedAuthorization => &[AUTHORIZATION],
            CredentialsError::MalformedEmail => &[EMAIL],
            CredentialsError::MalformedKey => &[KEY],
            CredentialsError::MalformedEmailAndKey => &[EMAIL, KEY],
        };
        Self { error_chain, ..Self::new(Code::InvalidHeaders, "Invalid request headers") }
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        let code = match error {
            BodyError::TooLong { .. } => Code::PayloadTooLarge,
            BodyError::Stalled { .. } | BodyError::TooSlow { .. } | BodyError::Broken => Code::InvalidRequest,
            BodyError::Memory(error) => return error.into(),
        };
        Self::new(code, error.to_string())
    }
}

impl From<MemoryError> for ApiError {
    fn from(error: MemoryError) -> Self {
        Self::unavailable(error.to_string(), None)
    }
}

impl From<AccessError> for ApiError {
    fn from(error: AccessError) -> Self {
        let code = match error {
            AccessError::Head(_) => Code::InvalidRequest,
            AccessError::ForeignHost | AccessError::ForeignSite => Code::Authentication,
        };
        Self::new(code, error.to_string())
    }
}

impl From<BulkGetError> for ApiError {
    fn from(error: BulkGetError) -> Self {
        let pointer = match error {
            BulkGetError::Store(error) => return error.into(),
            BulkGetError::Memory(error) => return error.into(),
            BulkGetError::TooLarge => return Self::new(Code::PayloadTooLarge, error.to_string()),
            BulkGetError::NotJson => return Self::new(Code::InvalidRequest, error.to_string()),
            BulkGetError::UnknownType(_) => "/type",
            BulkGetError::NoKeys | BulkGetError::TooManyKeys => "/keys",
        };
        Self::new(Code::InvalidRequest, error.to_string()).at(pointer.to_owned())
    }
}
