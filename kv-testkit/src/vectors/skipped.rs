//! Skipped lines with their reasons, and the line that has to differ.

use std::ops::RangeInclusive;

/// Line on which a backend that keeps the contract differs from the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownDifference {
    /// Number of the line, from 1.
    pub line: usize,
    /// Reason of the difference.
    pub reason: &'static str,
}

/// The only difference: the reference still lists a key in the second of its expiry, in which its own `get`
/// answers `null`.
pub const KNOWN_DIFFERENCE: KnownDifference =
    KnownDifference { line: 304, reason: "a key is gone for a list too in the second of its expiry" };

/// Reasons for which lines are skipped.
const GROUPS: [(&str, &[RangeInclusive<usize>]); 9] = [
    ("an unpaired surrogate: a Rust string cannot hold one", &[96..=100]),
    ("a type that only JavaScript can pass", &[146..=147, 150..=150, 158..=158, 160..=160]),
    (
        "a bound of JavaScript's 32-bit integers: the contract allows later expiry",
        &[250..=250, 277..=277, 280..=280],
    ),
    ("cacheTtl: not part of the contract", &[314..=316, 321..=321, 323..=325, 327..=328]),
    ("the reference's test limit of 1,024 bytes per value", &[330..=330, 332..=332, 334..=334]),
    ("a limit of 0 or less: the binding ignores it, a typed call rejects it", &[355..=356]),
    ("a cursor that no list call returned: the reference accepts any text", &[366..=367, 369..=369]),
    ("a limit or a type of the wire's bulk read", &[370..=370, 375..=377, 389..=390]),
    ("a key that the reference's bulk read loses", &[382..=382, 385..=387]),
];

/// Returns the reason for which `line` is skipped, if it is.
pub(super) fn reason(line: usize) -> Option<&'static str> {
    let group = GROUPS.iter().find(|(_, lines)| lines.iter().any(|range| range.contains(&line)));
    group.map(|(reason, _)| *reason)
}
