//! Why a request fails.

use std::{borrow::Cow, time::Duration};

use kv_core::{Error, ErrorKind, InvalidInput};

use crate::{
    http::{body_rules::BodyError, memory::NoMemoryError},
    rest::{code::Code, envelope::Link},
    state::credentials::CredentialsError,
};

/// Why a request fails.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) code: Code,
    /// What was wrong, without the operation's name.
    pub(crate) reason: Cow<'static, str>,
    /// Where in the body, as a JSON pointer.
    pub(crate) pointer: Option<String>,
    /// The causes, where the service says more than one thing.
    pub(super) error_chain: &'static [Link],
    pub(crate) retry_after: Option<Duration>,
    /// What the store said, where it failed and not the client.
    pub(crate) cause: Option<Error>,
}

impl ApiError {
    pub(crate) fn new(code: Code, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { code, reason: reason.into(), pointer: None, error_chain: &[], retry_after: None, cause: None }
    }

    /// Says where in the body it was.
    pub(crate) fn at(mut self, pointer: String) -> Self {
        self.pointer = Some(pointer);
        self
    }

    /// An id that is no id of a namespace, in the service's words.
    pub(crate) fn malformed_namespace_id() -> Self {
        let reason = "could not parse UUID from request's namespace_id: \
            'invalid namespace format: it has to be 32 hexadecimal digits'";
        Self::new(Code::MalformedNamespaceId, reason)
    }

    /// Too many requests, or writes to one key.
    pub(crate) fn rate_limited(retry_after: Duration) -> Self {
        let mut failure =
            Self::new(Code::RateLimited, "Please wait and consider throttling your request speed");
        failure.retry_after = Some(retry_after);
        failure
    }

    /// A body that is not JSON of the wanted form. serde's own message would quote it, so only the place is told.
    pub(crate) fn malformed_json(wanted: &str, error: &serde_json::Error) -> Self {
        let place = format!("line {}, column {}", error.line(), error.column());
        Self::new(Code::MalformedBody, format!("the body has to be {wanted}: it is not, at {place}"))
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
            ErrorKind::RateLimited => {
                Self::rate_limited(error.retry_after().unwrap_or(Duration::from_secs(1)))
            }
            ErrorKind::QuotaExceeded => Self::new(Code::QuotaExceeded, "the store's quota is used up"),
            // Of the store's own account: whoever asks through it is not allowed either.
            ErrorKind::Unauthorized => Self {
                cause: Some(error),
                ..Self::new(Code::Authentication, "the store's credentials are refused")
            },
            ErrorKind::Corrupt => {
                Self { cause: Some(error), ..Self::new(Code::Damaged, "what is stored there is damaged") }
            }
            _ => Self {
                retry_after: error.retry_after(),
                cause: Some(error),
                ..Self::new(Code::Unavailable, "the store cannot answer at the moment")
            },
        }
    }
}

impl From<CredentialsError> for ApiError {
    fn from(error: CredentialsError) -> Self {
        const EMAIL: Link =
            Link { code: Code::InvalidEmailHeader, message: "Invalid format for X-Auth-Email header" };
        const KEY: Link =
            Link { code: Code::InvalidKeyHeader, message: "Invalid format for X-Auth-Key header" };
        const AUTHORIZATION: Link = Link {
            code: Code::InvalidAuthorizationHeader,
            message: "Invalid format for Authorization header",
        };
        let error_chain: &[Link] = match error {
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
            BodyError::NoMemoryError(error) => return error.into(),
        };
        Self::new(code, error.to_string())
    }
}

impl From<NoMemoryError> for ApiError {
    fn from(error: NoMemoryError) -> Self {
        Self {
            retry_after: Some(NoMemoryError::RETRY_AFTER),
            ..Self::new(Code::Unavailable, error.to_string())
        }
    }
}
