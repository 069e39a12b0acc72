//! Large values as they were last handed out.

use std::fmt;

use kv_core::{Bytes, Version};
use quick_cache::{
    DefaultHashBuilder, OptionsBuilder, Weighter,
    sync::{Cache, DefaultLifecycle},
};

/// Large values as they were last handed out, so that a hot one is neither put together nor copied again. A version
/// is used for one value alone, ever, so nothing here can be out of date.
pub(crate) struct LargeValues(Cache<u64, Bytes, Length>);

/// About what the cache itself needs for a value.
const OVERHEAD_BYTES: u64 = 128;
/// What a shard of the cache holds, so that each has room for the largest values.
const SHARD_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Debug, Clone, Copy)]
struct Length;

impl Weighter<u64, Bytes> for Length {
    fn weight(&self, _version: &u64, value: &Bytes) -> u64 {
        value.len() as u64 + OVERHEAD_BYTES
    }
}

impl LargeValues {
    /// Keeps up to `bytes`.
    pub(crate) fn new(bytes: usize) -> Self {
        let bytes = bytes as u64;
        let options = OptionsBuilder::new()
            .weight_capacity(bytes)
            // Values of 64 KiB, say: the cache grows with what it holds.
            .estimated_items_capacity(usize::try_from(bytes / (64 * 1024)).unwrap_or(usize::MAX))
            .shards(usize::try_from(bytes / SHARD_BYTES).unwrap_or(usize::MAX).max(1))
            .build();
        Self(match options {
            Ok(options) => Cache::with_options(
                options,
                Length,
                DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
            Err(_) => Cache::with_weighter(1, 0, Length),
        })
    }

    pub(crate) fn get(&self, version: Version) -> Option<Bytes> {
        self.0.get(&version.as_u64())
    }

    /// Keeps the value, which may go again at any time.
    pub(crate) fn keep(&self, version: Version, value: Bytes) {
        self.0.insert(version.as_u64(), value);
    }
}

impl fmt::Debug for LargeValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LargeValues").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use kv_core::limits::MAX_VALUE_BYTES;

    use super::*;

    #[test]
    fn it_keeps_some_and_never_more_than_it_may() {
        let values = LargeValues::new(8 * 1024 * 1024);
        for version in 0..500 {
            values.keep(Version::new(version), vec![u8::try_from(version % 251).unwrap(); 100_000].into());
        }
        let kept: Vec<_> =
            (0..500).filter_map(|version| values.get(Version::new(version)).map(|v| (version, v))).collect();
        assert!(
            kept.iter().all(|(version, value)| value.iter().all(|byte| u64::from(*byte) == version % 251))
        );
        let bytes: usize = kept.iter().map(|(_, value)| value.len()).sum();
        assert!((4 * 1024 * 1024..=8 * 1024 * 1024).contains(&bytes), "{bytes}");
    }

    #[test]
    fn the_largest_value_fits_into_the_default_and_nothing_into_none() {
        for (capacity, fits) in [(64 * 1024 * 1024, true), (0, false)] {
            let values = LargeValues::new(capacity);
            values.keep(Version::new(1), vec![0; MAX_VALUE_BYTES].into());
            assert_eq!(values.get(Version::new(1)).is_some(), fits);
        }
    }
}
