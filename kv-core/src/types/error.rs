//! Error of every operation, and its kind.

use std::{borrow::Cow, error::Error as StdError, fmt, sync::Arc, time::Duration};

use crate::types::{invalid_input::InvalidInput, key::Key};

/// Name of this crate in its errors.
pub(crate) const BACKEND: &str = "kv-core";

/// Result of every fallible operation of this workspace.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Error of an operation.
///
/// [`kind`](Error::kind) says what to do about it. [`Display`](fmt::Display) is the message alone, the cause
/// is in [`source`](StdError::source), and [`Debug`](fmt::Debug) shows everything but the key, of which it
/// shows the length. An error is one pointer in size and cheap to clone, since one failed commit fails the
/// calls of many.
///
/// An absent key is not an error: reads return `Ok(None)`, and deleting it returns `Ok(())`.
///
/// Backends outside this workspace build their errors the same way:
///
/// ```
/// use std::time::Duration;
/// use kv_core::{Error, ErrorKind, Key};
///
/// let error = Error::new(ErrorKind::RateLimited, "my-backend", "too many writes per second (max 1,000)")
///     .with_operation("write")
///     .with_key(&Key::from_static("session:1"))
///     .with_retry_after(Duration::from_secs(1));
/// assert!(error.is_retryable());
/// assert!(!format!("{error:?}").contains("session:1"));
/// ```
#[derive(Clone)]
pub struct Error(Arc<Details>);

#[derive(Clone)]
struct Details {
    kind: ErrorKind,
    backend: &'static str,
    message: Cow<'static, str>,
    operation: Option<&'static str>,
    key: Option<Key<'static>>,
    retry_after: Option<Duration>,
    invalid_input: Option<InvalidInput>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Returns an error of `kind` from `backend` (a library's name). The message says what was wrong, what
    /// was given, the limit and what to do, and never shows a value, a token or a key.
    #[must_use]
    pub fn new(kind: ErrorKind, backend: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Details {
            kind,
            backend,
            message: message.into(),
            operation: None,
            key: None,
            retry_after: None,
            invalid_input: None,
            source: None,
        }))
    }

    /// Adds the key that the operation was about.
    #[must_use]
    pub fn with_key(self, key: &Key<'_>) -> Self {
        let key = key.clone().into_owned();
        self.change(|details| details.key = Some(key))
    }

    /// Adds the operation: the name of the method that failed, without `_with`, such as `write` or
    /// `put_json`.
    #[must_use]
    pub fn with_operation(self, operation: &'static str) -> Self {
        self.change(|details| details.operation = Some(operation))
    }

    /// Adds the cause. It must not hold a value, a token or a key, since causes are logged with the error.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source = Arc::from(source.into());
        self.change(|details| details.source = Some(source))
    }

    /// Adds the wait before the next attempt.
    #[must_use]
    pub fn with_retry_after(self, wait: Duration) -> Self {
        self.change(|details| details.retry_after = Some(wait))
    }

    fn change(mut self, change: impl FnOnce(&mut Details)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Returns the kind, which says what to do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// `true` if the same call may succeed later without a change; see [`ErrorKind::is_retryable`].
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.kind.is_retryable()
    }

    /// Returns the wait before the next attempt that the backend asks for, if it does.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns the key of the operation, if it had one. Keys may be secrets (session ids are): do not log it
    /// unseen.
    #[must_use]
    pub fn key(&self) -> Option<&Key<'static>> {
        self.0.key.as_ref()
    }

    /// Returns the operation: the name of the method that failed, without `_with`, such as `write` or
    /// `put_json`.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// Returns the library that the error comes from, such as `kv-redb`.
    #[must_use]
    pub fn backend(&self) -> &'static str {
        self.0.backend
    }

    /// Returns the limit of the contract that the input broke. Only errors of kind
    /// [`ErrorKind::InvalidInput`] have one, and not all of them.
    #[must_use]
    pub fn as_invalid_input(&self) -> Option<&InvalidInput> {
        self.0.invalid_input.as_ref()
    }
}

impl From<InvalidInput> for Error {
    fn from(invalid_input: InvalidInput) -> Self {
        Self::new(ErrorKind::InvalidInput, BACKEND, invalid_input.to_string())
            .change(|details| details.invalid_input = Some(invalid_input))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details = &*self.0;
        let mut debug = f.debug_struct("Error");
        debug.field("kind", &details.kind).field("backend", &details.backend);
        if let Some(operation) = details.operation {
            debug.field("operation", &operation);
        }
        debug.field("message", &details.message);
        if let Some(key) = &details.key {
            debug.field("key_len", &key.len());
        }
        if let Some(wait) = details.retry_after {
            debug.field("retry_after", &wait);
        }
        if let Some(source) = &details.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// Kind of an [`Error`]: it says what to do.
///
/// New kinds may be added; treat an unknown one as [`Other`](ErrorKind::Other).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input breaks a limit of the contract or of the backend, or a setting is malformed. Fix it, or
    /// answer its sender 400; [`Error::as_invalid_input`] says which limit of the contract, if it is one.
    InvalidInput,
    /// The backend did not accept the credentials, or they do not allow the operation. Fix the configuration.
    Unauthorized,
    /// The namespace does not exist, or was deleted. Create it, or fix its id.
    NamespaceNotFound,
    /// Another namespace has the title. Open that one, or choose another title.
    NamespaceExists,
    /// Another process or handle has the store open. Close it first.
    Locked,
    /// Too many requests. Wait for [`Error::retry_after`], then try again.
    RateLimited,
    /// A quota of the account or the store is used up. Retrying soon does not help.
    QuotaExceeded,
    /// The backend cannot answer at the moment. Try again later.
    Unavailable,
    /// The stored data is damaged, of an unknown version, or not of this kind of store. Restore a backup, or
    /// open the right file.
    Corrupt,
    /// A value cannot be read as the wanted type, or cannot be encoded. The stored bytes are unchanged.
    Codec,
    /// The backend has no such capability. Do without it, or choose a backend that has it.
    Unsupported,
    /// The store is closed, or closed itself after a failed write. Open it again. A write that failed with
    /// this may or may not have been applied.
    Closed,
    /// Anything else; the message says what.
    Other,
}

impl ErrorKind {
    /// `true` if the same call may succeed later without a change: [`RateLimited`](Self::RateLimited) and
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
