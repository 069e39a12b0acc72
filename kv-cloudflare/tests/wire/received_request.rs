//! HTTP requests as the scripted server receives them.

use serde_json::Value as Json;
use tokio::{io::AsyncReadExt, net::TcpStream, time::Instant};

/// First part of every path of the namespace.
pub(crate) const PATH: &str = "/client/v4/accounts/0123456789abcdef0123456789abcdef/storage/kv/namespaces/\
                               fedcba9876543210fedcba9876543210";

/// Request as the server received it.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedRequest {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) at: Instant,
}

impl ReceivedRequest {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Returns the method and the rest of the path, such as `GET /values/a`.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.target.strip_prefix(PATH).unwrap_or(&self.target))
    }

    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Parses the parts of a form, by name.
    pub(crate) fn form_parts(&self) -> Vec<(String, Vec<u8>)> {
        let content_type = self.header("content-type").unwrap();
        let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        let delimiter = format!("--{boundary}").into_bytes();
        let find = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).position(|window| window == part);
        let mut rest = self.body.strip_prefix(&delimiter[..]).unwrap();
        let mut parts = Vec::new();
        while let Some(end) = find(rest, &delimiter) {
            let part = rest[..end].strip_prefix(b"\r\n").unwrap().strip_suffix(b"\r\n").unwrap();
            let head = find(part, b"\r\n\r\n").unwrap();
            let name = String::from_utf8(part[..head].to_vec()).unwrap();
            let name = name.split_once("name=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
            parts.push((name, part[head + 4..].to_vec()));
            rest = &rest[end + delimiter.len()..];
        }
        assert_eq!(rest, b"--\r\n", "the end of the form");
        parts
    }
}

/// Reads one request. `None` if the client closes the connection.
pub(crate) async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<ReceivedRequest> {
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut headers);
        if let Ok(httparse::Status::Complete(head)) = request.parse(buffer) {
            let method = request.method.unwrap().to_owned();
            let target = request.path.unwrap().to_owned();
            let headers: Vec<_> = request
                .headers
                .iter()
                .map(|header| (header.name.to_owned(), String::from_utf8(header.value.to_vec()).unwrap()))
                .collect();
            buffer.drain(..head);
            let is = |name: &str| headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
            let body = match is("content-length") {
                Some((_, length)) => read_exactly(stream, buffer, length.parse().unwrap()).await?,
                None if is("transfer-encoding").is_some() => read_chunks(stream, buffer).await?,
                None => Vec::new(),
            };
            return Some(ReceivedRequest { method, target, headers, body, at: Instant::now() });
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

/// Reads `length` bytes. `None` if the client closes the connection before the last.
async fn read_exactly(stream: &mut TcpStream, buffer: &mut Vec<u8>, length: usize) -> Option<Vec<u8>> {
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let rest = buffer.split_off(length);
    Some(std::mem::replace(buffer, rest))
}

/// Reads a chunked body.
async fn read_chunks(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        match httparse::parse_chunk_size(buffer).unwrap() {
            httparse::Status::Partial => {
                if stream.read_buf(buffer).await.ok()? == 0 {
                    return None;
                }
            }
            httparse::Status::Complete((head, size)) => {
                buffer.drain(..head);
                let chunk = read_exactly(stream, buffer, usize::try_from(size).unwrap() + 2).await?;
                body.extend_from_slice(&chunk[..chunk.len() - 2]);
                if size == 0 {
                    return Some(body);
                }
            }
        }
    }
}
