//! Body of a request, read within its limits.

use std::ops::Deref;

use axum::body::Body;
use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body::Body as _;
use tokio::time::{self, Instant};

use crate::http::{
    body_rules::{BodyError, BodyRules},
    memory::{Reservation, UNRESERVED_BYTES},
};

/// Body of a request, with a limit on its length.
#[derive(Debug)]
pub(crate) struct RequestBody<'a> {
    body: axum::body::BodyDataStream,
    rules: &'a BodyRules,
    content_length: Option<usize>,
    received: usize,
    limit: usize,
    weight: usize,
    reservation: Option<Reservation>,
    /// Time of the first read, moved back by the time that was spent waiting for memory.
    started: Option<Instant>,
}

/// Bytes of a body, with their reservation.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) bytes: Vec<u8>,
    pub(crate) reservation: Reservation,
}

impl Deref for Collected {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl<'a> RequestBody<'a> {
    /// Wraps a body of at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// [`BodyError::TooLong`] if its `Content-Length` is greater. Nothing is read before that check, so a
    /// client that waits for `100 Continue` never sends such a body.
    pub(crate) fn new(body: Body, limit: usize, rules: &'a BodyRules) -> Result<Self, BodyError> {
        Self::with_weight(1, body, limit, rules)
    }

    /// Wraps a body that takes `weight` times its length in memory, once it is parsed. A body that the
    /// server's memory could never hold is too long.
    pub(crate) fn with_weight(
        weight: usize,
        body: Body,
        limit: usize,
        rules: &'a BodyRules,
    ) -> Result<Self, BodyError> {
        let limit = limit.min(rules.memory.max_bytes() / weight);
        let content_length = body.size_hint().exact();
        if let Some(len) = content_length.filter(|len| *len > limit as u64) {
            return Err(BodyError::TooLong { len, limit });
        }
        // It is at most the limit, so it fits.
        let content_length = content_length.and_then(|len| usize::try_from(len).ok());
        let body = body.into_data_stream();
        Ok(Self { body, rules, content_length, received: 0, limit, weight, reservation: None, started: None })
    }

    /// Returns the length that the client announced; `None` for a chunked body.
    pub(crate) const fn content_length(&self) -> Option<usize> {
        self.content_length
    }

    /// Reads the next bytes; `None` at the end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        let now = Instant::now();
        let started = *self.started.get_or_insert(now);
        let stalled = now + self.rules.stall_timeout;
        let too_slow = self.rules.too_slow_at(started, self.received as u64);
        let deadline = too_slow.map_or(stalled, |too_slow| too_slow.min(stalled));
        let Ok(next) = time::timeout_at(deadline, self.body.next()).await else {
            return Err(match too_slow {
                Some(too_slow) if too_slow < stalled => BodyError::TooSlow { min_rate: self.rules.min_rate },
                _ => BodyError::Stalled { timeout: self.rules.stall_timeout },
            });
        };
        let Some(chunk) = next.transpose().map_err(|_| BodyError::Broken)? else { return Ok(None) };
        self.received = self.received.saturating_add(chunk.len());
        if self.received > self.limit {
            return Err(BodyError::TooLong { len: self.received as u64, limit: self.limit });
        }
        if self.received > UNRESERVED_BYTES && self.reservation.is_none() {
            self.reserve(started).await?;
        }
        Ok(Some(chunk))
    }

    /// Reserves the maximum that the body may come to take, so that a request never waits for memory while it
    /// holds some.
    async fn reserve(&mut self, started: Instant) -> Result<(), BodyError> {
        // A buffer that grows towards an unknown length takes up to twice that length.
        let len = self.content_length.unwrap_or_else(|| self.limit.saturating_mul(2));
        let bytes = len.saturating_mul(self.weight).min(self.rules.memory.max_bytes());
        let asked = Instant::now();
        self.reservation = Some(self.rules.memory.reserve(bytes).await?);
        // The wait does not count against the client's rate.
        self.started = Some(started + asked.elapsed());
        Ok(())
    }

    /// Reads the whole body into memory of its own: chunks are slices of the connection's larger buffers.
    pub(crate) async fn collect(mut self) -> Result<Collected, BodyError> {
        let mut whole = Vec::new();
        let content_length = self.content_length.unwrap_or_default();
        while let Some(chunk) = self.chunk().await? {
            append_chunk(&mut whole, &chunk, content_length);
        }
        let bytes = shrink_if_wasteful(whole);
        let taken = bytes.capacity().saturating_mul(self.weight);
        let mut reservation = self.into_reservation();
        reservation.shrink(taken);
        Ok(Collected { bytes, reservation })
    }

    /// Returns the reservation for what was read.
    pub(crate) fn into_reservation(self) -> Reservation {
        self.reservation.unwrap_or_default()
    }
}

/// Appends a chunk to the part of a body that has arrived; `content_length` is 0 if unknown.
///
/// The capacity never exceeds 16 times the bytes that arrived, so a client that announces much and sends
/// little takes little memory; nor [`UNRESERVED_BYTES`] before there has to be a reservation. Once a
/// sixteenth of the body is there, capacity for all of it is allocated, so little more than a sixteenth is
/// copied twice.
pub(crate) fn append_chunk(whole: &mut Vec<u8>, chunk: &[u8], content_length: usize) {
    let len = whole.len().saturating_add(chunk.len());
    if len > whole.capacity() && len <= content_length {
        let sixteenth = content_length.div_ceil(16);
        let capacity = if len <= UNRESERVED_BYTES {
            content_length.min(UNRESERVED_BYTES).min(len * 16)
        } else if len < sixteenth {
            sixteenth.min(len * 16)
        } else {
            content_length
        };
        whole.reserve_exact(capacity - whole.len());
    }
    whole.extend_from_slice(chunk);
}

/// Shrinks the allocation if more than an eighth of it is spare: a store may keep these bytes for long.
pub(crate) fn shrink_if_wasteful(mut bytes: Vec<u8>) -> Vec<u8> {
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

    use super::{RequestBody, append_chunk};
    use crate::http::{
        body_rules::{BodyError, BodyRules},
        memory::{MIN_BYTES, Memory, MemoryError, UNRESERVED_BYTES},
    };

    const STALL: Duration = Duration::from_secs(30);

    fn rules(min_rate: u32) -> BodyRules {
        BodyRules { stall_timeout: STALL, min_rate, memory: Memory::new(MIN_BYTES) }
    }

    fn chunks(chunks: &[&'static [u8]]) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> + use<> {
        let chunks: Vec<_> = chunks.iter().map(|chunk| Ok(Bytes::from_static(chunk))).collect();
        stream::iter(chunks)
    }

    #[tokio::test]
    async fn the_length_is_limited_announced_or_not() {
        let too_long = BodyError::TooLong { len: 5, limit: 4 };
        let rules = &rules(0);
        let announced = RequestBody::new(Body::from("12345"), 4, rules);
        assert_eq!(announced.err(), Some(too_long));
        let counted = RequestBody::new(Body::from_stream(chunks(&[b"123", b"45", b"6"])), 4, rules).unwrap();
        assert_eq!(counted.content_length(), None);
        assert_eq!(counted.collect().await.err(), Some(too_long));
        for body in [Body::from("1234"), Body::from_stream(chunks(&[b"12", b"", b"34"]))] {
            assert_eq!(RequestBody::new(body, 4, rules).unwrap().collect().await.unwrap().bytes, b"1234");
        }
    }

    #[test]
    fn capacity_grows_with_what_arrived() {
        const LENGTH: usize = 1_000_000;
        let mut whole = Vec::new();
        for size in [1, 7, 250, 900, 1_000, 4_096, 70_000, 131_072, LENGTH] {
            whole.clear();
            whole.shrink_to_fit();
            let mut copied_twice = 0;
            while whole.len() < LENGTH {
                let before = (whole.len(), whole.capacity());
                let chunk = vec![b'x'; size.min(LENGTH - whole.len())];
                append_chunk(&mut whole, &chunk, LENGTH);
                assert!(whole.capacity() <= 16 * whole.len(), "{size}");
                copied_twice += if whole.capacity() == before.1 { 0 } else { before.0 };
            }
            assert_eq!(whole.capacity(), LENGTH, "{size}");
            assert!(copied_twice <= LENGTH / 8, "{size}: {copied_twice}");
        }
        // More bytes than announced, or an unknown length.
        append_chunk(&mut whole, b"x", LENGTH);
        append_chunk(&mut whole, b"x", 0);
        assert_eq!(whole, vec![b'x'; LENGTH + 2]);
    }

    /// Returns a body of three bytes with a pause before each.
    fn slow(pause: Duration, rules: &BodyRules) -> RequestBody<'_> {
        let chunks = chunks(&[b"1", b"2", b"3"]).then(move |chunk| async move {
            time::sleep(pause).await;
            chunk
        });
        RequestBody::new(Body::from_stream(chunks), 4, rules).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn each_pause_has_the_stall_timeout() {
        let rules = &rules(0);
        let just_in_time = STALL.checked_sub(Duration::from_millis(2)).unwrap();
        assert_eq!(slow(just_in_time, rules).collect().await.unwrap().bytes, b"123");
        let stalled = slow(STALL + Duration::from_millis(2), rules).collect().await;
        assert_eq!(stalled.err(), Some(BodyError::Stalled { timeout: STALL }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_may_fall_behind_the_minimum_rate_by_the_stall_timeout() {
        let rules = &rules(1);
        // Each byte earns a second, but the last one earns it too late.
        let in_time = Duration::from_millis((30_000 + 2_000) / 3);
        assert_eq!(slow(in_time, rules).collect().await.unwrap().bytes, b"123");
        let too_slow = slow(in_time + Duration::from_millis(2), rules).collect().await;
        assert_eq!(too_slow.err(), Some(BodyError::TooSlow { min_rate: 1 }));

        // A byte every 5 s, as an attacker sends it, for up to an hour.
        let trickle = stream::repeat(()).then(|()| async {
            time::sleep(Duration::from_secs(5)).await;
            Ok::<_, std::io::Error>(Bytes::from_static(b"x"))
        });
        let started = time::Instant::now();
        let rules = &self::rules(1024);
        let body = RequestBody::new(Body::from_stream(trickle.take(720)), 1000, rules).unwrap();
        assert_eq!(body.collect().await.err(), Some(BodyError::TooSlow { min_rate: 1024 }));
        assert!(started.elapsed() <= STALL + Duration::from_secs(1), "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn large_bodies_are_reserved_and_small_ones_are_not() {
        const LEN: usize = 1_000_000;
        let rules = &rules(1 << 20);
        let body = |len: usize| RequestBody::new(Body::from(vec![b'x'; len]), LEN, rules).unwrap();
        let small = body(UNRESERVED_BYTES).collect().await.unwrap();
        assert_eq!(rules.memory.reserved_bytes(), 0);
        let large = body(LEN).collect().await.unwrap();
        assert!(rules.memory.reserved_bytes().abs_diff(LEN) < 1024);
        drop((small, large));
        assert_eq!(rules.memory.reserved_bytes(), 0);

        // The wait for memory does not make the client too slow.
        let chunks = stream::iter(0..2).then(|index| async move {
            time::sleep(STALL.mul_f64(0.9 * f64::from(index))).await;
            Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; UNRESERVED_BYTES + 1]))
        });
        let slow = RequestBody::new(Body::from_stream(chunks), LEN, rules).unwrap();
        let all = rules.memory.try_reserve(rules.memory.max_bytes()).unwrap();
        let later = async {
            time::sleep(Duration::from_secs(4)).await;
            drop(all);
        };
        let (slow, ()) = tokio::join!(slow.collect(), later);
        assert_eq!(slow.unwrap().len(), 2 * (UNRESERVED_BYTES + 1));

        let _all = rules.memory.try_reserve(rules.memory.max_bytes()).unwrap();
        assert_eq!(body(UNRESERVED_BYTES + 1).collect().await.err(), Some(BodyError::Memory(MemoryError)));
    }

    #[test]
    fn a_body_that_exceeds_all_memory_is_too_long() {
        let rules = &rules(0);
        let max = rules.memory.max_bytes() / 3;
        let body = |len| Body::from(vec![b'x'; len]);
        assert!(RequestBody::with_weight(3, body(max), usize::MAX, rules).is_ok());
        let refused = RequestBody::with_weight(3, body(max + 1), usize::MAX, rules);
        assert_eq!(refused.err(), Some(BodyError::TooLong { len: max as u64 + 1, limit: max }));
    }
}
