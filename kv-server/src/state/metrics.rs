//! Metrics of a server, for Prometheus.

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

/// Content type of [`Metrics::text`].
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Metrics of a server and its requests.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter<u64, AtomicU64>>,
    durations: Family<DurationLabels, Histogram>,
    in_flight: Gauge,
    reserved_bytes: Gauge,
    store_ready: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    method: &'static str,
    status: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DurationLabels {
    route: &'static str,
    method: &'static str,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        // From 100 µs to 26 s.
        let durations: Family<DurationLabels, Histogram> =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.0001, 4.0, 10)));
        let requests = Family::default();
        let in_flight = Gauge::default();
        let reserved_bytes = Gauge::default();
        let mut registry = Registry::with_prefix("kv_server");
        registry.register(
            "requests",
            "Requests, by route, method and status; status 0 if the client disconnected before the response",
            requests.clone(),
        );
        registry.register(
            "request_duration_seconds",
            "Time from a request's head to the end of its response",
            durations.clone(),
        );
        registry.register("requests_in_flight", "Requests under way", in_flight.clone());
        registry.register(
            "reserved_bytes",
            "Memory that requests have reserved, in bytes, out of their budget",
            reserved_bytes.clone(),
        );
        let store_ready = Gauge::default();
        registry.register(
            "store_ready",
            "1 while the store takes reads and writes, else 0",
            store_ready.clone(),
        );
        Self { registry, requests, durations, in_flight, reserved_bytes, store_ready }
    }

    pub(crate) fn started(&self) {
        self.in_flight.inc();
    }

    /// Counts a request that is over; `status` is `None` if the client disconnected before the response.
    pub(crate) fn finished(
        &self,
        route: &'static str,
        method: &'static str,
        status: Option<u16>,
        duration: Duration,
    ) {
        let status = status.map_or(0, u32::from);
        self.requests.get_or_create(&RequestLabels { route, method, status }).inc();
        self.durations.get_or_create(&DurationLabels { route, method }).observe(duration.as_secs_f64());
        self.in_flight.dec();
    }

    /// Sets the gauges that are only known when asked for, and returns all metrics in the text format of
    /// `OpenMetrics`, which Prometheus reads.
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
