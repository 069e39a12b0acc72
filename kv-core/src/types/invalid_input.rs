//! Input that breaks a limit of the contract.

use crate::types::{limits, timestamp::Timestamp};

/// Input that breaks a limit of the contract: what was wrong, what was given, and the limit.
///
/// The message of every variant can be shown to the sender of the input. None shows a key, a value or
/// metadata. As an [`Error`](crate::Error) its kind is
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), and
/// [`Error::as_invalid_input`](crate::Error::as_invalid_input) gives it back.
///
/// ```
/// use kv_core::{InvalidInput, Key};
///
/// let error = Key::new("x".repeat(513)).unwrap_err();
/// assert_eq!(error, InvalidInput::KeyTooLong { len: 513 });
/// assert_eq!(error.to_string(), "key is too long: 513 bytes (max 512)");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidInput {
    /// A key without a character.
    #[error("key is empty (1 to {max} bytes)", max = limits::MAX_KEY_BYTES)]
    KeyEmpty,
    /// The key `.` or `..`, which no URL can carry.
    #[error("key {key:?} is not allowed, since URLs cannot carry it: choose another key")]
    KeyReserved {
        /// `.` or `..`.
        key: &'static str,
    },
    /// A key over [`limits::MAX_KEY_BYTES`].
    #[error("key is too long: {len} bytes (max {max})", max = limits::MAX_KEY_BYTES)]
    KeyTooLong {
        /// Its length in bytes of UTF-8.
        len: usize,
    },
    /// A prefix over [`limits::MAX_PREFIX_BYTES`].
    #[error("prefix is too long: {len} bytes (max {max})", max = limits::MAX_PREFIX_BYTES)]
    PrefixTooLong {
        /// Its length in bytes of UTF-8.
        len: usize,
    },
    /// A value over [`limits::MAX_VALUE_BYTES`].
    #[error("value is too long: {len} bytes (max {max})", max = limits::MAX_VALUE_BYTES)]
    ValueTooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// Metadata over [`limits::MAX_METADATA_BYTES`].
    #[error("metadata is too long: {len} bytes of compact JSON (max {max})", max = limits::MAX_METADATA_BYTES)]
    MetadataTooLong {
        /// The length of its compact JSON text, quotes and escapes counted.
        len: usize,
    },
    /// Metadata that is not JSON text.
    #[error("metadata is not JSON: error at line {line}, column {column}")]
    MetadataNotJson {
        /// The line, from 1.
        line: usize,
        /// The column in bytes, from 1; 0 if the text ends before the line's first byte.
        column: usize,
    },
    /// A type whose `Serialize` failed, or that JSON cannot express.
    #[error("metadata cannot be written as JSON: its type failed to serialize")]
    MetadataNotSerializable,
    /// Metadata that is JSON `null`: leave it out instead.
    #[error("metadata is null: leave it out instead")]
    MetadataNull,
    /// A time after [`limits::MAX_TIMESTAMP`].
    #[error("timestamp is too late: {seconds} s since the epoch (max {max}, the end of the year 9999)", max = limits::MAX_TIMESTAMP)]
    TimestampTooLate {
        /// The seconds since the epoch that were given.
        seconds: u64,
    },
    /// A TTL under [`limits::MIN_EXPIRATION`].
    #[error("TTL is too short: {seconds} s (min {min} s)", min = limits::MIN_EXPIRATION.as_secs())]
    ExpirationTtlTooShort {
        /// The whole seconds that were given.
        seconds: u64,
    },
    /// A time of expiry that is past, or under [`limits::MIN_EXPIRATION`] away.
    #[error("expiration is too soon: {expiration} s since the epoch (min {min}, {ttl} s from now)", min = now.as_secs() + limits::MIN_EXPIRATION.as_secs(), ttl = limits::MIN_EXPIRATION.as_secs())]
    ExpirationTooSoon {
        /// The time of expiry that was given.
        expiration: Timestamp,
        /// The time that it was compared with.
        now: Timestamp,
    },
    /// A page size outside 1 to [`limits::MAX_LIST_LIMIT`].
    #[error("list limit is out of range: {limit} keys (1 to {max})", max = limits::MAX_LIST_LIMIT)]
    ListLimitOutOfRange {
        /// The limit that was given.
        limit: usize,
    },
    /// Text that is not a [`Cursor`](crate::Cursor) of this version.
    #[error("cursor is malformed: pass the last page's cursor unchanged, or none")]
    CursorMalformed,
    /// A cursor that was issued for another prefix, or altered since.
    #[error("cursor belongs to another prefix: list with the prefix that it was issued for")]
    CursorForOtherPrefix,
    /// A namespace title without a character.
    #[error("namespace title is empty (1 to {max} characters)", max = limits::MAX_NAMESPACE_TITLE_CHARS)]
    NamespaceTitleEmpty,
    /// A namespace title over [`limits::MAX_NAMESPACE_TITLE_CHARS`].
    #[error("namespace title is too long: {chars} characters (max {max})", max = limits::MAX_NAMESPACE_TITLE_CHARS)]
    NamespaceTitleTooLong {
        /// Its length in characters.
        chars: usize,
    },
    /// A namespace id without a character.
    #[error("namespace id is empty (1 to {max} characters)", max = limits::MAX_NAMESPACE_ID_CHARS)]
    NamespaceIdEmpty,
    /// A namespace id over [`limits::MAX_NAMESPACE_ID_CHARS`].
    #[error("namespace id is too long: {chars} characters (max {max})", max = limits::MAX_NAMESPACE_ID_CHARS)]
    NamespaceIdTooLong {
        /// Its length in characters.
        chars: usize,
    },
    /// A name of no [`Jurisdiction`](crate::Jurisdiction).
    #[error("jurisdiction is unknown: use eu, fedramp or us, in lower case")]
    JurisdictionUnknown,
}
