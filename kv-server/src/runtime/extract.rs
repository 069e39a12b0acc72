//! Extraction of keys and parameters from requests.

use std::borrow::Cow;

use axum::http::Uri;
use kv_core::Key;

use crate::{
    protocol::{percent, query::Query, whole_number},
    runtime::runtime_error::RuntimeError,
};

/// Minimum cache TTL, in seconds.
const MIN_CACHE_TTL: u64 = 30;
/// Maximum cache TTL, in seconds: the runtime has it as a signed integer of 32 bits.
const MAX_CACHE_TTL: u64 = i32::MAX as u64;

/// Extracts the key: the path after its first `/`, taken literally, or decoded once if the query has
/// `urlencoded=true`. A `+` is a plus in both.
pub(super) fn key(uri: &Uri) -> Result<Key<'_>, RuntimeError> {
    let path = uri.path();
    let path = path.strip_prefix('/').unwrap_or(path);
    if !parameter(uri, "urlencoded")?.is_some_and(|text| text.eq_ignore_ascii_case("true")) {
        return Ok(Key::new(path)?);
    }
    let key = percent::decode(path).map_err(|_| RuntimeError::not_decodable("key name"))?;
    Ok(Key::new(key)?)
}

/// Extracts the first query parameter of that name, decoded.
pub(super) fn parameter<'a>(uri: &'a Uri, name: &str) -> Result<Option<Cow<'a, str>>, RuntimeError> {
    Query::from_uri(uri).get(name).map_err(|_| RuntimeError::not_decodable(name))
}

/// Checks a cache TTL. It has no effect: there is no edge cache here.
pub(super) fn check_cache_ttl(text: &str) -> Result<(), RuntimeError> {
    let advice = match whole_number::parse(text) {
        Some(MIN_CACHE_TTL..=MAX_CACHE_TTL) => return Ok(()),
        Some(seconds) if seconds > MAX_CACHE_TTL => format!("Cache TTL must be at most {MAX_CACHE_TTL}."),
        _ => format!("Cache TTL must be at least {MIN_CACHE_TTL}."),
    };
    Err(RuntimeError::parameter("cache_ttl", text, &advice))
}
