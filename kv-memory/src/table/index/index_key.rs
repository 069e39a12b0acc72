//! Key of the index, with its first bytes inline.

use std::sync::Arc;

/// Key of the index, ordered by its bytes.
///
/// The first bytes lie in the index itself. They decide most comparisons, and following the pointer to the
/// text is most of the time of a look-up in a large index.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct IndexKey {
    /// First 16 bytes, padded with zeros: where two of them differ, the texts differ the same way.
    start: [u64; 2],
    text: Arc<str>,
}

impl IndexKey {
    /// Returns the text, to share.
    pub(crate) fn text(&self) -> &Arc<str> {
        &self.text
    }
}

impl From<Arc<str>> for IndexKey {
    fn from(text: Arc<str>) -> Self {
        let mut bytes = text.bytes();
        let mut word = || {
            let eight = std::array::from_fn(|_| bytes.next().unwrap_or(0));
            u64::from_be_bytes(eight)
        };
        Self { start: [word(), word()], text }
    }
}

impl From<&str> for IndexKey {
    fn from(text: &str) -> Self {
        Arc::<str>::from(text).into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_are_ordered_by_their_bytes(
            shared in "[a\0é]{0,18}",
            one in "[ab\0\u{1}é\u{10ffff}]{0,4}",
            other in "[ab\0\u{1}é\u{10ffff}]{0,4}",
        ) {
            let one = shared.clone() + &one;
            let other = shared + &other;
            let order = IndexKey::from(one.as_str()).cmp(&IndexKey::from(other.as_str()));
            prop_assert_eq!(order, one.as_bytes().cmp(other.as_bytes()));
        }
    }
}
