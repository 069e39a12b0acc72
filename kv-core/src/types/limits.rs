//! The limits of the contract, in one place.
//!
//! They are those of [Cloudflare Workers KV](https://developers.cloudflare.com/kv/platform/limits/). Each is
//! checked once, by the constructor of the type that it limits, so a backend never checks one.

use std::time::Duration;

use crate::types::timestamp::Timestamp;

/// The longest [`Key`](crate::Key), in bytes of UTF-8: 512.
pub const MAX_KEY_BYTES: usize = 512;

/// The longest [`Prefix`](crate::Prefix), in bytes of UTF-8: 512.
pub const MAX_PREFIX_BYTES: usize = 512;

/// The longest [`Value`](crate::Value), in bytes: 25 MiB, that is 26,214,400.
pub const MAX_VALUE_BYTES: usize = 25 * 1024 * 1024;

/// The longest [`Metadata`](crate::Metadata), in bytes of its compact JSON text: 1,024.
pub const MAX_METADATA_BYTES: usize = 1024;

/// The nearest deadline that a caller may ask for: 60 seconds from now.
pub const MIN_EXPIRATION: Duration = Duration::from_secs(60);

/// The last [`Timestamp`]: 9999-12-31T23:59:59Z, 253,402,300,799 seconds since the epoch.
pub const MAX_TIMESTAMP: Timestamp = Timestamp::MAX;

/// The most keys that one page of a listing may hold, and the default: 1,000.
pub const MAX_LIST_LIMIT: usize = 1000;

/// The longest [`NamespaceTitle`](crate::NamespaceTitle), in characters: 512.
pub const MAX_NAMESPACE_TITLE_CHARS: usize = 512;

/// The longest [`NamespaceId`](crate::NamespaceId), in characters: 32.
pub const MAX_NAMESPACE_ID_CHARS: usize = 32;
