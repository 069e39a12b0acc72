//! Report of a vectors test.

use std::fmt;

use crate::vectors::{outcome::Outcome, skipped::KNOWN_DIFFERENCE};

/// Report of a vectors test, line by line. Its `Display` is a table whose last line has the counts.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The lines, in their order.
    pub rows: Vec<Row>,
}

/// One line of the vectors, and its verdict.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// Number of the line, from 1.
    pub line: usize,
    /// The operation and its arguments.
    pub operation: String,
    /// Result of the comparison.
    pub verdict: Verdict,
}

/// Result of a line.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// The line was played, and the answers were compared.
    Compared {
        /// Outcome of the reference.
        expected: Outcome,
        /// Outcome of the subject.
        found: Outcome,
    },
    /// The line moved the clock.
    Clock,
    /// The line was not played, for this reason.
    Skipped(&'static str),
}

impl Report {
    /// Number of lines that were compared.
    #[must_use]
    pub fn compared(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Compared { .. }))
    }

    /// Number of compared lines that agree.
    #[must_use]
    pub fn agreeing(&self) -> usize {
        self.compared() - self.differing().len()
    }

    /// Numbers of the lines that differ. For a backend that keeps the contract it is the one of
    /// [`KNOWN_DIFFERENCE`].
    #[must_use]
    pub fn differing(&self) -> Vec<usize> {
        self.rows.iter().filter(|row| row.verdict.differs()).map(|row| row.line).collect()
    }

    /// Number of lines that moved the clock.
    #[must_use]
    pub fn clock(&self) -> usize {
        self.count(|verdict| *verdict == Verdict::Clock)
    }

    /// Numbers of the lines that were skipped, with the reasons.
    #[must_use]
    pub fn skipped(&self) -> Vec<(usize, &'static str)> {
        let reason = |row: &Row| match row.verdict {
            Verdict::Skipped(reason) => Some((row.line, reason)),
            _ => None,
        };
        self.rows.iter().filter_map(reason).collect()
    }

    fn count(&self, counts: impl Fn(&Verdict) -> bool) -> usize {
        self.rows.iter().filter(|row| counts(&row.verdict)).count()
    }
}

impl Verdict {
    /// `true` if the outcomes of subject and reference differ.
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
        let differing = self.differing();
        let differ = if differing.len() == 1 { "differs" } else { "differ" };
        write!(f, "{} compared: {} agree, {} {differ}", self.compared(), self.agreeing(), differing.len())?;
        for line in differing {
            let why = if line == KNOWN_DIFFERENCE.line { KNOWN_DIFFERENCE.reason } else { "not expected" };
            write!(f, " ({line}: {why})")?;
        }
        write!(f, "; {} move the clock; {} skipped", self.clock(), self.skipped().len())
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>4}  {:<52}  ", self.line, truncated(&self.operation, 52))?;
        match &self.verdict {
            Verdict::Compared { expected, found } => {
                let verdict = if expected == found { "agrees" } else { "DIFFERS" };
                let expected = truncated(&expected.to_string(), 40);
                let found = truncated(&found.to_string(), 40);
                write!(f, "{expected:<40}  {found:<40}  {verdict}")
            }
            Verdict::Clock => f.write_str("moves the clock"),
            Verdict::Skipped(reason) => write!(f, "skipped: {reason}"),
        }
    }
}

/// Returns at most `width` characters of `text`.
fn truncated(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width - 1).chain(['…']).collect()
}
