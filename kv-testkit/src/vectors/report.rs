//! What came of the vectors.

use std::fmt;

use crate::vectors::{outcome::Outcome, skipped::KNOWN_DIFFERENCE};

/// What came of the vectors, line by line. Its `Display` is a table, and a last line with the counts.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The lines, in their order.
    pub rows: Vec<Row>,
}

/// What came of a line.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// Its number, from 1.
    pub line: usize,
    /// What it asks for.
    pub operation: String,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of a line.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// It was played.
    Compared {
        /// What the reference answered.
        expected: Outcome,
        /// What the subject answered.
        found: Outcome,
    },
    /// It moved the clock.
    Clock,
    /// It was not played, for this reason.
    SetAside(&'static str),
}

impl Report {
    /// How many lines were compared.
    #[must_use]
    pub fn compared(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Compared { .. }))
    }

    /// How many of them agree.
    #[must_use]
    pub fn agreeing(&self) -> usize {
        self.compared() - self.differing().len()
    }

    /// The lines that differ; of a backend that keeps the contract, that of
    /// [`KNOWN_DIFFERENCE`](KNOWN_DIFFERENCE) alone.
    #[must_use]
    pub fn differing(&self) -> Vec<usize> {
        self.rows.iter().filter(|row| row.verdict.differs()).map(|row| row.line).collect()
    }

    /// How many lines moved the clock.
    #[must_use]
    pub fn clock(&self) -> usize {
        self.count(|verdict| *verdict == Verdict::Clock)
    }

    /// The lines that were not played, with the reasons.
    #[must_use]
    pub fn set_aside(&self) -> Vec<(usize, &'static str)> {
        let reason = |row: &Row| match row.verdict {
            Verdict::SetAside(reason) => Some((row.line, reason)),
            _ => None,
        };
        self.rows.iter().filter_map(reason).collect()
    }

    fn count(&self, counts: impl Fn(&Verdict) -> bool) -> usize {
        self.rows.iter().filter(|row| counts(&row.verdict)).count()
    }
}

impl Verdict {
    /// Whether the subject answered something else than the reference.
    #[must_use]
    pub fn differs(&self) -> bool {
        matches!(self, Self::Compared { expected, found } if expected != found)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "line  {:<52}  {:<40}  {:<40}  verdict", "operation", "the reference", "the subject")?;
        for row in &self.rows {
            writeln!(f, "{row}")?;
        }
        let (agreeing, differing) = (self.agreeing(), self.differing());
        let differ = if differing.len() == 1 { "differs" } else { "differ" };
        let counts = (self.compared(), differing.len());
        write!(f, "{} compared: {agreeing} agree, {} {differ}", counts.0, counts.1)?;
        for line in differing {
            let why = if line == KNOWN_DIFFERENCE.line { KNOWN_DIFFERENCE.reason } else { "not expected" };
            write!(f, " ({line}: {why})")?;
        }
        write!(f, "; {} drive the clock; {} set aside", self.clock(), self.set_aside().len())
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>4}  {:<52}  ", self.line, cut(&self.operation, 52))?;
        match &self.verdict {
            Verdict::Compared { expected, found } => {
                let verdict = if expected == found { "agrees" } else { "DIFFERS" };
                let (expected, found) = (cut(&expected.to_string(), 40), cut(&found.to_string(), 40));
                write!(f, "{expected:<40}  {found:<40}  {verdict}")
            }
            Verdict::Clock => f.write_str("drives the clock"),
            Verdict::SetAside(reason) => write!(f, "set aside: {reason}"),
        }
    }
}

/// At most `width` characters of `text`.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width - 1).chain(['…']).collect()
}
