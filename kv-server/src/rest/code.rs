//! Error codes of Cloudflare's API, each with its number and its status.

use axum::http::StatusCode;
use serde::{Serialize, Serializer};

/// Error code of Cloudflare's API.
///
/// The numbers 10001 to 10048 are from Cloudflare's former table of Workers KV error codes, which public
/// repositories still copy; the others are from responses of the live API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// Too many requests, or too many writes to a key.
    RateLimited = 971,
    /// The headers of the credentials are malformed; the `error_chain` says which.
    InvalidHeaders = 6003,
    /// `X-Auth-Email` is malformed; in an `error_chain`.
    InvalidEmailHeader = 6102,
    /// `X-Auth-Key` is malformed; in an `error_chain`.
    InvalidKeyHeader = 6103,
    /// `Authorization` is malformed; in an `error_chain`.
    InvalidAuthorizationHeader = 6111,
    /// The path is not an endpoint.
    NoRoute = 7000,
    /// The account id in the path is malformed.
    MalformedAccountId = 7003,
    /// The request has no credentials.
    MissingCredentials = 9106,
    /// The credentials are wrong, or for another account.
    Authentication = 10000,
    /// The service is temporarily unavailable.
    Unavailable = 10001,
    /// The parameter `page` is invalid.
    InvalidPage = 10007,
    /// The parameter `per_page` is invalid.
    InvalidPerPage = 10008,
    /// The key does not exist.
    KeyNotFound = 10009,
    /// The namespace id in the path is malformed.
    MalformedNamespaceId = 10011,
    /// The body is malformed.
    MalformedBody = 10012,
    /// The namespace does not exist.
    NamespaceNotFound = 10013,
    /// Another namespace has this title.
    NamespaceExists = 10014,
    /// The title is missing, empty or too long.
    InvalidTitle = 10019,
    /// A bulk write or delete has too many items.
    TooManyItems = 10020,
    /// The body or a value is too long.
    PayloadTooLarge = 10024,
    /// The parameter `limit` is invalid.
    InvalidLimit = 10028,
    /// The request is invalid in another way.
    InvalidRequest = 10029,
    /// A key or a prefix is too long.
    KeyTooLong = 10030,
    /// An `expiration` is invalid.
    InvalidExpiration = 10033,
    /// An `expiration_ttl` is invalid.
    InvalidExpirationTtl = 10034,
    /// The cursor is invalid.
    InvalidCursor = 10041,
    /// A key is not allowed.
    IllegalKey = 10042,
    /// The parameter `order` is invalid.
    InvalidOrder = 10043,
    /// The parameter `direction` is invalid.
    InvalidDirection = 10044,
    /// Metadata is invalid or too long.
    InvalidMetadata = 10047,
    /// The quota of the account is exceeded.
    QuotaExceeded = 10048,
    /// The endpoint does not take this method.
    MethodNotAllowed = 10405,
    /// Stored data is corrupt, so a retry is in vain. Not one of Cloudflare's codes.
    Corrupt = 10500,
}

/// Serializes the number.
impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(*self as u32)
    }
}

impl Code {
    /// Returns the status that goes with the code.
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            // An unknown path is 400, as at Cloudflare: clients take a 404 for an absent key.
            Self::KeyNotFound | Self::NamespaceNotFound | Self::MalformedAccountId => StatusCode::NOT_FOUND,
            Self::Authentication => StatusCode::FORBIDDEN,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::KeyTooLong => StatusCode::URI_TOO_LONG,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Corrupt => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}
