//! The body of a request, limited before it is kept.

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

/// The body of a request that is at most so long.
#[derive(Debug)]
pub(crate) struct RequestBody<'a> {
    body: axum::body::BodyDataStream,
    rules: &'a BodyRules,
    announced: Option<usize>,
    received: usize,
    limit: usize,
    weight: usize,
    room: Option<Reservation>,
    /// The moment at which it began, later by the time spent on waiting for room.
    started: Option<Instant>,
}

/// The bytes of a body, and the room that they take.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) bytes: Vec<u8>,
    pub(crate) room: Reservation,
}

impl Deref for Collected {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl<'a> RequestBody<'a> {
    /// Refuses a body that announces more than `limit` bytes, before any of it is read: a client that waits for
    /// `100 Continue` never sends it.
    pub(crate) fn new(body: Body, limit: usize, rules: &'a BodyRules) -> Result<Self, BodyError> {
        Self::with_weight(1, body, limit, rules)
    }

    /// The same for a body of which `weight` times as much is made in memory as it is long. One for which there can
    /// never be room is too long.
    pub(crate) fn with_weight(
        weight: usize,
        body: Body,
        limit: usize,
        rules: &'a BodyRules,
    ) -> Result<Self, BodyError> {
        let limit = limit.min(rules.memory.max_bytes() / weight);
        let announced = body.size_hint().exact();
        if let Some(len) = announced.filter(|len| *len > limit as u64) {
            return Err(BodyError::TooLong { len, limit });
        }
        // It is at most the limit, so it fits.
        let announced = announced.and_then(|len| usize::try_from(len).ok());
        let body = body.into_data_stream();
        Ok(Self { body, rules, announced, received: 0, limit, weight, room: None, started: None })
    }

    /// Its length, if the client says.
    pub(crate) const fn announced(&self) -> Option<usize> {
        self.announced
    }

    /// The next bytes; `None` at the end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        let now = Instant::now();
        let started = *self.started.get_or_insert(now);
        let stalled = now + self.rules.stall_timeout;
        let too_slow = self.rules.too_slow_at(started, self.received as u64);
        let last = too_slow.map_or(stalled, |too_slow| too_slow.min(stalled));
        let Ok(next) = time::timeout_at(last, self.body.next()).await else {
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
        if self.received > UNRESERVED_BYTES && self.room.is_none() {
            self.reserve(started).await?;
        }
        Ok(Some(chunk))
    }

    /// Reserves all that it may come to take, so that it never holds some and waits for more.
    async fn reserve(&mut self, started: Instant) -> Result<(), BodyError> {
        // What grows without a known end takes up to twice its length.
        let len = self.announced.unwrap_or_else(|| self.limit.saturating_mul(2));
        let bytes = len.saturating_mul(self.weight).min(self.rules.memory.max_bytes());
        let asked = Instant::now();
        self.room = Some(self.rules.memory.reserve(bytes).await?);
        // The client had to wait, so its time starts later.
        self.started = Some(started + asked.elapsed());
        Ok(())
    }

    /// All of it, in memory of its own: the chunks belong to the connection's larger buffers.
    pub(crate) async fn collect(mut self) -> Result<Collected, BodyError> {
        let (mut whole, announced) = (Vec::new(), self.announced.unwrap_or_default());
        while let Some(chunk) = self.chunk().await? {
            append(&mut whole, &chunk, announced);
        }
        let bytes = shrink_if_wasteful(whole);
        let taken = bytes.capacity().saturating_mul(self.weight);
        let mut room = self.into_room();
        room.shrink(taken);
        Ok(Collected { bytes, room })
    }

    /// The room that was reserved for it.
    pub(crate) fn into_room(self) -> Reservation {
        self.room.unwrap_or_default()
    }
}

/// Adds a chunk to what has come of a body, of which `announced` bytes are to come in all, as far as that is known.
///
/// Reservation is never made for more than 16 times of what has come: a client that announces much and sends nothing takes no memory.
/// So the room for all of it is made once a sixteenth is there, and not before, so that little more than that is copied
/// twice; and no more than [`UNRESERVED_BYTES`] before there has to be a reservation.
pub(crate) fn append(whole: &mut Vec<u8>, chunk: &[u8], announced: usize) {
    let len = whole.len().saturating_add(chunk.len());
    if len > whole.capacity() && len <= announced {
        let sixteenth = announced.div_ceil(16);
        let room = if len <= UNRESERVED_BYTES {
            announced.min(UNRESERVED_BYTES).min(len * 16)
        } else if len < sixteenth {
            sixteenth.min(len * 16)
        } else {
            announced
        };
        whole.reserve_exact(room - whole.len());
    }
    whole.extend_from_slice(chunk);
}

/// The bytes in no more memory than they need, unless that saves little: a store may hold them for long.
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

    use super::{RequestBody, append};
    use crate::http::{
        body_rules::{BodyError, BodyRules},
        memory::{MIN_BYTES, Memory, NoMemoryError, UNRESERVED_BYTES},
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
    async fn a_body_is_as_long_as_it_may_be() {
        let too_long = BodyError::TooLong { len: 5, limit: 4 };
        let rules = &rules(0);
        let announced = RequestBody::new(Body::from("12345"), 4, rules);
        assert_eq!(announced.err(), Some(too_long));
        let counted = RequestBody::new(Body::from_stream(chunks(&[b"123", b"45", b"6"])), 4, rules).unwrap();
        assert_eq!(counted.announced(), None);
        assert_eq!(counted.collect().await.err(), Some(too_long));
        for body in [Body::from("1234"), Body::from_stream(chunks(&[b"12", b"", b"34"]))] {
            assert_eq!(RequestBody::new(body, 4, rules).unwrap().collect().await.unwrap().bytes, b"1234");
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

    /// A body of three bytes with a pause before each.
    fn slow(pause: Duration, rules: &BodyRules) -> RequestBody<'_> {
        let chunks = chunks(&[b"1", b"2", b"3"]).then(move |chunk| async move {
            time::sleep(pause).await;
            chunk
        });
        RequestBody::new(Body::from_stream(chunks), 4, rules).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn each_pause_may_be_as_long_as_it_may_be() {
        let rules = &rules(0);
        let just_in_time = STALL.checked_sub(Duration::from_millis(2)).unwrap();
        assert_eq!(slow(just_in_time, rules).collect().await.unwrap().bytes, b"123");
        let stalled = slow(STALL + Duration::from_millis(2), rules).collect().await;
        assert_eq!(stalled.err(), Some(BodyError::Stalled { timeout: STALL }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_may_fall_behind_the_lowest_rate_for_so_long() {
        let rules = &rules(1);
        // Three bytes earn three seconds, of which the last one comes too late.
        let in_time = Duration::from_millis((30_000 + 2_000) / 3);
        assert_eq!(slow(in_time, rules).collect().await.unwrap().bytes, b"123");
        let too_slow = slow(in_time + Duration::from_millis(2), rules).collect().await;
        assert_eq!(too_slow.err(), Some(BodyError::TooSlow { min_rate: 1 }));

        // A byte every 5 s, as an attacker sends it, for an hour at most.
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
    async fn room_is_reserved_before_more_than_little_is_held() {
        const LEN: usize = 1_000_000;
        let rules = &rules(1 << 20);
        let body = |len: usize| RequestBody::new(Body::from(vec![b'x'; len]), LEN, rules).unwrap();
        let small = body(UNRESERVED_BYTES).collect().await.unwrap();
        assert_eq!(rules.memory.reserved_bytes(), 0);
        let large = body(LEN).collect().await.unwrap();
        assert!(rules.memory.reserved_bytes().abs_diff(LEN) < 1024);
        drop((small, large));
        assert_eq!(rules.memory.reserved_bytes(), 0);

        // While it waits for room, its client is not too slow.
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
        assert_eq!(
            body(UNRESERVED_BYTES + 1).collect().await.err(),
            Some(BodyError::NoMemoryError(NoMemoryError))
        );
    }

    #[test]
    fn a_body_for_which_there_is_never_room_is_too_long() {
        let rules = &rules(0);
        let most = rules.memory.max_bytes() / 3;
        let body = |len| Body::from(vec![b'x'; len]);
        assert!(RequestBody::with_weight(3, body(most), usize::MAX, rules).is_ok());
        let refused = RequestBody::with_weight(3, body(most + 1), usize::MAX, rules);
        assert_eq!(refused.err(), Some(BodyError::TooLong { len: most as u64 + 1, limit: most }));
    }
}
