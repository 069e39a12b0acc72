//! Time to open a large file: after it was closed, and after the process that wrote to it was killed.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::Stdio,
    sync::Arc,
};

use ::kv_redb::RedbStore;
use anyhow::{Result, bail, ensure};

use crate::{
    harness::{
        context::{Context, runtime},
        data::{Entries, Noise, check},
        stopwatch::Stopwatch,
        store::Store,
    },
    stores::{
        kv_redb::{self, KvRedb},
        raw_redb::{self, RawRedb, database},
    },
    workloads::{
        child::Child,
        group::{Comparison, Group, Subject, Unit},
        subject::fill,
    },
};

const ENTRIES: usize = 1_000_000;
const VALUE_BYTES: usize = 1024;
/// Entries that the child process puts in each round.
const ROUND_ENTRIES: usize = 1_000;
/// Rounds after which the child process gives up waiting for its kill.
const MAX_ROUNDS: u64 = 60;
/// Line that the child process prints after its first round.
const READY: &str = "ready";

pub(crate) fn groups() -> Vec<Group> {
    let ends = ["closed", "killed, quick repair", "killed, no quick repair"];
    let row = |(figure, end)| {
        let workload = format!("open 1,000,000 of 1 KiB, {end}");
        Comparison::new(workload, Unit::cost("ms"), kv_redb::NAME, raw_redb::NAME).figure(figure).long()
    };
    vec![Group::new(
        vec![subject::<KvRedb>(kv_redb::NAME), subject::<RawRedb>(raw_redb::NAME)],
        ends.into_iter().enumerate().map(row),
    )]
}

/// A store whose opening is timed.
trait Openable: Store {
    /// Opens the store; returns it and the milliseconds that this took.
    fn open_timed(context: &Context, path: &Path, quick_repair: bool) -> Result<(Self, f64)>;
    fn close_blocking(self, context: &Context) -> Result<()>;
}

impl Openable for KvRedb {
    fn open_timed(context: &Context, path: &Path, quick_repair: bool) -> Result<(Self, f64)> {
        context.runtime.block_on(async {
            let stopwatch = Stopwatch::start();
            let store = RedbStore::builder().quick_repair(quick_repair).open(path).await?;
            let milliseconds = stopwatch.seconds() * 1e3;
            Ok((Self::over(store).await?, milliseconds))
        })
    }

    fn close_blocking(self, context: &Context) -> Result<()> {
        context.runtime.block_on(self.close())
    }
}

impl Openable for RawRedb {
    fn open_timed(_: &Context, path: &Path, quick_repair: bool) -> Result<(Self, f64)> {
        let stopwatch = Stopwatch::start();
        let database = database(path)?;
        let milliseconds = stopwatch.seconds() * 1e3;
        Ok((Self::over(database, quick_repair)?, milliseconds))
    }

    fn close_blocking(self, _: &Context) -> Result<()> {
        self.close()
    }
}

fn subject<S: Openable>(name: &'static str) -> Subject {
    Subject::new(name, move |context| {
        let context = Arc::clone(context);
        let path = context.new_path("many");
        let entries = Entries::new(&context.noise, ENTRIES, VALUE_BYTES);
        let (store, _) = S::open_timed(&context, &path, false)?;
        fill(&context, &store, &entries)?;
        store.close_blocking(&context)?;
        let written = path.clone();
        let open = move |quick_repair| -> Result<f64> {
            let (store, milliseconds) = S::open_timed(&context, &path, quick_repair)?;
            for number in (0..ENTRIES).step_by(ENTRIES / 10) {
                check(context.runtime.block_on(store.get(entries.key(number)))?, number, VALUE_BYTES)?;
            }
            store.close_blocking(&context)?;
            Ok(milliseconds)
        };
        Ok(Box::new(move || {
            let mut figures = vec![open(false)?];
            for quick_repair in [true, false] {
                write_and_kill(&Child::Write {
                    store: name.to_owned(),
                    path: written.clone(),
                    quick_repair,
                })?;
                figures.push(open(quick_repair)?);
            }
            Ok(figures)
        }))
    })
}

/// Starts a child process that writes to the file, and kills it while it writes.
fn write_and_kill(child: &Child) -> Result<()> {
    let mut child = child.command()?.stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    let read = child.stdout.take().map_or(Ok(0), |stdout| BufReader::new(stdout).read_line(&mut line));
    child.kill()?;
    child.wait()?;
    read?;
    ensure!(line.trim_end() == READY, "the child process ended before its first round was done");
    Ok(())
}

/// Puts entries in the child process until it is killed.
pub(crate) fn write(store: &str, path: &Path, quick_repair: bool) -> Result<()> {
    let runtime = runtime()?;
    match store {
        kv_redb::NAME => runtime.block_on(async {
            let builder = RedbStore::builder().quick_repair(quick_repair);
            keep_writing(&KvRedb::open(builder, path).await?).await
        }),
        raw_redb::NAME => runtime.block_on(keep_writing(&RawRedb::open(path, quick_repair)?)),
        _ => bail!("cannot measure opening {store}: it is neither kv-redb nor raw redb"),
    }
}

async fn keep_writing(store: &impl Store) -> Result<()> {
    let entries = Entries::new(&Noise::new(64 * 1024), ROUND_ENTRIES, VALUE_BYTES);
    for generation in 1..=MAX_ROUNDS {
        for number in 0..ROUND_ENTRIES {
            store.put(entries.key(number), entries.value(number, generation)).await?;
        }
        if generation == 1 {
            println!("{READY}");
        }
    }
    bail!("not killed after {MAX_ROUNDS} rounds")
}
