//! Parser of the pages of redb's trees. Every offset is checked, since a damaged page may hold any.

use std::ops::Range;

/// Root of a tree: the number of its page, and the checksum that the page has to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Root {
    pub(crate) page: u64,
    pub(crate) checksum: u128,
}

/// Lengths of the keys and of the values of a tree in bytes; `None` where they vary.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) key: Option<usize>,
    pub(crate) value: Option<usize>,
}

/// Page of a tree.
pub(crate) enum Node<'p> {
    Leaf(Leaf<'p>),
    Branch(Branch<'p>),
}

/// Page of pairs. Layout: the page's kind and the number of pairs (4 bytes), the end of each key, the end of
/// each value (4 bytes each, left out where all have one length), the keys, the values.
pub(crate) struct Leaf<'p> {
    bytes: &'p [u8],
    shape: Shape,
    pub(crate) pairs: usize,
}

/// Page of children. Layout: the page's kind and the number of keys (8 bytes), the children's checksums (16
/// bytes each), their pages (8 bytes each), the end of each key (4 bytes each, left out where all have one
/// length), the keys.
pub(crate) struct Branch<'p> {
    bytes: &'p [u8],
    key: Option<usize>,
    pub(crate) keys: usize,
}

impl<'p> Node<'p> {
    pub(crate) fn parse(bytes: &'p [u8], shape: Shape) -> Option<Self> {
        let [kind, _, low, high] = bytes_at(bytes, 0)?;
        let count = usize::from(u16::from_le_bytes([low, high]));
        match kind {
            1 if count > 0 => Some(Self::Leaf(Leaf { bytes, shape, pairs: count })),
            2 if count > 0 => Some(Self::Branch(Branch { bytes, key: shape.key, keys: count })),
            _ => None,
        }
    }

    /// Returns the end of the bytes that the checksum covers.
    pub(crate) fn end(&self) -> Option<usize> {
        match self {
            Self::Leaf(leaf) => leaf.value_end(leaf.pairs - 1),
            Self::Branch(branch) => branch.end(),
        }
    }
}

impl Leaf<'_> {
    fn keys_start(&self) -> usize {
        let lists = usize::from(self.shape.key.is_none()) + usize::from(self.shape.value.is_none());
        4 + 4 * self.pairs * lists
    }

    fn key_end(&self, number: usize) -> Option<usize> {
        match self.shape.key {
            Some(len) => Some(self.keys_start() + len * (number + 1)),
            None => end_at(self.bytes, 4 + 4 * number),
        }
    }

    fn value_end(&self, number: usize) -> Option<usize> {
        match (self.shape.value, self.shape.key) {
            (Some(len), _) => Some(self.key_end(self.pairs - 1)? + len * (number + 1)),
            (None, Some(_)) => end_at(self.bytes, 4 + 4 * number),
            (None, None) => end_at(self.bytes, 4 + 4 * self.pairs + 4 * number),
        }
    }

    /// Returns the ranges of a pair's key and value in the page.
    pub(crate) fn pair(&self, number: usize) -> Option<(Range<usize>, Range<usize>)> {
        let (key_start, value_start) = match number.checked_sub(1) {
            Some(before) => (self.key_end(before)?, self.value_end(before)?),
            None => (self.keys_start(), self.key_end(self.pairs - 1)?),
        };
        Some((key_start..self.key_end(number)?, value_start..self.value_end(number)?))
    }
}

impl Branch<'_> {
    pub(crate) fn child(&self, number: usize) -> Option<Root> {
        let checksums = 8;
        let pages = 8 + 16 * (self.keys + 1);
        Some(Root {
            page: u64::from_le_bytes(bytes_at(self.bytes, pages + 8 * number)?),
            checksum: u128::from_le_bytes(bytes_at(self.bytes, checksums + 16 * number)?),
        })
    }

    fn end(&self) -> Option<usize> {
        let children_end = 8 + (16 + 8) * (self.keys + 1);
        match self.key {
            Some(len) => Some(children_end + len * self.keys),
            None => end_at(self.bytes, children_end + 4 * (self.keys - 1)),
        }
    }
}

fn end_at(bytes: &[u8], offset: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(bytes_at(bytes, offset)?)).ok()
}

/// Returns the `N` bytes from `offset` on.
pub(crate) fn bytes_at<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..)?.first_chunk().copied()
}
