//! What a disk holds once its power is back.

use std::ops::Range;

use proptest::{collection::vec, prelude::*};

/// Something done to a file and not yet synced.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

impl Change {
    pub(crate) fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Length(len) => file.resize(usize::try_from(*len).unwrap(), 0),
            Self::Write(offset, bytes) => put(file, *offset, 0, bytes),
        }
    }
}

/// Writes what of `bytes`, from `start` on, still lies in the file.
fn put(file: &mut [u8], offset: u64, start: usize, bytes: &[u8]) {
    let place = usize::try_from(offset).unwrap() + start;
    let room = file.get_mut(place..).unwrap_or_default();
    let len = bytes.len().min(room.len());
    room[..len].copy_from_slice(&bytes[..len]);
}

/// A place among any number of them.
#[derive(Debug, Clone, Copy)]
struct Place(u32);

impl Place {
    const FIRST: Self = Self(0);
    const LAST: Self = Self(u32::MAX);

    fn strategy() -> impl Strategy<Value = Self> {
        any::<u32>().prop_map(Self)
    }

    fn among(self, count: usize) -> usize {
        usize::try_from((u64::from(self.0) * count as u64) >> 32).unwrap()
    }
}

/// Which of the changes that were not synced survive.
#[derive(Debug, Clone)]
pub(crate) struct Survivors {
    /// How many of the new lengths: a file system keeps their order.
    lengths: Place,
    writes: Writes,
    /// Writes of which a part survives.
    torn: Vec<(Place, Part)>,
}

#[derive(Debug, Clone)]
enum Writes {
    None,
    All,
    First(Place),
    /// Those whose bit is set, over and over.
    Chosen(u64),
}

/// What of a write survives.
#[derive(Debug, Clone)]
enum Part {
    Bytes(Range<usize>),
    Between(Place, Place),
    /// Those sectors whose bit is set, over and over.
    Sectors(u64),
}

const SECTOR_BYTES: usize = 512;

fn is_set(bits: u64, place: usize) -> bool {
    bits >> (place % 64) & 1 != 0
}

impl Survivors {
    pub(crate) fn strategy() -> impl Strategy<Value = Self> {
        let writes = prop_oneof![
            1 => Just(Writes::None),
            2 => Just(Writes::All),
            2 => Place::strategy().prop_map(Writes::First),
            4 => any::<u64>().prop_map(Writes::Chosen),
        ];
        let part = prop_oneof![
            Place::strategy().prop_map(|end| Part::Between(Place::FIRST, end)),
            Place::strategy().prop_map(|start| Part::Between(start, Place::LAST)),
            (Place::strategy(), Place::strategy()).prop_map(|(start, end)| Part::Between(start, end)),
            any::<u64>().prop_map(Part::Sectors),
        ];
        (Place::strategy(), writes, vec((Place::strategy(), part), 0..3))
            .prop_map(|(lengths, writes, torn)| Self { lengths, writes, torn })
    }

    /// All changes, but of the last write only these bytes.
    pub(crate) fn with_torn_end(bytes: Range<usize>) -> Self {
        Self { lengths: Place::LAST, writes: Writes::All, torn: vec![(Place::LAST, Part::Bytes(bytes))] }
    }

    /// What `durable` becomes with the survivors of `changes`.
    pub(crate) fn image(&self, mut durable: Vec<u8>, changes: &[Change]) -> Vec<u8> {
        let is_write = |change: &&Change| matches!(change, Change::Write(..));
        let writes = changes.iter().filter(is_write).count();
        let lengths = self.lengths.among(changes.len() - writes + 1);
        let torn = |number| {
            let torn = self.torn.iter().find(|(write, _)| write.among(writes.max(1)) == number);
            torn.map(|(_, part)| part)
        };
        let (mut length, mut write) = (0, 0);
        for change in changes {
            match change {
                Change::Length(_) => {
                    if length < lengths {
                        change.apply(&mut durable);
                    }
                    length += 1;
                }
                Change::Write(offset, bytes) => {
                    match torn(write) {
                        Some(part) => part.apply(&mut durable, *offset, bytes),
                        None if self.writes.survives(write, writes) => change.apply(&mut durable),
                        None => {}
                    }
                    write += 1;
                }
            }
        }
        durable
    }
}

impl Writes {
    fn survives(&self, number: usize, count: usize) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::First(first) => number < first.among(count + 1),
            Self::Chosen(bits) => is_set(*bits, number),
        }
    }
}

impl Part {
    fn apply(&self, file: &mut [u8], offset: u64, bytes: &[u8]) {
        let mut keep = |part: Range<usize>| {
            let end = part.end.min(bytes.len());
            put(file, offset, part.start, bytes.get(part.start..end).unwrap_or_default());
        };
        match self {
            Self::Bytes(part) => keep(part.clone()),
            Self::Between(start, end) => keep(start.among(bytes.len() + 1)..end.among(bytes.len() + 1)),
            Self::Sectors(bits) => {
                for number in (0..bytes.len().div_ceil(SECTOR_BYTES)).filter(|number| is_set(*bits, *number))
                {
                    keep(number * SECTOR_BYTES..(number + 1) * SECTOR_BYTES);
                }
            }
        }
    }
}
