//! The body of a request, limited before it is kept.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body::Body as _;
use tokio::time;

/// The longest body, in bytes, of a request that is neither a value nor a bulk write or delete. A hundred keys, each of
/// their bytes escaped, take a third of it.
pub(crate) const MAX_SMALL_BYTES: usize = 1 << 20;

/// Why a body was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    /// It announces, or holds so far, more than may be.
    #[error("a body of {len} bytes or more is too long: the limit is {limit} bytes")]
    TooLong {
        /// The bytes announced, or counted when the limit was passed.
        len: u64,
        /// The most that may be.
        limit: usize,
    },
    /// The client paused for too long.
    #[error("no more of the body came for {} s", timeout.as_secs())]
    Stalled {
        /// How long it may pause.
        timeout: Duration,
    },
    /// The connection ended, or the body's framing is wrong.
    #[error("the body broke off, or is framed wrongly")]
    Broken,
}

/// The body of a request that is at most so long.
#[derive(Debug)]
pub(crate) struct RequestBody {
    body: axum::body::BodyDataStream,
    announced: Option<usize>,
    received: usize,
    limit: usize,
    stall_timeout: Duration,
}

impl RequestBody {
    /// Refuses a body that announces more than `limit` bytes, before any of it is read: a client that waits for
    /// `100 Continue` never sends it.
    pub(crate) fn new(body: Body, limit: usize, stall_timeout: Duration) -> Result<Self, BodyError> {
        let announced = body.size_hint().exact();
        if let Some(len) = announced.filter(|len| *len > limit as u64) {
            return Err(BodyError::TooLong { len, limit });
        }
        // It is at most the limit, so it fits.
        let announced = announced.and_then(|len| usize::try_from(len).ok());
        Ok(Self { body: body.into_data_stream(), announced, received: 0, limit, stall_timeout })
    }

    /// How long it will be, if the client says.
    pub(crate) const fn announced(&self) -> Option<usize> {
        self.announced
    }

    /// The next bytes; `None` at the end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        let next = time::timeout(self.stall_timeout, self.body.next()).await;
        let next = next.map_err(|_| BodyError::Stalled { timeout: self.stall_timeout })?;
        let Some(chunk) = next.transpose().map_err(|_| BodyError::Broken)? else { return Ok(None) };
        self.received = self.received.saturating_add(chunk.len());
        if self.received > self.limit {
            return Err(BodyError::TooLong { len: self.received as u64, limit: self.limit });
        }
        Ok(Some(chunk))
    }

    /// All of it, in memory of its own: the chunks belong to the connection's larger buffers.
    pub(crate) async fn collect(mut self) -> Result<Vec<u8>, BodyError> {
        let (mut whole, announced) = (Vec::new(), self.announced.unwrap_or_default());
        while let Some(chunk) = self.chunk().await? {
            append(&mut whole, &chunk, announced);
        }
        Ok(whole)
    }
}

/// Adds a chunk to what has come of a body, of which `announced` bytes are to come in all, as far as that is known.
///
/// Room is never made for more than 16 times of what has come: a client that announces much and sends nothing takes no memory.
/// So the room for all of it is made once a sixteenth is there, and not before, so that no more than that is copied twice.
pub(crate) fn append(whole: &mut Vec<u8>, chunk: &[u8], announced: usize) {
    let len = whole.len().saturating_add(chunk.len());
    if len > whole.capacity() && len <= announced {
        let sixteenth = announced.div_ceil(16);
        let room = if len < sixteenth { sixteenth.min(len * 16) } else { announced };
        whole.reserve_exact(room - whole.len());
    }
    whole.extend_from_slice(chunk);
}

/// The bytes in no more memory than they need, unless that saves little: a store may hold them for long.
pub(crate) fn without_spare_room(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.capacity() - bytes.len() > bytes.len() / 8 {
        bytes.shrink_to_fit();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::{Body, Bytes};
    use futures_util::{StreamExt as _, stream};
    use tokio::time;

    use super::{BodyError, RequestBody, append};

    const STALL: Duration = Duration::from_secs(30);

    fn chunks(chunks: &[&'static [u8]]) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> + use<> {
        let chunks: Vec<_> = chunks.iter().map(|chunk| Ok(Bytes::from_static(chunk))).collect();
        stream::iter(chunks)
    }

    #[tokio::test]
    async fn a_body_is_as_long_as_it_may_be() {
        let too_long = BodyError::TooLong { len: 5, limit: 4 };
        let announced = RequestBody::new(Body::from("12345"), 4, STALL);
        assert_eq!(announced.err(), Some(too_long));
        let counted = RequestBody::new(Body::from_stream(chunks(&[b"123", b"45", b"6"])), 4, STALL).unwrap();
        assert_eq!(counted.announced(), None);
        assert_eq!(counted.collect().await, Err(too_long));
        for body in [Body::from("1234"), Body::from_stream(chunks(&[b"12", b"", b"34"]))] {
            assert_eq!(RequestBody::new(body, 4, STALL).unwrap().collect().await.unwrap(), b"1234");
        }
    }

    #[test]
    fn room_is_made_for_what_is_announced_as_it_comes() {
        const ANNOUNCED: usize = 1_000_000;
        let mut whole = Vec::new();
        for size in [1, 7, 250, 900, 1_000, 4_096, 70_000, 131_072, ANNOUNCED] {
            whole.clear();
            whole.shrink_to_fit();
            let mut copied_again = 0;
            while whole.len() < ANNOUNCED {
                let before = (whole.len(), whole.capacity());
                let chunk = vec![b'x'; size.min(ANNOUNCED - whole.len())];
                append(&mut whole, &chunk, ANNOUNCED);
                assert!(whole.capacity() <= 16 * whole.len(), "{size}");
                copied_again += if whole.capacity() == before.1 { 0 } else { before.0 };
            }
            assert_eq!(whole.capacity(), ANNOUNCED, "{size}");
            assert!(copied_again <= ANNOUNCED / 8, "{size}: {copied_again}");
        }
        // More than was announced, or nothing announced.
        append(&mut whole, b"x", ANNOUNCED);
        append(&mut whole, b"x", 0);
        assert_eq!(whole, vec![b'x'; ANNOUNCED + 2]);
    }

    #[tokio::test(start_paused = true)]
    async fn each_pause_may_be_as_long_as_it_may_be() {
        let slow = |pause: Duration| {
            let chunks = chunks(&[b"1", b"2", b"3"]).then(move |chunk| async move {
                time::sleep(pause).await;
                chunk
            });
            RequestBody::new(Body::from_stream(chunks), 4, STALL).unwrap()
        };
        let just_in_time = STALL.checked_sub(Duration::from_millis(2)).unwrap();
        assert_eq!(slow(just_in_time).collect().await.unwrap(), b"123");
        let stalled = slow(STALL + Duration::from_millis(2)).collect().await;
        assert_eq!(stalled, Err(BodyError::Stalled { timeout: STALL }));
    }
}
