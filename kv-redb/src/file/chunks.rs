//! How a large value is cut.
//!
//! redb gives a pair that is longer than a page a run of pages whose number is a power of two, so a value kept whole
//! may take up twice its size. A large value is therefore cut into pieces that fill such runs exactly; what remains
//! stays in the value's record if it is short, and is the last piece otherwise.

use std::ops::Range;

/// A value up to this length stays whole in its record. Every listing passes over it there, and every read and write has
/// one tree to go through instead of two.
pub(crate) const MAX_WHOLE_BYTES: usize = 1024;

const PAGE_BYTES: usize = 4096;
/// What redb keeps beside a single value in a leaf page: a header of 4 bytes, the value's end, and the 12-byte key.
const LEAF_OVERHEAD_BYTES: usize = 4 + 4 + 12;
/// The longest run, 64 pages: longer ones would save nothing and leave holes that are hard to fill.
const MAX_RUN_BYTES: usize = 64 * PAGE_BYTES;

/// The pieces of a value of `len` bytes, first to last, as ranges of its bytes. What follows the last one belongs into
/// the record.
pub(crate) fn cut(len: usize) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    let mut run = MAX_RUN_BYTES;
    std::iter::from_fn(move || {
        let rest = len - start;
        while run > PAGE_BYTES && rest < run - LEAF_OVERHEAD_BYTES {
            run /= 2;
        }
        if rest <= MAX_WHOLE_BYTES {
            return None;
        }
        let piece = start..start + rest.min(run - LEAF_OVERHEAD_BYTES);
        start = piece.end;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_follow_each_other_and_fill_their_pages(len in 0..=kv_core::limits::MAX_VALUE_BYTES) {
            let pieces: Vec<_> = cut(len).collect();
            let mut end = 0;
            for (index, piece) in pieces.iter().enumerate() {
                prop_assert_eq!(piece.start, end);
                let fills = (piece.len() + LEAF_OVERHEAD_BYTES).is_power_of_two();
                prop_assert!(fills || (index + 1 == pieces.len() && piece.len() < PAGE_BYTES));
                end = piece.end;
            }
            prop_assert!(end <= len && len - end <= MAX_WHOLE_BYTES);
        }
    }
}
