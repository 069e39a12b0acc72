//! For how many seconds the edge may answer from its cache. There is no edge here: it is checked, and has no effect.

use crate::{protocol::whole_number, runtime::runtime_error::RuntimeError};

const MIN: u64 = 30;
/// The runtime takes it as a signed integer of 32 bits.
const MAX: u64 = i32::MAX as u64;

/// Refuses what is no time to live of a cache, in whole seconds.
pub(super) fn check(text: &str) -> Result<(), RuntimeError> {
    let advice = match whole_number::parse(text) {
        Some(MIN..=MAX) => return Ok(()),
        Some(seconds) if seconds > MAX => format!("Cache TTL must be at most {MAX}."),
        _ => format!("Cache TTL must be at least {MIN}."),
    };
    Err(RuntimeError::parameter("cache_ttl", text, &advice))
}
