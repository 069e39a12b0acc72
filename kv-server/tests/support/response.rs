//! Response of a server.

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;

/// A response with all of its body.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Response {
    /// Parses all bytes that came before the connection ended. `None` if they end within the headers or
    /// within a chunk.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let (version, status_line) = lines.next().unwrap().split_once(' ').unwrap();
        assert!(matches!(version, "HTTP/1.0" | "HTTP/1.1"), "{version}");
        let (status, reason) = status_line.split_once(' ').unwrap();
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let rest = &bytes[end + 4..];
        let is_chunked = headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked");
        let body = if is_chunked { join_chunks(rest)? } else { rest.to_vec() };
        Some(Self { status: status.parse().unwrap(), reason: reason.to_owned(), headers, body: body.into() })
    }

    /// `true` if the body has the length that the headers announce.
    pub(crate) fn is_complete(&self) -> bool {
        self.header("content-length") == Some(&self.body.len().to_string())
    }

    /// Status and reason phrase, as in the status line.
    pub(crate) fn status_line(&self) -> (u16, &str) {
        (self.status, &self.reason)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| std::str::from_utf8(value.as_bytes()).unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Result in the envelope of a request that succeeded.
    pub(crate) fn result(&self) -> Value {
        let json = self.json();
        assert_eq!(self.status, 200, "{json}");
        assert_eq!((&json["success"], &json["errors"]), (&true.into(), &Value::Array(Vec::new())), "{json}");
        json["result"].clone()
    }

    /// Status and error code of a request that failed.
    pub(crate) fn failure(&self) -> (u16, u64) {
        let json = self.json();
        assert_eq!((&json["success"], &json["result"]), (&false.into(), &Value::Null), "{json}");
        assert_eq!(json["messages"], Value::Array(Vec::new()), "{json}");
        assert_eq!(self.headers["content-type"], "application/json");
        (self.status, json["errors"][0]["code"].as_u64().unwrap())
    }

    /// Error message of a request that failed.
    pub(crate) fn message(&self) -> String {
        self.json()["errors"][0]["message"].as_str().unwrap().to_owned()
    }
}

/// Joins the chunks of a body; `None` if the last one is missing.
fn join_chunks(mut framed: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = framed.windows(2).position(|window| window == b"\r\n")?;
        let len = usize::from_str_radix(std::str::from_utf8(&framed[..line]).unwrap(), 16).unwrap();
        let chunk = &framed[line + 2..];
        if len == 0 {
            assert_eq!(chunk, b"\r\n", "the last chunk");
            return Some(body);
        }
        body.extend_from_slice(chunk.get(..len)?);
        framed = chunk.get(len..)?.strip_prefix(b"\r\n")?;
    }
}
