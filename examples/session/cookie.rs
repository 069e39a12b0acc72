//! Cookie with a session's id.

use axum::http::{HeaderMap, header::COOKIE};

use crate::{session_id::SessionId, sessions::TTL};

/// Returns the first well-formed session id among the request's cookies.
///
/// A browser may send other cookies too, and even another `session`: one that a program under a longer path
/// of this host has set comes first.
pub(crate) fn session_id(headers: &HeaderMap) -> Option<SessionId> {
    headers
        .get_all(COOKIE)
        .iter()
        // Split as bytes, so that another cookie that is not ASCII does not hide ours.
        .flat_map(|header| header.as_bytes().split(|byte| *byte == b';'))
        .find_map(|cookie| {
            let mut parts = cookie.splitn(2, |byte| *byte == b'=').map(<[u8]>::trim_ascii);
            match (parts.next(), parts.next()) {
                (Some(b"session"), Some(value)) => SessionId::parse(value),
                _ => None,
            }
        })
}

/// Returns the `Set-Cookie` that stores `id` in a browser for the session's TTL. Behind TLS, add `Secure`.
pub(crate) fn keep(id: SessionId) -> String {
    set(&id.secret(), TTL.as_secs())
}

/// Returns the `Set-Cookie` that removes the id from a browser.
pub(crate) fn forget() -> String {
    set("", 0)
}

fn set(value: &str, max_age: u64) -> String {
    format!("session={value}; HttpOnly; SameSite=Lax; Path=/; Max-Age={max_age}")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const A: &str = "0123456789abcdef0123456789abcdef";
    const B: &str = "ffffffffffffffffffffffffffffffff";

    fn found(cookies: &[&[u8]]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(COOKIE, HeaderValue::from_bytes(cookie).unwrap());
        }
        session_id(&headers).map(SessionId::secret)
    }

    #[test]
    fn the_session_is_found_among_other_cookies() {
        for header in [
            format!("session={A}"),
            format!("theme=dark; session={A}; lang=en"),
            format!("theme=dark;session={A};lang=en"),
            format!("  session = {A} ;"),
            format!("\tsession={A}\t"),
            format!("a=b=c; ; session; =x; session={A}; session={B}"),
            format!("session=left-over; session={A}"),
            format!("Session={B}; session_id={B}; xsession={B}; session={A}"),
            format!("theme=session={B}; session={A}"),
        ] {
            assert_eq!(found(&[header.as_bytes()]).as_deref(), Some(A), "{header}");
        }
        let own = format!("session={A}");
        let split: [&[u8]; 3] = [b"theme=dark", own.as_bytes(), b"lang=en"];
        assert_eq!(found(&split).as_deref(), Some(A));
        assert_eq!(found(&[b"name=\xff", own.as_bytes()]).as_deref(), Some(A));
    }

    #[test]
    fn what_is_no_session_is_not_found() {
        let upper = format!("session={}", A.to_uppercase());
        let quoted = format!("session=\"{A}\"");
        let longer = format!("session={A}0");
        let broken = format!("session={A}=");
        for header in ["", "session", "session=", "theme=dark", A, &upper, &quoted, &longer, &broken] {
            assert_eq!(found(&[header.as_bytes()]), None, "{header}");
        }
        assert_eq!(found(&[]), None);
    }
}
