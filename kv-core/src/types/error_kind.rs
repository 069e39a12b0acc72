//! What the reader of an error should do.

use std::fmt;

/// The kind of an [`Error`](crate::Error): what its reader should do about it.
///
/// New kinds may be added; treat an unknown one as [`Other`](ErrorKind::Other).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input breaks a limit of the contract. Mend the input, or answer 400 to whoever sent it;
    /// [`Error::as_invalid_input`](crate::Error::as_invalid_input) says which limit.
    InvalidInput,
    /// The backend did not accept the credentials, or they do not allow the operation. Mend the configuration.
    Unauthorized,
    /// The namespace does not exist, or was deleted. Create it, or mend its id.
    NamespaceNotFound,
    /// Another namespace has the title. Open that one, or choose another title.
    NamespaceExists,
    /// Somebody else has the store open. Close the other one first.
    Locked,
    /// Too many requests. Wait for [`Error::retry_after`](crate::Error::retry_after), then try again.
    RateLimited,
    /// A quota of the account or the store is used up. Waiting a little does not help.
    QuotaExceeded,
    /// The backend cannot answer at the moment. Try again later.
    Unavailable,
    /// The stored data is damaged, of an unknown version, or not this store's at all. Restore a backup, or
    /// point the store at the right place.
    Corrupt,
    /// A value is not what the caller wanted to read it as, or cannot be encoded. The bytes are as they were.
    Codec,
    /// The backend has no such capability. Do without it, or choose a backend that has it.
    Unsupported,
    /// The store is closed, or closed itself after a failed write. Open it again. A write that was answered
    /// with this may or may not have been applied.
    Closed,
    /// Anything else; the message says what.
    Other,
}

impl ErrorKind {
    /// Whether the same call may succeed later without a change: [`RateLimited`](Self::RateLimited) and
    /// [`Unavailable`](Self::Unavailable).
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::RateLimited | Self::Unavailable)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidInput => "invalid input",
            Self::Unauthorized => "unauthorized",
            Self::NamespaceNotFound => "namespace not found",
            Self::NamespaceExists => "namespace exists",
            Self::Locked => "locked",
            Self::RateLimited => "rate limited",
            Self::QuotaExceeded => "quota exceeded",
            Self::Unavailable => "unavailable",
            Self::Corrupt => "corrupt",
            Self::Codec => "codec",
            Self::Unsupported => "unsupported",
            Self::Closed => "closed",
            Self::Other => "other",
        })
    }
}
