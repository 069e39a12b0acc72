//! Report of a run, as JSON.

use std::{fs, path::Path, thread};

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::{
    summary::Summary,
    workloads::group::{Comparison, Target, Unit},
};

/// Result of a comparison.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) workload: String,
    pub(crate) subject: String,
    pub(crate) peer: String,
    #[serde(flatten)]
    pub(crate) unit: Unit,
    #[serde(flatten)]
    pub(crate) figure: Summary,
    pub(crate) peer_figure: Summary,
    /// The subject's median divided by the peer's.
    pub(crate) ratio: f64,
    pub(crate) targets: Vec<TargetOutcome>,
}

/// A target of a row, held against its figures.
#[derive(Debug, Serialize)]
pub(crate) struct TargetOutcome {
    pub(crate) target: String,
    pub(crate) met: bool,
    /// Smallest [`Row::advantage`] that meets the target; `None` if the target is about our figure alone.
    #[serde(skip)]
    pub(crate) advantage: Option<f64>,
}

impl Row {
    pub(crate) fn new(comparison: Comparison, figure: Summary, peer_figure: Summary) -> Self {
        let ratio = figure.median / peer_figure.median;
        let unit = comparison.unit;
        let outcome = |target: &Target| {
            let (target, met, ratio) = match *target {
                Target::RatioAtLeast(least) => (format!("≥ {least}×"), ratio >= least, Some(least)),
                Target::RatioAtMost(most) => (format!("≤ {most}×"), ratio <= most, Some(most)),
                Target::AtMost(most) => (format!("≤ {most} {}", unit.name), figure.median <= most, None),
            };
            TargetOutcome { target, met, advantage: ratio.map(|ratio| unit.advantage(ratio)) }
        };
        Self {
            targets: comparison.targets.iter().map(outcome).collect(),
            workload: comparison.workload,
            subject: comparison.subject,
            peer: comparison.peer,
            unit,
            figure,
            peer_figure,
            ratio,
        }
    }

    /// Returns `true` if every target is met, and `None` if there are none.
    pub(crate) fn met(&self) -> Option<bool> {
        (!self.targets.is_empty()).then(|| self.targets.iter().all(|target| target.met))
    }

    /// Returns how many times better our figure is than the peer's; above 1 is better for rates and costs
    /// alike.
    pub(crate) fn advantage(&self) -> f64 {
        self.unit.advantage(self.ratio)
    }
}

/// A whole run.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'r> {
    pub(crate) rounds: usize,
    pub(crate) quick: bool,
    pub(crate) processors: usize,
    pub(crate) rows: &'r [Row],
}

impl<'r> Report<'r> {
    pub(crate) fn new(rows: &'r [Row], rounds: usize, quick: bool) -> Self {
        let processors = thread::available_parallelism().map_or(0, usize::from);
        Self { rounds, quick, processors, rows }
    }

    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        fs::write(path, text).with_context(|| format!("cannot write the report {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(unit: Unit, [ours, peer]: [f64; 2], target: Target) -> Row {
        let of = |figure| Summary { median: figure, min: figure, max: figure };
        Row::new(Comparison::new("get", unit, "ours", "peer").targets([target]), of(ours), of(peer))
    }

    #[test]
    fn a_ratio_is_our_figure_divided_by_the_peers() {
        let rate = row(Unit::rate("gets/s"), [30.0, 20.0], Target::RatioAtLeast(1.5));
        assert_eq!((rate.ratio, rate.advantage(), rate.met()), (1.5, 1.5, Some(true)));
        let cost = row(Unit::cost("ms"), [30.0, 20.0], Target::RatioAtMost(1.25));
        assert_eq!((cost.ratio, cost.advantage(), cost.met()), (1.5, 1.0 / 1.5, Some(false)));
        assert_eq!(cost.targets.first().and_then(|target| target.advantage), Some(0.8));
    }

    #[test]
    fn a_target_for_the_figure_itself_ignores_the_peer() {
        let slow = row(Unit::cost("ms"), [30.0, 2000.0], Target::AtMost(10.0));
        assert_eq!(slow.met(), Some(false));
        let fast = row(Unit::cost("ms"), [10.0, 1.0], Target::AtMost(10.0));
        assert_eq!(fast.met(), Some(true));
    }
}
