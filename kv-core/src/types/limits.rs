//! Limits of the contract.
//!
//! They are those of [Cloudflare Workers KV](https://developers.cloudflare.com/kv/platform/limits/). Each is
//! checked once, by the constructor of the type that it limits, so a backend never checks one.

use std::time::Duration;

use crate::types::timestamp::Timestamp;

/// Maximum length of a [`Key`](crate::Key) in bytes of UTF-8: 512.
pub const MAX_KEY_BYTES: usize = 512;

/// Maximum length of a [`Prefix`](crate::Prefix) in bytes of UTF-8: 512.
pub const MAX_PREFIX_BYTES: usize = 512;

/// Maximum length of a [`Value`](crate::Value) in bytes: 25 MiB, that is 26,214,400.
pub const MAX_VALUE_BYTES: usize = 25 * 1024 * 1024;

/// Maximum length of a [`Metadata`](crate::Metadata) in bytes of its compact JSON text: 1,024.
pub const MAX_METADATA_BYTES: usize = 1024;

/// Minimum TTL, and the minimum distance of a time of expiry from now: 60 seconds.
pub const MIN_EXPIRATION: Duration = Duration::from_secs(60);

/// Last [`Timestamp`]: 9999-12-31T23:59:59Z, 253,402,300,799 seconds since the epoch.
pub const MAX_TIMESTAMP: Timestamp = Timestamp::MAX;

/// Maximum number of keys in one page of a listing, and the default: 1,000.
pub const MAX_LIST_LIMIT: usize = 1000;

/// Maximum length of a [`NamespaceTitle`](crate::NamespaceTitle) in characters: 512.
pub const MAX_NAMESPACE_TITLE_CHARS: usize = 512;

/// Maximum length of a [`NamespaceId`](crate::NamespaceId) in characters: 32.
pub const MAX_NAMESPACE_ID_CHARS: usize = 32;
