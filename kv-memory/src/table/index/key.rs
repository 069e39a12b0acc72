//! A key, as the index orders it.

use std::sync::Arc;

/// A key, as the index orders it: by its bytes.
///
/// Its first bytes lie in the index itself. Most comparisons end with them, and following the pointer to the text is
/// what a look-up in a large index spends its time on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    /// The first 16 bytes, filled up with zeros: where two of them differ, the texts differ the same way.
    start: [u64; 2],
    text: Arc<str>,
}

impl Name {
    /// The text, to share.
    pub(crate) fn text(&self) -> &Arc<str> {
        &self.text
    }
}

impl From<Arc<str>> for Name {
    fn from(text: Arc<str>) -> Self {
        let mut bytes = text.bytes();
        let mut word = || {
            let eight = std::array::from_fn(|_| bytes.next().unwrap_or(0));
            u64::from_be_bytes(eight)
        };
        Self { start: [word(), word()], text }
    }
}

impl From<&str> for Name {
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
        fn names_order_as_their_bytes_do(
            shared in "[a\0é]{0,18}",
            one in "[ab\0\u{1}é\u{10ffff}]{0,4}",
            other in "[ab\0\u{1}é\u{10ffff}]{0,4}",
        ) {
            let (one, other) = (shared.clone() + &one, shared + &other);
            let names = Name::from(one.as_str()).cmp(&Name::from(other.as_str()));
            prop_assert_eq!(names, one.as_bytes().cmp(other.as_bytes()));
        }
    }
}
