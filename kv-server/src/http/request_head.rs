//! Checks of a request's head that hyper leaves to the server: target, `Host`, transfer codings.

use axum::{
    extract::Request,
    http::{
        HeaderValue, Version,
        header::{HOST, TRANSFER_ENCODING},
    },
};

/// Error of a malformed request head (RFC 9112, sections 3.2 and 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeadError {
    /// The target is an authority, as in `CONNECT`, or `*`.
    #[error("request target has no path")]
    NoPath,
    #[error("Host header is missing: send one")]
    MissingHost,
    #[error("more than one Host header")]
    RepeatedHost,
    #[error("Host header is malformed: send HOST or HOST:PORT")]
    MalformedHost,
    /// Any coding but `chunked`, which is the one that hyper decodes.
    #[error("unsupported Transfer-Encoding: only `chunked` is supported")]
    TransferCoding,
}

/// Origin of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestSource {
    /// Connection that this crate serves.
    Connection,
    /// Router in another server, which has checked the head, or in a test.
    Router,
}

/// Checks the head of a request, and returns its host, without the port; `None` if the request names none,
/// which HTTP/1.0 and a router's caller may.
pub(crate) fn host(request: &Request, source: RequestSource) -> Result<Option<&str>, HeadError> {
    if !request.uri().path().starts_with('/') {
        return Err(HeadError::NoPath);
    }
    let mut codings = request.headers().get_all(TRANSFER_ENCODING).iter();
    if codings.next().is_some_and(|coding| !is_chunked(coding)) || codings.next().is_some() {
        return Err(HeadError::TransferCoding);
    }
    let mut hosts = request.headers().get_all(HOST).iter();
    let header = hosts.next();
    if hosts.next().is_some() {
        return Err(HeadError::RepeatedHost);
    }
    let in_header = match header {
        Some(host) => Some(host.to_str().ok().and_then(without_port).ok_or(HeadError::MalformedHost)?),
        None if source == RequestSource::Connection && request.version() == Version::HTTP_11 => {
            return Err(HeadError::MissingHost);
        }
        None => None,
    };
    // A target in absolute form takes precedence over the header.
    match request.uri().authority() {
        Some(authority) => without_port(authority.as_str()).map(Some).ok_or(HeadError::MalformedHost),
        None => Ok(in_header),
    }
}

fn is_chunked(coding: &HeaderValue) -> bool {
    coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked")
}

/// Returns the host of `HOST:PORT` or `HOST`; an IPv6 address keeps its brackets. `None` if malformed.
pub(crate) fn without_port(text: &str) -> Option<&str> {
    let end = match text.strip_prefix('[') {
        Some(address) => address.find(']')? + 2,
        None => text.find(':').unwrap_or(text.len()),
    };
    let (host, port) = text.split_at_checked(end)?;
    let has_port = match port.strip_prefix(':') {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_digit()),
        None => port.is_empty(),
    };
    let is_host = host.bytes().all(|byte| byte.is_ascii_graphic() && !b"/?#@\\,".contains(&byte));
    (has_port && is_host).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::without_port;

    #[test]
    fn a_port_is_optional_and_a_number() {
        let table = [
            ("localhost", Some("localhost")),
            ("localhost:8788", Some("localhost")),
            ("localhost:", Some("localhost")),
            ("127.0.0.1:1", Some("127.0.0.1")),
            ("[::1]", Some("[::1]")),
            ("[::1]:80", Some("[::1]")),
            ("", Some("")),
            ("::1", None),
            ("[::1", None),
            ("[::1]80", None),
            ("localhost:80a", None),
            ("localhost:80:80", None),
            ("a b", None),
            ("user@localhost", None),
            ("evil.example/localhost", None),
            ("localhost, evil.example", None),
        ];
        for (text, host) in table {
            assert_eq!(without_port(text), host, "{text}");
        }
    }
}
