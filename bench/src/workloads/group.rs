//! Groups of subjects, and their comparisons: the rows of the report.

use std::sync::Arc;

use anyhow::Result;
use serde::Serialize;

use crate::harness::context::Context;

/// Figures of one measurement; most have one.
pub(crate) type Figures = Vec<f64>;
/// Function that takes one measurement.
pub(crate) type Measure = Box<dyn FnMut() -> Result<Figures>>;

/// Function that prepares a subject for any number of measurements.
pub(crate) type SetUp = Box<dyn FnOnce(&Arc<Context>) -> Result<Measure>>;

/// Subjects that are measured in turn, round after round, and the comparisons between them.
pub(crate) struct Group {
    pub(crate) subjects: Vec<Subject>,
    pub(crate) comparisons: Vec<Comparison>,
    /// `true` if rounds hardly differ, so that `--quick` takes one.
    pub(crate) steady: bool,
}

impl Group {
    pub(crate) fn new(
        subjects: impl IntoIterator<Item = Subject>,
        comparisons: impl IntoIterator<Item = Comparison>,
    ) -> Self {
        Self {
            subjects: subjects.into_iter().collect(),
            comparisons: comparisons.into_iter().collect(),
            steady: false,
        }
    }

    /// Marks the group as one whose rounds hardly differ.
    pub(crate) fn steady(mut self) -> Self {
        self.steady = true;
        self
    }
}

/// A store and the work that is measured on it.
pub(crate) struct Subject {
    /// Name, unique in its group.
    pub(crate) name: String,
    pub(crate) set_up: SetUp,
}

impl Subject {
    pub(crate) fn new(
        name: impl Into<String>,
        set_up: impl FnOnce(&Arc<Context>) -> Result<Measure> + 'static,
    ) -> Self {
        Self { name: name.into(), set_up: Box::new(set_up) }
    }
}

/// A row of the report: one of our subjects against a peer.
#[derive(Debug, Clone)]
pub(crate) struct Comparison {
    pub(crate) workload: String,
    pub(crate) unit: Unit,
    pub(crate) subject: String,
    pub(crate) peer: String,
    /// Index of the figure that is compared.
    pub(crate) figure: usize,
    pub(crate) targets: Vec<Target>,
    /// `true` if `--quick` skips it.
    pub(crate) long: bool,
}

impl Comparison {
    pub(crate) fn new(workload: impl Into<String>, unit: Unit, subject: &str, peer: &str) -> Self {
        Self {
            workload: workload.into(),
            unit,
            subject: subject.to_owned(),
            peer: peer.to_owned(),
            figure: 0,
            targets: Vec::new(),
            long: false,
        }
    }

    pub(crate) fn targets(mut self, targets: impl IntoIterator<Item = Target>) -> Self {
        self.targets.extend(targets);
        self
    }

    pub(crate) fn long(mut self) -> Self {
        self.long = true;
        self
    }

    pub(crate) fn figure(mut self, figure: usize) -> Self {
        self.figure = figure;
        self
    }
}

/// Unit of a figure, and the direction that is better.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Unit {
    #[serde(rename = "unit")]
    pub(crate) name: &'static str,
    pub(crate) more_is_better: bool,
}

impl Unit {
    /// Returns a unit of which more is better.
    pub(crate) const fn rate(name: &'static str) -> Self {
        Self { name, more_is_better: true }
    }

    /// Returns a unit of which less is better.
    pub(crate) const fn cost(name: &'static str) -> Self {
        Self { name, more_is_better: false }
    }

    /// Turns a ratio of figures so that above 1 is better: inverts it for costs.
    pub(crate) fn advantage(self, ratio: f64) -> f64 {
        if self.more_is_better { ratio } else { ratio.recip() }
    }
}

/// Target of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Target {
    /// Minimum of our figure divided by the peer's.
    RatioAtLeast(f64),
    /// Maximum of our figure divided by the peer's.
    RatioAtMost(f64),
    /// Maximum of our figure.
    AtMost(f64),
}
