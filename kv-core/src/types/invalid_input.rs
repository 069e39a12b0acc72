//! What a constructor refuses, and why.

use crate::types::{limits, timestamp::Timestamp};

/// Input that breaks a limit of the contract: what was wrong, the limit, and what was given.
///
/// Every variant's sentence can be shown to whoever sent the input. None repeats a key, a value or metadata.
/// As an [`Error`](crate::Error) its kind is [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), and
/// [`Error::as_invalid_input`](crate::Error::as_invalid_input) gives it back.
///
/// ```
/// use kv_core::{InvalidInput, Key};
///
/// let refused = Key::new("x".repeat(513)).unwrap_err();
/// assert_eq!(refused, InvalidInput::KeyTooLong { len: 513 });
/// assert_eq!(refused.to_string(), "a key of 513 bytes is too long: the limit is 512 bytes of UTF-8");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidInput {
    /// A key without a character.
    #[error("a key of 0 bytes is too short: a key has 1 to {max} bytes of UTF-8", max = limits::MAX_KEY_BYTES)]
    KeyEmpty,
    /// The key `.` or `..`, which no URL can carry.
    #[error("the key {key:?} is not allowed: a URL cannot carry it; every other key of 1 to {max} bytes is", max = limits::MAX_KEY_BYTES)]
    KeyReserved {
        /// `.` or `..`.
        key: &'static str,
    },
    /// A key over [`limits::MAX_KEY_BYTES`].
    #[error("a key of {len} bytes is too long: the limit is {max} bytes of UTF-8", max = limits::MAX_KEY_BYTES)]
    KeyTooLong {
        /// Its length in bytes of UTF-8.
        len: usize,
    },
    /// A prefix over [`limits::MAX_PREFIX_BYTES`].
    #[error("a prefix of {len} bytes is too long: the limit is {max} bytes of UTF-8", max = limits::MAX_PREFIX_BYTES)]
    PrefixTooLong {
        /// Its length in bytes of UTF-8.
        len: usize,
    },
    /// A value over [`limits::MAX_VALUE_BYTES`].
    #[error("a value of {len} bytes is too long: the limit is {max} bytes (25 MiB)", max = limits::MAX_VALUE_BYTES)]
    ValueTooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// Metadata over [`limits::MAX_METADATA_BYTES`].
    #[error("metadata of {len} bytes is too long: the limit is {max} bytes of compact JSON", max = limits::MAX_METADATA_BYTES)]
    MetadataTooLong {
        /// The length of its compact JSON text, quotes and escapes counted.
        len: usize,
    },
    /// Metadata that is not JSON text.
    #[error("metadata has to be JSON: the text given stops being JSON at line {line}, column {column}")]
    MetadataNotJson {
        /// The line, from 1.
        line: usize,
        /// The column in bytes, from 1; 0 if the text ends before the line's first byte.
        column: usize,
    },
    /// A type whose `Serialize` failed, or that JSON cannot express.
    #[error("metadata has to be JSON: the type given cannot be written as JSON")]
    MetadataNotSerializable,
    /// Metadata that is JSON `null`: to have none, give none.
    #[error("metadata of null is no metadata: leave it out instead")]
    MetadataNull,
    /// A time after [`limits::MAX_TIMESTAMP`].
    #[error("a time of {seconds} seconds since the epoch is too late: the limit is {max} (the end of the year 9999)", max = limits::MAX_TIMESTAMP)]
    TimestampTooLate {
        /// The seconds since the epoch that were given.
        seconds: u64,
    },
    /// A time to live under [`limits::MIN_EXPIRATION`].
    #[error("a time to live of {seconds} s is too short: the limit is {min} s or more", min = limits::MIN_EXPIRATION.as_secs())]
    ExpirationTtlTooShort {
        /// The whole seconds that were given.
        seconds: u64,
    },
    /// A deadline that is past, or under [`limits::MIN_EXPIRATION`] away.
    #[error("an expiration at {expiration} is too soon: it is {now} now (in seconds since the epoch), and the limit is {min} s from now or later", min = limits::MIN_EXPIRATION.as_secs())]
    ExpirationTooSoon {
        /// The deadline that was given.
        expiration: Timestamp,
        /// The time that it was held against.
        now: Timestamp,
    },
    /// A page size outside 1 to [`limits::MAX_LIST_LIMIT`].
    #[error("a list limit of {limit} is out of range: a page holds 1 to {max} keys", max = limits::MAX_LIST_LIMIT)]
    ListLimitOutOfRange {
        /// The limit that was given.
        limit: usize,
    },
    /// Text that no [`Cursor`](crate::Cursor) of this version has.
    #[error(
        "the cursor is not one that a listing gave: pass on the whole text of the last page's cursor, or none"
    )]
    CursorMalformed,
    /// A cursor that was issued for another prefix, or altered since.
    #[error("the cursor belongs to a listing with another prefix: repeat the prefix that it was given for")]
    CursorForOtherPrefix,
    /// A namespace title without a character.
    #[error("a namespace title of 0 characters is too short: a title has 1 to {max} characters", max = limits::MAX_NAMESPACE_TITLE_CHARS)]
    NamespaceTitleEmpty,
    /// A namespace title over [`limits::MAX_NAMESPACE_TITLE_CHARS`].
    #[error("a namespace title of {chars} characters is too long: the limit is {max} characters", max = limits::MAX_NAMESPACE_TITLE_CHARS)]
    NamespaceTitleTooLong {
        /// Its length in characters.
        chars: usize,
    },
    /// A namespace id without a character.
    #[error("a namespace id of 0 characters is too short: an id has 1 to {max} characters", max = limits::MAX_NAMESPACE_ID_CHARS)]
    NamespaceIdEmpty,
    /// A namespace id over [`limits::MAX_NAMESPACE_ID_CHARS`].
    #[error("a namespace id of {chars} characters is too long: the limit is {max} characters", max = limits::MAX_NAMESPACE_ID_CHARS)]
    NamespaceIdTooLong {
        /// Its length in characters.
        chars: usize,
    },
    /// A name that is not one of a [`Jurisdiction`](crate::Jurisdiction).
    #[error("the jurisdiction is unknown: it has to be eu, fedramp or us, in lower case")]
    JurisdictionUnknown,
}
