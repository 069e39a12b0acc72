//! Header `Retry-After`.

use std::time::{Duration, UNIX_EPOCH};

use kv_core::Timestamp;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::rate_limit::deadline::YEAR;

/// Returns the wait that `Retry-After` asks for at `now`: a number of seconds, or the time until a date (RFC
/// 9110, section 10.2.3), zero if that has passed. It is a year at most, so that callers can add it to a
/// time.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds).min(YEAR));
    }
    let date = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(date.saturating_sub(Duration::from_secs(now.as_secs())).min(YEAR))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kv_core::Timestamp;
    use reqwest::header::{HeaderMap, RETRY_AFTER};

    use super::retry_after;

    #[test]
    fn seconds_and_dates_are_read() {
        // 1994-11-06T08:49:37Z
        let now = Timestamp::from_secs(784_111_777).unwrap();
        let table = [
            ("0", Some(0)),
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("18446744073709551615", Some(31_536_000)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(31_536_000)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sunday, 06-Nov-94 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ];
        for (text, seconds) in table {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(retry_after(&headers, now), seconds.map(Duration::from_secs), "{text:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
