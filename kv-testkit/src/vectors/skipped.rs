//! Lines that are not compared, and the one that has to differ.

use std::ops::RangeInclusive;

/// A line on which a backend that keeps the contract differs from the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownDifference {
    /// The line, from 1.
    pub line: usize,
    /// Why.
    pub reason: &'static str,
}

/// The only one: the reference lists a key at the very second of its deadline, where its own `get` says that it is
/// gone.
pub const KNOWN_DIFFERENCE: KnownDifference =
    KnownDifference { line: 304, reason: "at the second of its deadline a key is gone for a listing too" };

/// Why lines are not played.
const GROUPS: [(&str, &[RangeInclusive<usize>]); 9] = [
    ("an unpaired surrogate: no Rust text holds one", &[96..=100]),
    ("a type that JavaScript alone can pass", &[146..=147, 150..=150, 158..=158, 160..=160]),
    ("a bound of JavaScript's 32-bit integers: later deadlines are fine", &[250..=250, 277..=277, 280..=280]),
    ("cacheTtl: no part of the contract", &[314..=316, 321..=321, 323..=325, 327..=328]),
    ("the reference's test limit of 1,024 bytes a value", &[330..=330, 332..=332, 334..=334]),
    ("a limit of 0 or less: the binding takes it as none, a typed call refuses it", &[355..=356]),
    ("a cursor that no listing gave: the reference takes any text", &[366..=367, 369..=369]),
    ("a limit or a type of one wire's bulk read", &[370..=370, 375..=377, 389..=390]),
    ("a key that the reference's bulk read loses", &[382..=382, 385..=387]),
];

/// Why `line` is not played, if it is not.
pub(super) fn reason(line: usize) -> Option<&'static str> {
    let group = GROUPS.iter().find(|(_, lines)| lines.iter().any(|range| range.contains(&line)));
    group.map(|(reason, _)| *reason)
}
