//! Split of a large value into chunks.
//!
//! redb stores a pair that is longer than a page in a run of pages whose number is a power of two, so a value
//! in one pair may take up twice its length. A large value is therefore split into chunks that fill such runs
//! exactly. A short rest stays in the value's stored entry; a longer one is the last chunk.

use std::ops::Range;

/// Longest value that is stored inline, in its entry. Listings read past it there; a longer one costs every
/// read and write a second tree.
pub(crate) const MAX_INLINE_BYTES: usize = 1024;

const PAGE_BYTES: usize = 4096;
/// Bytes of a leaf page beside its single value: a header of 4 bytes, the value's end, and the 12-byte key.
const LEAF_OVERHEAD_BYTES: usize = 4 + 4 + 12;
/// Longest run, 64 pages: longer ones save nothing and leave holes that are hard to fill.
const MAX_RUN_BYTES: usize = 64 * PAGE_BYTES;

/// Yields the chunks of a value of `len` bytes, first to last, as ranges of its bytes. The bytes behind the
/// last one belong in the entry.
pub(crate) fn chunk_ranges(len: usize) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    let mut run = MAX_RUN_BYTES;
    std::iter::from_fn(move || {
        let rest = len - start;
        while run > PAGE_BYTES && rest < run - LEAF_OVERHEAD_BYTES {
            run /= 2;
        }
        if rest <= MAX_INLINE_BYTES {
            return None;
        }
        let chunk = start..start + rest.min(run - LEAF_OVERHEAD_BYTES);
        start = chunk.end;
        Some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn chunks_are_contiguous_and_fill_their_pages(len in 0..=kv_core::limits::MAX_VALUE_BYTES) {
            let chunks: Vec<_> = chunk_ranges(len).collect();
            let mut end = 0;
            for (index, chunk) in chunks.iter().enumerate() {
                prop_assert_eq!(chunk.start, end);
                let fills = (chunk.len() + LEAF_OVERHEAD_BYTES).is_power_of_two();
                prop_assert!(fills || (index + 1 == chunks.len() && chunk.len() < PAGE_BYTES));
                end = chunk.end;
            }
            prop_assert!(end <= len && len - end <= MAX_INLINE_BYTES);
        }
    }
}
