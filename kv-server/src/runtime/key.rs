//! The key that a path names.

use axum::http::Uri;
use kv_core::Key;

use crate::{
    protocol::percent,
    runtime::{parameter, runtime_error::RuntimeError},
};

/// The key that everything after the path's first `/` names. It is taken literally, or decoded once if the query has
/// `urlencoded=true`. A `+` is a plus in both.
pub(super) fn of(uri: &Uri) -> Result<Key<'_>, RuntimeError> {
    let path = uri.path();
    let path = path.strip_prefix('/').unwrap_or(path);
    if !parameter::text(uri, "urlencoded")?.is_some_and(|text| text.eq_ignore_ascii_case("true")) {
        return Ok(Key::new(path)?);
    }
    let key = percent::decode(path).map_err(|_| RuntimeError::not_decodable("key name"))?;
    Ok(Key::new(key)?)
}
