//! Rounds of measurements.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    harness::context::Context,
    options::Options,
    report::Row,
    summary::Summary,
    workloads::group::{Comparison, Figures, Group, Measure},
};

/// Measures every group, and returns a row for each of its comparisons.
pub(crate) fn run(groups: Vec<Group>, context: &Arc<Context>, options: &Options) -> Result<Vec<Row>> {
    let rounds = |group: &Group| if group.steady && options.quick { 1 } else { options.rounds };
    let steps: usize = groups.iter().map(|group| group.subjects.len() * (rounds(group) + 1)).sum();
    let style = "{elapsed_precise} {bar:30} {pos}/{len} {msg}";
    let progress = ProgressBar::new(steps as u64).with_style(ProgressStyle::with_template(style)?);
    let mut rows = Vec::new();
    for group in groups {
        let rounds = rounds(&group);
        rows.extend(run_group(group, context, rounds, &progress)?);
    }
    progress.finish_and_clear();
    Ok(rows)
}

struct Measured {
    name: String,
    measure: Measure,
    rounds: Vec<Figures>,
}

fn run_group(
    group: Group,
    context: &Arc<Context>,
    rounds: usize,
    progress: &ProgressBar,
) -> Result<Vec<Row>> {
    let workload = group.comparisons.first().map_or("", |comparison| &comparison.workload);
    let show = |name: &str| progress.set_message(format!("{workload}: {name}"));
    let mut subjects = Vec::new();
    for subject in group.subjects {
        show(&subject.name);
        let measure = (subject.set_up)(context).with_context(|| format!("{workload}: {}", subject.name))?;
        subjects.push(Measured { name: subject.name, measure, rounds: Vec::new() });
        progress.inc(1);
    }
    for _ in 0..rounds {
        for subject in &mut subjects {
            show(&subject.name);
            let figures = (subject.measure)().with_context(|| format!("{workload}: {}", subject.name))?;
            subject.rounds.push(figures);
            progress.inc(1);
        }
        // Another subject begins the next round.
        subjects.rotate_left(1);
    }
    let figure = |name: &str, figure: usize| {
        let measured = subjects.iter().find(|subject| subject.name == name);
        let rounds = measured.with_context(|| format!("{workload} has no subject {name}"))?.rounds.iter();
        let figures = rounds.filter_map(|figures| figures.get(figure).copied());
        Summary::new(figures.collect())
            .with_context(|| format!("{name} has no figure {figure} in {workload}"))
    };
    let row = |comparison: Comparison| {
        let subject = figure(&comparison.subject, comparison.figure)?;
        let peer = figure(&comparison.peer, comparison.figure)?;
        Ok(Row::new(comparison, subject, peer))
    };
    group.comparisons.iter().cloned().map(row).collect()
}
