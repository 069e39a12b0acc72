//! Metrics for Prometheus.

use std::{fmt, sync::atomic::AtomicU64, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

/// The content type of [`Metrics::text`].
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Metrics of a server and its requests.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Outcome, Counter<u64, AtomicU64>>,
    durations: Family<Asked, Histogram>,
    in_flight: Gauge,
    reserved_bytes: Gauge,
    store_ready: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    route: &'static str,
    method: &'static str,
    status: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    route: &'static str,
    method: &'static str,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        // From 100 µs to 26 s.
        let durations: Family<Asked, Histogram> =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.0001, 4.0, 10)));
        let requests = Family::default();
        let in_flight = Gauge::default();
        let reserved_bytes = Gauge::default();
        let mut all = Registry::with_prefix("kv_server");
        all.register(
            "requests",
            "Requests answered, by route, method and status; status 0 if the client left before the answer",
            requests.clone(),
        );
        all.register(
            "request_duration_seconds",
            "Time from a request's headers to the last of its answer",
            durations.clone(),
        );
        all.register("requests_in_flight", "Requests under way", in_flight.clone());
        all.register(
            "reserved_bytes",
            "Memory that requests have reserved, of what they may hold together",
            reserved_bytes.clone(),
        );
        let store_ready = Gauge::default();
        all.register("store_ready", "Whether the store takes reads and writes: 1 or 0", store_ready.clone());
        Self { registry: all, requests, durations, in_flight, reserved_bytes, store_ready }
    }

    pub(crate) fn started(&self) {
        self.in_flight.inc();
    }

    /// Counts a request that is over; `status` is `None` if the client left before the answer.
    pub(crate) fn finished(
        &self,
        route: &'static str,
        method: &'static str,
        status: Option<u16>,
        took: Duration,
    ) {
        let status = status.map_or(0, u32::from);
        self.requests.get_or_create(&Outcome { route, method, status }).inc();
        self.durations.get_or_create(&Asked { route, method }).observe(took.as_secs_f64());
        self.in_flight.dec();
    }

    /// All of it in the text format of `OpenMetrics`, which Prometheus reads, with what cannot be counted as it happens.
    pub(crate) fn text(&self, reserved_bytes: usize, is_ready: bool) -> Result<String, fmt::Error> {
        self.store_ready.set(is_ready.into());
        self.reserved_bytes.set(i64::try_from(reserved_bytes).unwrap_or(i64::MAX));
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
