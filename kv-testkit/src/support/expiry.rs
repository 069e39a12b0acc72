//! Times and entries for cases of expiry.

use std::time::Duration;

use kv_core::{Clock, Entry, Expiration, PutOptions, Value, limits};

use crate::support::subject::Subject;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// Returns the shortest TTL: 60 s.
pub(crate) fn minute() -> Expiration {
    Expiration::after(limits::MIN_EXPIRATION).expect("60 seconds are allowed")
}

/// Returns the entry that a write of `value` with `options` makes now.
pub(crate) fn entry_of(subject: &Subject, value: &'static str, options: &PutOptions) -> Entry {
    Entry::new(Value::from_static(value.as_bytes()))
        .with_metadata(options.metadata.clone())
        .with_expires_at(options.expires_at(subject.clock().now()))
}
