//! Peak memory of a process that fills and reads a store.

use std::{fs, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};

use crate::{
    harness::{
        context::Context,
        data::{Entries, Noise, check},
        store::Store,
    },
    stores::{
        by_name::{self, Visit},
        fjall, kv_memory, kv_redb, opendal, raw_moka, raw_redb, sqlite,
    },
    workloads::{
        child::Child,
        group::{Comparison, Group, Subject, Unit},
        subject::fill,
    },
};

const ENTRIES: usize = 100_000;
const VALUE_BYTES: usize = 1024;

pub(crate) fn groups() -> Vec<Group> {
    if !cfg!(target_os = "linux") {
        // Only Linux shows a process's peak memory in a file.
        return Vec::new();
    }
    let workload = "peak memory with 100,000 of 1 KiB";
    let row = |subject, peer| Comparison::new(workload, Unit::cost("MiB"), subject, peer);
    let group = |ours: &'static str, peers: &[&'static str]| {
        Group::new(
            [&[ours], peers].concat().into_iter().map(subject),
            peers.iter().map(|peer| row(ours, peer)),
        )
        .steady()
    };
    vec![
        group(kv_redb::NAME, &[raw_redb::NAME, opendal::REDB, fjall::NAME, sqlite::NAME]),
        group(kv_memory::NAME, &[raw_moka::NAME, opendal::MOKA]),
    ]
}

/// Returns a subject that measures in a child process, so that the memory of other stores does not count.
fn subject(name: &'static str) -> Subject {
    Subject::new(name, move |context| {
        let context = Arc::clone(context);
        Ok(Box::new(move || {
            let child = Child::Peak { store: name.to_owned(), path: context.new_path("peak") };
            let output = child.command()?.output()?;
            ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let kib: u32 = String::from_utf8(output.stdout)?.trim().parse()?;
            Ok(vec![f64::from(kib) / 1024.0])
        }))
    })
}

/// Fills and reads a store in the child process, and returns its peak memory in KiB.
pub(crate) fn peak(store: &str, folder: &Path) -> Result<u32> {
    let context = Arc::new(Context::new(folder, Noise::new(64 * 1024), Duration::ZERO)?);
    by_name::open(store, &context, VALUE_BYTES, UseAll)
}

/// Fills a store, gets all entries, and returns the process's peak memory in KiB.
struct UseAll;

impl Visit for UseAll {
    type Output = u32;

    fn visit<S: Store>(self, context: &Arc<Context>, store: S) -> Result<u32> {
        let entries = Entries::new(&context.noise, ENTRIES, VALUE_BYTES);
        fill(context, &store, &entries)?;
        context.runtime.block_on(async {
            for number in 0..ENTRIES {
                check(store.get(entries.key(number)).await?, number, VALUE_BYTES)?;
            }
            anyhow::Ok(())
        })?;
        let status = fs::read_to_string("/proc/self/status")?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.context("/proc/self/status has no VmHWM")?.trim().trim_end_matches("kB");
        Ok(peak.trim().parse()?)
    }
}
