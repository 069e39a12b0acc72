//! Key that the end of a path names.

use kv_core::Key;

use crate::{
    protocol::percent,
    rest::{api_error::Failure, code::Code},
};

/// The key in what stands behind `/values/` or `/metadata/` of a path without empty segments: raw slashes are part of the
/// key, escapes are decoded once, and `%2F` stays a slash of its own.
///
/// A segment between raw slashes that is `.` or `..` is refused: clients and proxies resolve such segments, so it can not
/// be known which key was meant.
pub(super) fn parse(raw: &str) -> Result<Key<'_>, Failure> {
    if raw.contains('/') && raw.split('/').any(is_dot_segment) {
        let reason = "the key has a segment `.` or `..` between slashes: encode its slashes as %2F";
        return Err(Failure::new(Code::IllegalKey, reason));
    }
    let key = percent::decode(raw).map_err(|_| {
        let reason = "the key is not well encoded: it has to be UTF-8, percent-encoded";
        Failure::new(Code::IllegalKey, reason)
    })?;
    Ok(Key::new(key)?)
}

/// Segments that a URL library takes for this folder or the one above.
fn is_dot_segment(raw: &str) -> bool {
    percent::decode(raw).is_ok_and(|segment| matches!(&*segment, "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::parse;
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
        for (raw, key) in table {
            assert_eq!(parse(raw).map(|key| key.as_str().to_owned()).ok().as_deref(), Some(key), "{raw}");
        }
    }

    #[test]
    fn what_may_stand_for_another_key_is_refused() {
        let segments = ["a/../b", "a/./b", "../a", "a/..", "a/%2e%2E/b", "a/.%2e", "%2e/a", "./"];
        for raw in segments.into_iter().chain(["", ".", "..", "%2e", "a/%zz", "a/%ff"]) {
            assert_eq!(parse(raw).map_err(|failure| failure.code), Err(Code::IllegalKey), "{raw}");
        }
    }
}
