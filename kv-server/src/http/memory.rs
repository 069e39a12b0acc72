//! Memory budget of a server for all of its requests.

use std::{sync::Arc, time::Duration};

use axum::http::Response;
use kv_core::limits::MAX_VALUE_BYTES;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time,
};

/// Bytes that a request may hold without a reservation, so that small requests never wait for large ones. The
/// maximum number of requests under way bounds their sum.
pub(crate) const UNRESERVED_BYTES: usize = 64 * 1024;
/// Minimum for a server: a value of unknown length or a bulk get, and one reader.
pub(crate) const MIN_BYTES: usize = 96 * 1024 * 1024;
pub(crate) const DEFAULT_BYTES: usize = 512 * 1024 * 1024;
/// Bytes per permit of the semaphore.
const UNIT_BYTES: usize = 1024;
/// Longest wait for a reservation. A request that waits holds no other reservation, so there is no deadlock.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// Maximum number of concurrent reads of values of unknown size while the largest cannot be reserved.
const MAX_READERS: usize = 4;

/// Memory budget of a server for all of its requests: bodies as they are collected, the structures that they
/// are parsed into, and values of which a response is made, until the client has read it.
///
/// Before a request holds more than [`UNRESERVED_BYTES`], it reserves the maximum that it may come to hold.
/// Requests that wait for a reservation are served first in, first out.
#[derive(Debug)]
pub(crate) struct Memory {
    permits: Arc<Semaphore>,
    /// Part of the budget that is set aside for [`probe`](Self::probe): a permit per value of the largest
    /// size.
    readers: Semaphore,
    max_bytes: usize,
}

/// Error of a request for which no memory came free in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no memory for this request: try again later")]
pub(crate) struct MemoryError;

/// Reserved memory, released on drop. The default holds none.
#[derive(Debug, Default)]
pub(crate) struct Reservation(Option<OwnedSemaphorePermit>);

impl Memory {
    /// Makes a budget of `bytes`, at least [`MIN_BYTES`].
    pub(crate) fn new(bytes: usize) -> Self {
        let readers = (bytes / 5 / MAX_VALUE_BYTES).clamp(1, MAX_READERS);
        let units = bytes.saturating_sub(readers * MAX_VALUE_BYTES) / UNIT_BYTES;
        // A semaphore counts permits for one call in 32 bits: 4 TiB.
        let units = units.min(u32::MAX as usize);
        Self {
            permits: Arc::new(Semaphore::new(units)),
            readers: Semaphore::new(readers),
            max_bytes: units * UNIT_BYTES,
        }
    }

    /// Returns the maximum that one request can reserve.
    pub(crate) const fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Returns the bytes that are reserved now.
    pub(crate) fn reserved_bytes(&self) -> usize {
        self.max_bytes.saturating_sub(self.permits.available_permits() * UNIT_BYTES)
    }

    /// Reserves `bytes` without waiting, or returns `None`.
    pub(crate) fn try_reserve(&self, bytes: usize) -> Option<Reservation> {
        let permit = Arc::clone(&self.permits).try_acquire_many_owned(units(bytes)).ok()?;
        Some(Reservation(Some(permit)))
    }

    /// Reserves `bytes`, at most [`max_bytes`](Self::max_bytes), after the requests that came before.
    pub(crate) async fn reserve(&self, bytes: usize) -> Result<Reservation, MemoryError> {
        let permit =
            time::timeout(MAX_WAIT, Arc::clone(&self.permits).acquire_many_owned(units(bytes))).await;
        Ok(Reservation(Some(permit.map_err(|_| MemoryError)?.map_err(|_| MemoryError)?)))
    }

    /// Runs `read` in memory that is set aside, and returns `None` if its result is neither small nor can be
    /// reserved. `read` holds at most one value of the largest size at a time, and returns how many bytes its
    /// result holds.
    pub(crate) async fn probe<T, E: From<MemoryError>>(
        &self,
        read: impl Future<Output = Result<(T, usize), E>>,
    ) -> Result<Option<(T, Reservation)>, E> {
        let reader = time::timeout(MAX_WAIT, self.readers.acquire()).await;
        let _reader = reader.map_err(|_| MemoryError)?.map_err(|_| MemoryError)?;
        let (read, held) = read.await?;
        if held <= UNRESERVED_BYTES {
            return Ok(Some((read, Reservation::default())));
        }
        Ok(self.try_reserve(held).map(|reservation| (read, reservation)))
    }

    /// Runs `read`, whose result takes up to `max` bytes, with a reservation for the bytes that `read` says
    /// it took. `max` is at most the largest size of a value.
    pub(crate) async fn with_reservation<T, E: From<MemoryError>, F>(
        &self,
        max: usize,
        read: impl Fn() -> F,
    ) -> Result<(T, Reservation), E>
    where
        F: Future<Output = Result<(T, usize), E>>,
    {
        let mut reservation = match self.try_reserve(max) {
            Some(reservation) => reservation,
            None => match self.probe(read()).await? {
                Some(read) => return Ok(read),
                // The result was large, and is dropped. It is read again with a reservation.
                None => self.reserve(max).await?,
            },
        };
        let (read, held) = read().await?;
        reservation.shrink(held);
        Ok((read, reservation))
    }
}

impl Reservation {
    /// Releases all but what holding `bytes` takes.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        let needed = if bytes <= UNRESERVED_BYTES { 0 } else { units(bytes) as usize };
        if let Some(permit) = &mut self.0 {
            drop(permit.split(permit.num_permits().saturating_sub(needed)));
        }
    }

    /// Keeps the reservation until the body of `response` is sent.
    pub(crate) fn attach_to<B>(self, response: &mut Response<B>) {
        if self.0.as_ref().is_some_and(|permit| permit.num_permits() > 0) {
            response.extensions_mut().insert(Arc::new(self));
        }
    }

    /// Takes the reservation that [`attach_to`](Self::attach_to) left in a response.
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

    use super::{DEFAULT_BYTES, MAX_WAIT, MIN_BYTES, Memory, MemoryError, Reservation, UNRESERVED_BYTES};

    #[test]
    fn the_parts_do_not_exceed_the_budget() {
        for bytes in [MIN_BYTES, MIN_BYTES + 1, 200 << 20, DEFAULT_BYTES, 1 << 40] {
            let memory = Memory::new(bytes);
            let readers = memory.readers.available_permits() * MAX_VALUE_BYTES;
            assert!(memory.max_bytes() + readers <= bytes && memory.max_bytes() + readers + 1024 > bytes);
            // A form with a value of unknown length takes twice their length.
            assert!(memory.max_bytes() >= 2 * (MAX_VALUE_BYTES + UNRESERVED_BYTES), "{bytes}");
        }
        assert!(Memory::new(DEFAULT_BYTES).max_bytes() >= 4 * 100_000_000, "the longest bulk write");
    }

    #[tokio::test(start_paused = true)]
    async fn reservations_wait_in_turn_and_time_out() {
        let memory = Memory::new(MIN_BYTES);
        let all = memory.reserve(memory.max_bytes()).await.unwrap();
        assert_eq!(memory.reserved_bytes(), memory.max_bytes());
        let order = Cell::new(Vec::new());
        let wait = async |name: &'static str, bytes: usize| {
            let reservation = memory.reserve(bytes).await.unwrap();
            let mut names = order.take();
            names.push(name);
            order.set(names);
            drop(reservation);
        };
        // A later small one does not overtake the large one, which could starve otherwise.
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
        assert_eq!(memory.reserve(1024).await.err(), Some(MemoryError));
        assert_eq!(started.elapsed(), MAX_WAIT);
        drop(all);
        assert_eq!(memory.reserved_bytes(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn small_reads_succeed_while_all_memory_is_reserved() {
        let memory = Memory::new(MIN_BYTES);
        let read = |held: usize| {
            memory.with_reservation(MAX_VALUE_BYTES, move || ready(Ok::<_, MemoryError>(((), held))))
        };
        let large = read(MAX_VALUE_BYTES).await.unwrap();
        assert_eq!(memory.reserved_bytes(), MAX_VALUE_BYTES);
        let rest = memory.reserve(memory.max_bytes() - MAX_VALUE_BYTES).await.unwrap();
        let started = time::Instant::now();
        read(UNRESERVED_BYTES).await.unwrap();
        assert_eq!(started.elapsed(), Duration::ZERO);
        assert_eq!(read(UNRESERVED_BYTES + 1).await.err(), Some(MemoryError));
        // A store that does not answer holds the readers' permits; other reads time out.
        let stuck = memory.with_reservation(1 << 20, pending::<Result<((), usize), MemoryError>>);
        let refused = async {
            time::sleep(Duration::from_millis(1)).await;
            read(1).await.err()
        };
        tokio::select! {
            _ = stuck => unreachable!("the store never answers"),
            refused = refused => assert_eq!(refused, Some(MemoryError)),
        }
        drop((large, rest));
        let small: (_, Reservation) = read(UNRESERVED_BYTES).await.unwrap();
        assert_eq!(memory.reserved_bytes(), 0);
        drop(small);
    }
}
