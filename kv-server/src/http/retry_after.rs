//! Header `Retry-After`.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header::RETRY_AFTER};

/// Wait that a 503 or a 429 asks for, where the cause names none.
pub(crate) const DEFAULT: Duration = Duration::from_secs(1);

/// Sets the header.
pub(crate) fn set(headers: &mut HeaderMap, wait: Duration) {
    headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
}

/// Rounds up to whole seconds, at least 1: the header has no fractions, and 0 would ask for a retry at once.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::whole_seconds;

    #[test]
    fn a_wait_is_rounded_up_and_never_zero() {
        for (millis, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (2100, 3)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds, "{millis}");
        }
    }
}
