//! Survivors of a power loss: the unsynced changes, whole or torn, that the disk holds afterwards.

use std::ops::Range;

use proptest::{collection::vec, prelude::*};

/// Unsynced change of the file.
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

/// Writes `bytes` from `start` on, as far as they lie within the file.
fn put(file: &mut [u8], offset: u64, start: usize, bytes: &[u8]) {
    let place = usize::try_from(offset).unwrap() + start;
    let room = file.get_mut(place..).unwrap_or_default();
    let len = bytes.len().min(room.len());
    room[..len].copy_from_slice(&bytes[..len]);
}

/// Fraction of a count, which maps to an index.
#[derive(Debug, Clone, Copy)]
struct Fraction(u32);

impl Fraction {
    const START: Self = Self(0);
    const END: Self = Self(u32::MAX);

    fn strategy() -> impl Strategy<Value = Self> {
        any::<u32>().prop_map(Self)
    }

    fn of(self, count: usize) -> usize {
        usize::try_from((u64::from(self.0) * count as u64) >> 32).unwrap()
    }
}

/// Selection of the unsynced changes that survive.
#[derive(Debug, Clone)]
pub(crate) struct Survivors {
    /// Fraction of the new lengths: a file system keeps their order.
    lengths: Fraction,
    writes: SurvivingWrites,
    /// Torn writes, and the part of each that survives.
    torn: Vec<(Fraction, WritePart)>,
}

#[derive(Debug, Clone)]
enum SurvivingWrites {
    None,
    All,
    First(Fraction),
    /// Writes whose bit is set; the 64 bits repeat.
    Chosen(u64),
}

/// Part of a torn write that survives.
#[derive(Debug, Clone)]
enum WritePart {
    Bytes(Range<usize>),
    Between(Fraction, Fraction),
    /// Sectors whose bit is set; the 64 bits repeat.
    Sectors(u64),
}

const SECTOR_BYTES: usize = 512;

fn is_set(bits: u64, place: usize) -> bool {
    bits >> (place % 64) & 1 != 0
}

impl Survivors {
    pub(crate) fn strategy() -> impl Strategy<Value = Self> {
        let writes = prop_oneof![
            1 => Just(SurvivingWrites::None),
            2 => Just(SurvivingWrites::All),
            2 => Fraction::strategy().prop_map(SurvivingWrites::First),
            4 => any::<u64>().prop_map(SurvivingWrites::Chosen),
        ];
        let part = prop_oneof![
            Fraction::strategy().prop_map(|end| WritePart::Between(Fraction::START, end)),
            Fraction::strategy().prop_map(|start| WritePart::Between(start, Fraction::END)),
            (Fraction::strategy(), Fraction::strategy())
                .prop_map(|(start, end)| WritePart::Between(start, end)),
            any::<u64>().prop_map(WritePart::Sectors),
        ];
        (Fraction::strategy(), writes, vec((Fraction::strategy(), part), 0..3))
            .prop_map(|(lengths, writes, torn)| Self { lengths, writes, torn })
    }

    /// Keeps all changes, but only these bytes of the last write.
    pub(crate) fn with_torn_end(bytes: Range<usize>) -> Self {
        Self {
            lengths: Fraction::END,
            writes: SurvivingWrites::All,
            torn: vec![(Fraction::END, WritePart::Bytes(bytes))],
        }
    }

    /// Applies the survivors of `changes` to the `durable` bytes.
    pub(crate) fn image(&self, mut durable: Vec<u8>, changes: &[Change]) -> Vec<u8> {
        let is_write = |change: &&Change| matches!(change, Change::Write(..));
        let writes = changes.iter().filter(is_write).count();
        let lengths = self.lengths.of(changes.len() - writes + 1);
        let torn = |number| {
            let torn = self.torn.iter().find(|(write, _)| write.of(writes.max(1)) == number);
            torn.map(|(_, part)| part)
        };
        let mut length = 0;
        let mut write = 0;
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

impl SurvivingWrites {
    fn survives(&self, number: usize, count: usize) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::First(first) => number < first.of(count + 1),
            Self::Chosen(bits) => is_set(*bits, number),
        }
    }
}

impl WritePart {
    fn apply(&self, file: &mut [u8], offset: u64, bytes: &[u8]) {
        let mut keep = |part: Range<usize>| {
            let end = part.end.min(bytes.len());
            put(file, offset, part.start, bytes.get(part.start..end).unwrap_or_default());
        };
        match self {
            Self::Bytes(part) => keep(part.clone()),
            Self::Between(start, end) => keep(start.of(bytes.len() + 1)..end.of(bytes.len() + 1)),
            Self::Sectors(bits) => {
                for number in (0..bytes.len().div_ceil(SECTOR_BYTES)).filter(|number| is_set(*bits, *number))
                {
                    keep(number * SECTOR_BYTES..(number + 1) * SECTOR_BYTES);
                }
            }
        }
    }
}
