//! Guard against a `#` in request targets.
//!
//! A request target must not have a fragment (RFC 9112, section 3.2), but a client that does not encode a key
//! may send a `#`. hyper silently drops it and all that follows, and another key would be read or written
//! than the client meant. The guard replaces the `#` with a byte that hyper refuses, on its way from the
//! socket to hyper.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use memchr::memchr;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Byte that hyper refuses in a target, with status 400.
const REFUSED: u8 = 0x7f;
/// Maximum number of bytes kept of a line. Only the headers that frame a body matter, and they are short.
const MAX_LINE_BYTES: usize = 128;

/// Connection in which every `#` of a request target is replaced with [`REFUSED`].
#[derive(Debug)]
pub(crate) struct FragmentGuard<T> {
    inner: T,
    requests: Requests,
}

impl<T> FragmentGuard<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self { inner, requests: Requests::default() }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for FragmentGuard<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        self.requests.pass(buffer.filled_mut().get_mut(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for FragmentGuard<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// Parser of a connection's requests, as far as it takes to find their targets. Where it cannot tell the
/// length of a body, it overwrites everything that follows: hyper then refuses the request, if it has not yet
/// done so, and closes the connection.
#[derive(Debug, Default)]
struct Requests {
    place: Place,
    /// Start of a line that has arrived in part.
    line: Vec<u8>,
    /// Length of the body that follows the head.
    length: u64,
    is_chunked: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// Before a request, where empty lines are allowed.
    #[default]
    Start,
    Method,
    Target,
    Header,
    /// In a body or a chunk of it, of which `left` bytes are to come.
    Content {
        left: u64,
        is_chunk: bool,
    },
    ChunkSize,
    Trailer,
    Lost,
}

impl Requests {
    /// Parses the next bytes of the stream, and replaces each `#` in a target.
    fn pass(&mut self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            let passed = match self.place {
                Place::Lost => return bytes.fill(REFUSED),
                Place::Content { left, is_chunk } => self.pass_content(left, is_chunk, bytes.len()),
                Place::Start | Place::Method | Place::Target => self.pass_request_line(bytes),
                Place::Header | Place::ChunkSize | Place::Trailer => self.pass_line(bytes),
            };
            bytes = bytes.get_mut(passed..).unwrap_or_default();
        }
    }

    /// Passes a part of a body, and returns its length.
    fn pass_content(&mut self, left: u64, is_chunk: bool, available: usize) -> usize {
        let passed = usize::try_from(left).unwrap_or(usize::MAX).min(available);
        self.place = match left - passed as u64 {
            0 if is_chunk => Place::ChunkSize,
            0 => Place::Start,
            left => Place::Content { left, is_chunk },
        };
        passed
    }

    fn pass_request_line(&mut self, bytes: &mut [u8]) -> usize {
        let mut start = 0;
        if self.place == Place::Start {
            let is_empty_line = |byte: &u8| matches!(byte, b'\r' | b'\n');
            let Some(first) = bytes.iter().position(|byte| !is_empty_line(byte)) else { return bytes.len() };
            start = first;
            self.place = Place::Method;
        }
        let line = bytes.get_mut(start..).unwrap_or_default();
        let end = memchr(b'\n', line);
        let line = line.split_at_mut(end.unwrap_or(line.len())).0;
        let target = match self.place {
            Place::Method => memchr(b' ', line).and_then(|space| line.get_mut(space..)),
            _ => Some(line),
        };
        if let Some(target) = target {
            self.place = Place::Target;
            for byte in target {
                if *byte == b'#' {
                    *byte = REFUSED;
                }
            }
        }
        let Some(end) = end else { return bytes.len() };
        *self = Self { place: Place::Header, line: std::mem::take(&mut self.line), ..Self::default() };
        start + end + 1
    }

    /// Passes a line, or a part of one, and returns its length.
    fn pass_line(&mut self, bytes: &[u8]) -> usize {
        let end = memchr(b'\n', bytes);
        let part = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
        let room = MAX_LINE_BYTES.saturating_sub(self.line.len());
        let kept = part.get(..room).unwrap_or(part);
        let Some(end) = end else {
            self.line.extend_from_slice(kept);
            return bytes.len();
        };
        if self.line.is_empty() {
            self.place = self.after(kept.trim_ascii_end());
        } else {
            let mut line = std::mem::take(&mut self.line);
            line.extend_from_slice(kept);
            self.place = self.after(line.trim_ascii_end());
            // The next line reuses the allocation.
            line.clear();
            self.line = line;
        }
        end + 1
    }

    /// Returns the place after a line.
    fn after(&mut self, line: &[u8]) -> Place {
        match self.place {
            Place::ChunkSize => match chunk_size(line) {
                Some(0) => Place::Trailer,
                // The line end after the chunk counts as part of it.
                Some(size) => Place::Content { left: size.saturating_add(2), is_chunk: true },
                None => Place::Lost,
            },
            Place::Trailer if line.is_empty() => Place::Start,
            Place::Header if line.is_empty() => match self.length {
                _ if self.is_chunked => Place::ChunkSize,
                0 => Place::Start,
                left => Place::Content { left, is_chunk: false },
            },
            Place::Header => self.after_header(line),
            place => place,
        }
    }

    fn after_header(&mut self, line: &[u8]) -> Place {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().unwrap_or_default();
        // The last coding is `chunked`, or hyper refuses the request.
        self.is_chunked |= name.eq_ignore_ascii_case(b"transfer-encoding");
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = parts.next().and_then(|value| std::str::from_utf8(value.trim_ascii()).ok());
            match length.and_then(|length| length.parse().ok()) {
                Some(length) if line.len() < MAX_LINE_BYTES => self.length = length,
                _ => return Place::Lost,
            }
        }
        Place::Header
    }
}

/// Returns the size in the line before a chunk, without its extensions.
fn chunk_size(line: &[u8]) -> Option<u64> {
    // With many leading zeros, the line was cut off within the number.
    let is_whole = line.len() < MAX_LINE_BYTES;
    let end = line.iter().position(|byte| !byte.is_ascii_hexdigit()).or(is_whole.then_some(line.len()))?;
    u64::from_str_radix(std::str::from_utf8(line.get(..end)?).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::{prelude::*, sample::select};

    use super::{REFUSED, Requests};

    /// Requests as they are sent, and as hyper has to see them.
    fn request() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
        let body = prop_oneof![
            Just(Vec::new()),
            // Bodies that look like requests.
            Just(b"GET /a#b HTTP/1.1\r\nhost: a#b\r\n\r\n".to_vec()),
            Just(b"\r\n\r\n0\r\n\r\nPUT /#".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..40),
        ];
        let target = select(vec!["/", "/a", "/a#b", "/#", "/a?b#c##", "*"]);
        let line_end = select(vec!["\r\n", "\n"]);
        let start = select(vec!["", "\r\n", "\n\n"]);
        let framing = select(vec!["length", "chunked", "both"]);
        (start, target, line_end, framing, body, 1..20_usize).prop_map(
            |(start, target, end, framing, body, chunk_size)| {
                let mut rest = format!(" HTTP/1.1{end}X-Hash: #{end}x: {}{end}", "#".repeat(300));
                if framing == "length" || framing == "both" {
                    write!(rest, "Content-Length: {}{end}", body.len()).unwrap();
                }
                let mut rest = rest.into_bytes();
                if framing == "length" {
                    rest.extend(end.bytes().chain(body));
                } else {
                    rest.extend(format!("TRANSFER-ENCODING:chunked{end}{end}").bytes());
                    for chunk in body.chunks(chunk_size) {
                        rest.extend(format!("{:X};a=#{end}", chunk.len()).bytes());
                        rest.extend(chunk.iter().chain(b"\r\n"));
                    }
                    rest.extend(format!("0{end}x: #{end}{end}").bytes());
                }
                let refused = char::from(REFUSED).to_string();
                let sent = [format!("{start}M#THOD {target}").into_bytes(), rest.clone()].concat();
                let passed = format!("{start}M#THOD {}", target.replace('#', &refused)).into_bytes();
                (sent, [passed, rest].concat())
            },
        )
    }

    proptest! {
        #[test]
        fn only_targets_are_changed_however_the_stream_is_split(
            requests in proptest::collection::vec(request(), 1..6),
            part in 1..64_usize,
        ) {
            let (sent, expected): (Vec<_>, Vec<_>) = requests.into_iter().unzip();
            let mut bytes = sent.concat();
            let expected = expected.concat();
            let mut guard = Requests::default();
            for part in bytes.chunks_mut(part) {
                guard.pass(part);
            }
            prop_assert_eq!(bytes.escape_ascii().to_string(), expected.escape_ascii().to_string());
        }

        #[test]
        fn nothing_passes_after_a_length_that_is_not_understood(zeros in 0..300_usize, part in 1..64_usize) {
            // hyper reads a number with any count of zeros before it. The body looks like the end of a head
            // and a target.
            let length = format!("{}5", "0".repeat(zeros));
            let by_length = format!("PUT / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n\n\nM #");
            let by_chunk =
                format!("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{length}\r\n\n\nM #\r\n0\r\n\r\n");
            for request in [by_length, by_chunk] {
                let sent = format!("{request}GET /a#b HTTP/1.1\r\n\r\n").into_bytes();
                let mut passed = sent.clone();
                let mut guard = Requests::default();
                for part in passed.chunks_mut(part) {
                    guard.pass(part);
                }
                let (first, rest) = passed.split_at(request.len());
                // Either the length is understood as hyper does, and the body passes unchanged, or hyper gets
                // no byte of it.
                prop_assert!(!rest.contains(&b'#'), "{}", rest.escape_ascii());
                let is_whole = first == request.as_bytes();
                prop_assert!(is_whole || first.ends_with(&[REFUSED; 5]), "{}", first.escape_ascii());
                prop_assert!(is_whole || zeros > 90, "{zeros}");
            }
        }

        #[test]
        fn no_bytes_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            Requests::default().pass(&mut bytes);
        }
    }
}
