//! The codes of Cloudflare's API.

use axum::http::StatusCode;
use serde::{Serialize, Serializer};

/// The codes with which Cloudflare's API says what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    RateLimited = 971,
    InvalidHeaders = 6003,
    InvalidEmailHeader = 6102,
    InvalidKeyHeader = 6103,
    InvalidAuthorizationHeader = 6111,
    NoRoute = 7000,
    MalformedAccountId = 7003,
    MissingCredentials = 9106,
    Authentication = 10000,
    Unavailable = 10001,
    InvalidPage = 10007,
    InvalidPerPage = 10008,
    KeyNotFound = 10009,
    MalformedNamespaceId = 10011,
    MalformedBody = 10012,
    NamespaceNotFound = 10013,
    NamespaceExists = 10014,
    InvalidTitle = 10019,
    TooManyItems = 10020,
    PayloadTooLarge = 10024,
    InvalidLimit = 10028,
    InvalidRequest = 10029,
    KeyTooLong = 10030,
    InvalidExpiration = 10033,
    InvalidExpirationTtl = 10034,
    InvalidCursor = 10041,
    IllegalKey = 10042,
    InvalidOrder = 10043,
    InvalidDirection = 10044,
    InvalidMetadata = 10047,
    QuotaExceeded = 10048,
    MethodNotAllowed = 10405,
    /// Not one of the service's: what is stored is damaged here, and to try again is in vain.
    Damaged = 10500,
}

/// As its number.
impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(*self as u32)
    }
}

impl Code {
    /// The status that goes with it.
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            // A path that is no endpoint is not among these: clients take a 404 for a key that is absent.
            Self::KeyNotFound | Self::NamespaceNotFound | Self::MalformedAccountId => StatusCode::NOT_FOUND,
            Self::Authentication => StatusCode::FORBIDDEN,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::KeyTooLong => StatusCode::URI_TOO_LONG,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Damaged => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}
