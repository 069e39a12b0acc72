//! Memory that all requests of a server may hold together.

use std::{sync::Arc, time::Duration};

use axum::http::Response;
use kv_core::limits::MAX_VALUE_BYTES;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time,
};

/// Bytes that a request may hold without a reservation, so that small requests never wait for large ones. Their sum follows
/// from the number of requests under way.
pub(crate) const UNRESERVED_BYTES: usize = 64 * 1024;
/// The least memory that a server works with: a value of unknown length, a bulk get, and a reader.
pub(crate) const MIN_BYTES: usize = 96 * 1024 * 1024;
pub(crate) const DEFAULT_BYTES: usize = 512 * 1024 * 1024;
/// Bytes of a permit.
const UNIT_BYTES: usize = 1024;
/// Longest wait of a request for room. It holds none meanwhile, so no two wait for each other.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// The most requests that read a value of unknown size while there is no room for the largest.
const MAX_READERS: usize = 4;

/// Memory that all requests of a server may hold together: bodies as they are collected, what they are parsed into, and
/// values of which an answer is made, until the client has read it.
///
/// A request reserves, before it holds more than [`UNRESERVED_BYTES`], all that it may come to hold. Requests that wait are
/// served in the order in which they came.
#[derive(Debug)]
pub(crate) struct Memory {
    room: Arc<Semaphore>,
    /// A part of the whole for [`reading`](Self::reading): a permit for each value of the largest size.
    readers: Semaphore,
    max_bytes: usize,
}

/// No room came free in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server's memory for requests is taken: try again later")]
pub(crate) struct NoMemoryError;

impl NoMemoryError {
    pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);
}

/// A reservation, given back when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Reservation(Option<OwnedSemaphorePermit>);

impl Memory {
    /// Reservation for `bytes` in all, of which there are [`MIN_BYTES`] at least.
    pub(crate) fn new(bytes: usize) -> Self {
        let readers = (bytes / 5 / MAX_VALUE_BYTES).clamp(1, MAX_READERS);
        let units = bytes.saturating_sub(readers * MAX_VALUE_BYTES) / UNIT_BYTES;
        // Reservations are counted in 32 bits: 4 TiB.
        let units = units.min(u32::MAX as usize);
        Self {
            room: Arc::new(Semaphore::new(units)),
            readers: Semaphore::new(readers),
            max_bytes: units * UNIT_BYTES,
        }
    }

    /// The most that one request can reserve.
    pub(crate) const fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Bytes that are reserved now.
    pub(crate) fn reserved_bytes(&self) -> usize {
        self.max_bytes.saturating_sub(self.room.available_permits() * UNIT_BYTES)
    }

    /// Reservation for `bytes`, at once or not at all.
    pub(crate) fn try_reserve(&self, bytes: usize) -> Option<Reservation> {
        let permit = Arc::clone(&self.room).try_acquire_many_owned(units(bytes)).ok()?;
        Some(Reservation(Some(permit)))
    }

    /// Reservation for `bytes`, of which there are [`max_bytes`](Self::max_bytes) at most, when it is the caller's turn.
    pub(crate) async fn reserve(&self, bytes: usize) -> Result<Reservation, NoMemoryError> {
        let permit = time::timeout(MAX_WAIT, Arc::clone(&self.room).acquire_many_owned(units(bytes))).await;
        Ok(Reservation(Some(permit.map_err(|_| NoMemoryError)?.map_err(|_| NoMemoryError)?)))
    }

    /// Reads what turns out to be small, or fails as `None`, where there is no room for what is large: `read` holds no
    /// more than a value at once, and gives how many bytes it holds in the end.
    pub(crate) async fn probe<T, E: From<NoMemoryError>>(
        &self,
        read: impl Future<Output = Result<(T, usize), E>>,
    ) -> Result<Option<(T, Reservation)>, E> {
        let reader = time::timeout(MAX_WAIT, self.readers.acquire()).await;
        let _reader = reader.map_err(|_| NoMemoryError)?.map_err(|_| NoMemoryError)?;
        let (read, held) = read.await?;
        if held <= UNRESERVED_BYTES {
            return Ok(Some((read, Reservation::default())));
        }
        Ok(self.try_reserve(held).map(|room| (read, room)))
    }

    /// Reads what takes `most` bytes or, as is known only then, fewer: `read` gives how many. `most` is a value's size at
    /// most.
    pub(crate) async fn reading<T, E: From<NoMemoryError>, F>(
        &self,
        most: usize,
        read: impl Fn() -> F,
    ) -> Result<(T, Reservation), E>
    where
        F: Future<Output = Result<(T, usize), E>>,
    {
        let mut room = match self.try_reserve(most) {
            Some(room) => room,
            None => match self.probe(read()).await? {
                Some(read) => return Ok(read),
                // It is large, and was dropped. It is read again once there is room for it.
                None => self.reserve(most).await?,
            },
        };
        let (read, held) = read().await?;
        room.shrink(held);
        Ok((read, room))
    }
}

impl Reservation {
    /// Gives back what is not needed to hold `bytes`.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        let needed = if bytes <= UNRESERVED_BYTES { 0 } else { units(bytes) as usize };
        if let Some(permit) = &mut self.0 {
            drop(permit.split(permit.num_permits().saturating_sub(needed)));
        }
    }

    /// Keeps it until the body of `response` was sent.
    pub(crate) fn attach_to<B>(self, response: &mut Response<B>) {
        if self.0.as_ref().is_some_and(|permit| permit.num_permits() > 0) {
            response.extensions_mut().insert(Arc::new(self));
        }
    }

    /// Reservation that [`attach_to`](Self::attach_to) left with a response.
    pub(crate) fn take_from<B>(response: &mut Response<B>) -> Option<Arc<Self>> {
        response.extensions_mut().remove()
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::{
        cell::Cell,
        future::{pending, ready},
        time::Duration,
    };

    use kv_core::limits::MAX_VALUE_BYTES;
    use tokio::{join, time};

    use super::{DEFAULT_BYTES, MAX_WAIT, MIN_BYTES, Memory, NoMemoryError, Reservation, UNRESERVED_BYTES};

    #[test]
    fn the_parts_are_no_more_than_the_whole() {
        for bytes in [MIN_BYTES, MIN_BYTES + 1, 200 << 20, DEFAULT_BYTES, 1 << 40] {
            let memory = Memory::new(bytes);
            let readers = memory.readers.available_permits() * MAX_VALUE_BYTES;
            assert!(memory.max_bytes() + readers <= bytes && memory.max_bytes() + readers + 1024 > bytes);
            // A value of unknown length is collected in twice its length, a form's with its framing.
            assert!(memory.max_bytes() >= 2 * (MAX_VALUE_BYTES + UNRESERVED_BYTES), "{bytes}");
        }
        assert!(Memory::new(DEFAULT_BYTES).max_bytes() >= 4 * 100_000_000, "the longest bulk write");
    }

    #[tokio::test(start_paused = true)]
    async fn room_is_waited_for_in_turn_and_not_for_ever() {
        let memory = Memory::new(MIN_BYTES);
        let all = memory.reserve(memory.max_bytes()).await.unwrap();
        assert_eq!(memory.reserved_bytes(), memory.max_bytes());
        let order = Cell::new(Vec::new());
        let wait = async |name: &'static str, bytes: usize| {
            let room = memory.reserve(bytes).await.unwrap();
            let mut names = order.take();
            names.push(name);
            order.set(names);
            drop(room);
        };
        // A small one that comes later does not pass the large one, which it would keep from its turn.
        let large = wait("large", memory.max_bytes());
        let small = wait("small", 1024);
        let free = async {
            time::sleep(MAX_WAIT.checked_sub(Duration::from_secs(1)).unwrap()).await;
            drop(all);
        };
        join!(large, small, free);
        assert_eq!(order.take(), ["large", "small"]);

        let all = memory.reserve(memory.max_bytes()).await.unwrap();
        let started = time::Instant::now();
        assert_eq!(memory.reserve(1024).await.err(), Some(NoMemoryError));
        assert_eq!(started.elapsed(), MAX_WAIT);
        drop(all);
        assert_eq!(memory.reserved_bytes(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn small_reads_go_on_while_there_is_no_room() {
        let memory = Memory::new(MIN_BYTES);
        let read =
            |held: usize| memory.reading(MAX_VALUE_BYTES, move || ready(Ok::<_, NoMemoryError>(((), held))));
        let large = read(MAX_VALUE_BYTES).await.unwrap();
        assert_eq!(memory.reserved_bytes(), MAX_VALUE_BYTES);
        let rest = memory.reserve(memory.max_bytes() - MAX_VALUE_BYTES).await.unwrap();
        let started = time::Instant::now();
        read(UNRESERVED_BYTES).await.unwrap();
        assert_eq!(started.elapsed(), Duration::ZERO);
        assert_eq!(read(UNRESERVED_BYTES + 1).await.err(), Some(NoMemoryError));
        // A store that does not answer keeps the readers' places; others are refused in time.
        let stuck = memory.reading(1 << 20, pending::<Result<((), usize), NoMemoryError>>);
        let refused = async {
            time::sleep(Duration::from_millis(1)).await;
            read(1).await.err()
        };
        tokio::select! {
            _ = stuck => unreachable!("the store never answers"),
            refused = refused => assert_eq!(refused, Some(NoMemoryError)),
        }
        drop((large, rest));
        let small: (_, Reservation) = read(UNRESERVED_BYTES).await.unwrap();
        assert_eq!(memory.reserved_bytes(), 0);
        drop(small);
    }
}
