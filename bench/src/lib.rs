//! Benchmarks of this workspace's crates against their peers. `README.md` describes the workloads, the method
//! and the report.

mod chart;
mod harness;
mod options;
mod report;
mod run;
mod stores;
mod summary;
mod table;
mod workloads;

use std::{env, fs, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use clap::Parser as _;
use kv_core::limits::MAX_VALUE_BYTES;

use crate::{
    harness::{context::Context, data::Noise},
    options::Options,
    report::Report,
    workloads::group::Group,
};

pub use crate::workloads::value_peak::print_peak as print_value_peak;

/// Runs the benchmarks that the command line asks for, and writes the report.
///
/// # Errors
///
/// If a filter matches no row, or if a store cannot be opened, measured, or gives a wrong answer.
pub fn run() -> Result<()> {
    let options = Options::parse();
    if let Some(child) = &options.child {
        return child.run();
    }
    ensure!(options.rounds > 0, "--rounds is 0 (min 1)");
    let groups = selected_groups(&options);
    if options.list {
        for comparison in groups.iter().flat_map(|group| &group.comparisons) {
            println!("{}: {} against {}", comparison.workload, comparison.subject, comparison.peer);
        }
        return Ok(());
    }
    ensure!(!groups.is_empty(), "no row matches {:?}: see --list for the names", options.filters);
    let report = report_folder();
    let folder = options.folder.as_ref().unwrap_or(&report);
    let window = Duration::from_millis(if options.quick { 100 } else { 500 });
    let context = Arc::new(Context::new(folder, Noise::new(MAX_VALUE_BYTES), window)?);
    let rows = run::run(groups, &context, &options)?;
    println!("{}", table::table(&rows));
    fs::create_dir_all(&report).with_context(|| format!("cannot create the folder {}", report.display()))?;
    let report = report.canonicalize()?;
    let json = report.join("report.json");
    Report::new(&rows, options.rounds, options.quick).write(&json)?;
    let svg = report.join("chart.svg");
    chart::draw(&rows, &svg)?;
    println!("written: {} and {}", json.display(), svg.display());
    Ok(())
}

/// Returns the groups with the rows that were asked for, and only the subjects that these rows need.
fn selected_groups(options: &Options) -> Vec<Group> {
    let mut groups = workloads::all::all(options.quick);
    for group in &mut groups {
        group.comparisons.retain(|row| options.selects(row));
        let compared = &group.comparisons;
        group.subjects.retain(|subject| {
            compared.iter().any(|row| row.subject == subject.name || row.peer == subject.name)
        });
    }
    groups.retain(|group| !group.comparisons.is_empty());
    groups
}

/// Returns `target/bench`, also where `CARGO_TARGET_DIR` moves `target`.
fn report_folder() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target"))).join("bench")
}
