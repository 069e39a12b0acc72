//! Extraction of namespace ids and keys from paths, and of JSON bodies.

use axum::body::Body;
use kv_core::{Key, NamespaceId};

use crate::{
    http::{
        body_rules::MAX_BULK_BYTES,
        request_body::{Collected, RequestBody},
    },
    protocol::percent,
    rest::{api_error::ApiError, code::Code},
    state::app_state::AppState,
};

/// The id of a namespace. A store may have ids of another form than the service's, so only one that no store can have is
/// refused here; one of another form that turns out to be unknown is refused in the same way.
pub(super) fn namespace_id(raw: &str) -> Result<NamespaceId, ApiError> {
    let id = percent::decode(raw).map_err(|_| ApiError::malformed_namespace_id())?;
    Ok(NamespaceId::new(id)?)
}

/// The key in what stands behind `/values/` or `/metadata/` of a path without empty segments: raw slashes are part of the
/// key, escapes are decoded once, and `%2F` stays a slash of its own.
///
/// A segment between raw slashes that is `.` or `..` is refused: clients and proxies resolve such segments, so it can not
/// be known which key was meant.
pub(super) fn key(raw: &str) -> Result<Key<'_>, ApiError> {
    if raw.contains('/') && raw.split('/').any(is_dot_segment) {
        let reason = "the key has a segment `.` or `..` between slashes: encode its slashes as %2F";
        return Err(ApiError::new(Code::IllegalKey, reason));
    }
    let key = percent::decode(raw).map_err(|_| {
        let reason = "the key is not well encoded: it has to be UTF-8, percent-encoded";
        ApiError::new(Code::IllegalKey, reason)
    })?;
    Ok(Key::new(key)?)
}

/// Segments that a URL library takes for this folder or the one above.
fn is_dot_segment(raw: &str) -> bool {
    percent::decode(raw).is_ok_and(|segment| matches!(&*segment, "." | ".."))
}

/// The most items of a bulk write or delete.
pub(super) const MAX_BULK_ITEMS: usize = 10_000;

/// Bytes of memory that a bulk write or delete takes for each of its body: the body itself, what is parsed of it, and
/// up to two more while the longest text is unescaped.
pub(crate) const BULK_WEIGHT: usize = 4;

/// The bytes of a body of `limit` bytes at most.
pub(super) async fn body(state: &AppState, body: Body, limit: usize) -> Result<Collected, ApiError> {
    Ok(RequestBody::new(body, limit, &state.body_rules)?.collect().await?)
}

/// The bytes of a bulk write or delete, with room for what is parsed of them.
pub(super) async fn bulk_body(state: &AppState, body: Body) -> Result<Collected, ApiError> {
    Ok(RequestBody::with_weight(BULK_WEIGHT, body, MAX_BULK_BYTES, &state.body_rules)?.collect().await?)
}

#[cfg(test)]
mod tests {
    use super::key;
    use crate::rest::code::Code;

    #[test]
    fn raw_slashes_are_part_of_a_key() {
        let table = [
            ("k", "k"),
            ("a/b", "a/b"),
            ("folder/", "folder/"),
            ("a%2Fb", "a/b"),
            ("a%2F%2Fb", "a//b"),
            ("%2Fa", "/a"),
            ("a/%2F/b", "a///b"),
            ("a/b+c%20d", "a/b+c d"),
            ("keys", "keys"),
            ("bulk/get", "bulk/get"),
            ("a/.../.b/c.", "a/.../.b/c."),
            ("a%2F..%2Fb", "a/../b"),
            ("a/x%2F..", "a/x/.."),
            ("%00", "\0"),
        ];
        for (raw, expected) in table {
            assert_eq!(key(raw).map(|key| key.as_str().to_owned()).ok().as_deref(), Some(expected), "{raw}");
        }
    }

    #[test]
    fn what_may_stand_for_another_key_is_refused() {
        let segments = ["a/../b", "a/./b", "../a", "a/..", "a/%2e%2E/b", "a/.%2e", "%2e/a", "./"];
        for raw in segments.into_iter().chain(["", ".", "..", "%2e", "a/%zz", "a/%ff"]) {
            assert_eq!(key(raw).map_err(|failure| failure.code), Err(Code::IllegalKey), "{raw}");
        }
    }
}
