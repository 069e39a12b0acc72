//! The crates of this workspace beside their peers. `README.md` says what is measured, how, and how to read it.

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

pub use crate::workloads::value_peak::tell as tell_value_peak;

/// Measures what the command line asks for.
///
/// # Errors
///
/// Whatever keeps a store from being measured.
pub fn run() -> Result<()> {
    let options = Options::parse();
    if let Some(child) = &options.child {
        return child.run();
    }
    ensure!(options.rounds > 0, "no rounds, no figures");
    let groups = wanted(&options);
    if options.list {
        for comparison in groups.iter().flat_map(|group| &group.comparisons) {
            println!("{}: {} against {}", comparison.workload, comparison.subject, comparison.peer);
        }
        return Ok(());
    }
    ensure!(!groups.is_empty(), "nothing here has a name that holds any of {:?}", options.filters);
    let report = report_folder();
    let folder = options.folder.as_ref().unwrap_or(&report);
    let window = Duration::from_millis(if options.quick { 100 } else { 500 });
    let context = Arc::new(Context::new(folder, Noise::new(MAX_VALUE_BYTES), window)?);
    let rows = run::run(groups, &context, &options)?;
    println!("{}", table::table(&rows));
    fs::create_dir_all(&report).with_context(|| format!("there is no folder {}", report.display()))?;
    let report = report.canonicalize()?;
    let json = report.join("report.json");
    Report::new(&rows, options.rounds, options.quick).write(&json)?;
    let svg = report.join("chart.svg");
    chart::draw(&rows, &svg)?;
    println!("written: {} and {}", json.display(), svg.display());
    Ok(())
}

/// The groups with something that is asked for, without the rest.
fn wanted(options: &Options) -> Vec<Group> {
    let mut groups = workloads::all::all(options.quick);
    for group in &mut groups {
        group.comparisons.retain(|row| options.wants(row));
        let compared = &group.comparisons;
        group.subjects.retain(|subject| {
            compared.iter().any(|row| row.subject == subject.name || row.peer == subject.name)
        });
    }
    groups.retain(|group| !group.comparisons.is_empty());
    groups
}

/// `bench` in the folder that cargo builds into.
fn report_folder() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target"))).join("bench")
}
