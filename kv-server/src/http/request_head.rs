//! Head of a request, as far as HTTP leaves it to the server to look at.

use axum::{
    extract::Request,
    http::{
        HeaderValue, Version,
        header::{HOST, TRANSFER_ENCODING},
    },
};

/// Fault in the head of a request: RFC 9112, sections 3.2 and 6.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeadError {
    /// The target is an authority, as `CONNECT` has it, or `*`.
    #[error("the request target has no path")]
    NoPath,
    #[error("the Host header is missing")]
    HostMissing,
    #[error("there is more than one Host header")]
    HostRepeated,
    #[error("the Host header is malformed: it has to be a name or an address, and a port if need be")]
    HostMalformed,
    /// The coded body would be taken for the value.
    #[error("the transfer coding is not decoded here: send the body plain or chunked")]
    TransferCoding,
}

/// Origin of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// A connection of ours.
    Connection,
    /// Another server, which has looked at it, or a test.
    Caller,
}

/// The name or address of the host that a request is for, without the port; `None` if it says none, as HTTP/1.0 may, and
/// a caller.
///
/// # Errors
///
/// The fault in the request's head.
pub(crate) fn host(request: &Request, source: Source) -> Result<Option<&str>, HeadError> {
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
        return Err(HeadError::HostRepeated);
    }
    let in_header = match header {
        Some(host) => Some(host.to_str().ok().and_then(without_port).ok_or(HeadError::HostMalformed)?),
        None if source == Source::Connection && request.version() == Version::HTTP_11 => {
            return Err(HeadError::HostMissing);
        }
        None => None,
    };
    // A target that names a host counts, whatever the header says.
    match request.uri().authority() {
        Some(authority) => without_port(authority.as_str()).map(Some).ok_or(HeadError::HostMalformed),
        None => Ok(in_header),
    }
}

/// Chunked is the one coding that is decoded.
fn is_chunked(coding: &HeaderValue) -> bool {
    coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked")
}

/// The host in `host:port` or `host`; an IPv6 address keeps its brackets.
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
