//! Extraction of namespace ids, keys and bodies from requests.

use axum::body::Body;
use kv_core::{Key, NamespaceId};

use crate::{
    http::{
        body_rules::{MAX_BULK_BYTES, MAX_SMALL_BYTES},
        request_body::{Collected, RequestBody},
    },
    protocol::percent,
    rest::{api_error::ApiError, code::Code},
    state::app_state::AppState,
};

/// Maximum number of items of a bulk write or delete.
pub(super) const MAX_BULK_ITEMS: usize = 10_000;

/// Memory of a bulk write or delete per byte of its body: the body itself, the items that are parsed from it,
/// and up to two more bytes while the longest string is unescaped.
const BULK_WEIGHT: usize = 4;

/// Extracts a namespace id from a path segment.
///
/// A store may have ids of another form than Cloudflare's, so only ids that no store can have are refused
/// here. The router reports an unknown id of another form in the same way.
pub(super) fn namespace_id(raw: &str) -> Result<NamespaceId, ApiError> {
    let id = percent::decode(raw).map_err(|_| ApiError::malformed_namespace_id())?;
    Ok(NamespaceId::new(id)?)
}

/// Extracts a key from the rest of a path after `/values/` or `/metadata/`, in which runs of slashes are
/// merged: raw slashes are part of the key, escapes are decoded once, and `%2F` stays a slash of its own.
///
/// A `.` or `..` between raw slashes is refused: clients and proxies resolve such segments, so the key that
/// was meant is unknown.
pub(super) fn key(raw: &str) -> Result<Key<'_>, ApiError> {
    if raw.contains('/') && raw.split('/').any(is_dot_segment) {
        let reason = "key has a segment `.` or `..`: encode its slashes as %2F";
        return Err(ApiError::new(Code::IllegalKey, reason));
    }
    let key = percent::decode(raw)
        .map_err(|_| ApiError::new(Code::IllegalKey, "key is malformed: must be percent-encoded UTF-8"))?;
    Ok(Key::new(key)?)
}

/// `true` for segments that URL libraries resolve as this folder or its parent.
fn is_dot_segment(raw: &str) -> bool {
    percent::decode(raw).is_ok_and(|segment| matches!(&*segment, "." | ".."))
}

/// Reads a body that is neither a value nor a bulk write or delete.
pub(super) async fn small_body(state: &AppState, body: Body) -> Result<Collected, ApiError> {
    Ok(RequestBody::new(body, MAX_SMALL_BYTES, &state.body_rules)?.collect().await?)
}

/// Reads the body of a bulk write or delete, with memory for the items that are parsed from it.
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
    fn ambiguous_keys_are_refused() {
        let segments = ["a/../b", "a/./b", "../a", "a/..", "a/%2e%2E/b", "a/.%2e", "%2e/a", "./"];
        for raw in segments.into_iter().chain(["", ".", "..", "%2e", "a/%zz", "a/%ff"]) {
            assert_eq!(key(raw).map_err(|failure| failure.code), Err(Code::IllegalKey), "{raw}");
        }
    }
}
