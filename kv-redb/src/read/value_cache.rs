//! Cache of large values.

use std::fmt;

use kv_core::{Bytes, Version};
use quick_cache::{
    DefaultHashBuilder, OptionsBuilder, Weighter,
    sync::{Cache, DefaultLifecycle},
};

/// Cache of large values, by version, so that a hot one is neither assembled nor copied again. A version
/// belongs to one value for ever, so no cached value can be out of date.
pub(crate) struct ValueCache(Cache<u64, Bytes, Length>);

/// Approximate memory that the cache needs per value, beside the value.
const OVERHEAD_BYTES: u64 = 128;
/// Capacity of a shard of the cache, so that each has room for the largest values.
const SHARD_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Debug, Clone, Copy)]
struct Length;

impl Weighter<u64, Bytes> for Length {
    fn weight(&self, _version: &u64, value: &Bytes) -> u64 {
        value.len() as u64 + OVERHEAD_BYTES
    }
}

impl ValueCache {
    /// Makes a cache of up to `bytes` bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        let bytes = bytes as u64;
        let options = OptionsBuilder::new()
            .weight_capacity(bytes)
            // An estimate, as if every value had 64 KiB; the cache grows with its contents.
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

    /// Returns the value of a version, if it is cached.
    pub(crate) fn get(&self, version: Version) -> Option<Bytes> {
        self.0.get(&version.as_u64())
    }

    /// Caches the value of a version; it may be evicted at any time.
    pub(crate) fn insert(&self, version: Version, value: Bytes) {
        self.0.insert(version.as_u64(), value);
    }
}

impl fmt::Debug for ValueCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValueCache").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use kv_core::limits::MAX_VALUE_BYTES;

    use super::*;

    #[test]
    fn it_caches_values_within_its_capacity() {
        let values = ValueCache::new(8 * 1024 * 1024);
        for version in 0..500 {
            values.insert(Version::new(version), vec![u8::try_from(version % 251).unwrap(); 100_000].into());
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
    fn the_largest_value_fits_into_the_default_and_none_into_no_capacity() {
        for (capacity, fits) in [(64 * 1024 * 1024, true), (0, false)] {
            let values = ValueCache::new(capacity);
            values.insert(Version::new(1), vec![0; MAX_VALUE_BYTES].into());
            assert_eq!(values.get(Version::new(1)).is_some(), fits);
        }
    }
}
