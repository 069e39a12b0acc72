//! What is measured, and what it is held against.

use std::sync::Arc;

use anyhow::Result;
use serde::Serialize;

use crate::harness::context::Context;

/// One measurement's figures: most have one.
pub(crate) type Figures = Vec<f64>;
/// Takes one measurement.
pub(crate) type Measure = Box<dyn FnMut() -> Result<Figures>>;

/// Makes something ready to be measured any number of times.
pub(crate) type SetUp = Box<dyn FnOnce(&Arc<Context>) -> Result<Measure>>;

/// Subjects that are measured in turn, round by round.
pub(crate) struct Group {
    pub(crate) subjects: Vec<Subject>,
    pub(crate) comparisons: Vec<Comparison>,
    /// Whether its rounds hardly differ, so that `--quick` takes one.
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

    /// One whose rounds hardly differ.
    pub(crate) fn steady(mut self) -> Self {
        self.steady = true;
        self
    }
}

/// A store with what is done to it.
pub(crate) struct Subject {
    /// Unique in its group.
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

/// A row of the report: a subject of ours against a peer.
#[derive(Debug, Clone)]
pub(crate) struct Comparison {
    pub(crate) workload: String,
    pub(crate) unit: Unit,
    pub(crate) subject: String,
    pub(crate) peer: String,
    /// Which of the measurements' figures.
    pub(crate) figure: usize,
    pub(crate) targets: Vec<Target>,
    /// Whether it takes too long for `--quick`.
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

/// What a figure counts.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Unit {
    #[serde(rename = "unit")]
    pub(crate) name: &'static str,
    pub(crate) more_is_better: bool,
}

impl Unit {
    /// A unit of which more is better.
    pub(crate) const fn rate(name: &'static str) -> Self {
        Self { name, more_is_better: true }
    }

    /// A unit of which less is better.
    pub(crate) const fn cost(name: &'static str) -> Self {
        Self { name, more_is_better: false }
    }

    /// How many times as good a figure is, of which `ratio` says how many times as much it is.
    pub(crate) fn advantage(self, ratio: f64) -> f64 {
        if self.more_is_better { ratio } else { ratio.recip() }
    }
}

/// What a row has to reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Target {
    /// Ours divided by the peer's, at least.
    RatioAtLeast(f64),
    /// Ours divided by the peer's, at most.
    RatioAtMost(f64),
    /// Our figure itself, at most.
    AtMost(f64),
}
