//! Opening a large file: after it was closed, and after whoever wrote to it was killed.

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
/// What the child puts over and over, and how often before it gives up waiting for its end.
const PUT_AGAIN: usize = 1_000;
const MAX_ROUNDS: u64 = 60;
/// The child's line that says that it has put all of that once.
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

/// A store that is opened and closed here.
trait Openable: Store {
    /// The store, and the milliseconds that opening took.
    fn open_timed(context: &Context, path: &Path, quick_repair: bool) -> Result<(Self, f64)>;
    fn close_here(self, context: &Context) -> Result<()>;
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

    fn close_here(self, context: &Context) -> Result<()> {
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

    fn close_here(self, _: &Context) -> Result<()> {
        self.close()
    }
}

fn subject<S: Openable>(name: &'static str) -> Subject {
    Subject::new(name, move |context| {
        let (context, path) = (Arc::clone(context), context.new_path("many"));
        let entries = Entries::new(&context.noise, ENTRIES, VALUE_BYTES);
        let (store, _) = S::open_timed(&context, &path, false)?;
        fill(&context, &store, &entries)?;
        store.close_here(&context)?;
        let written = path.clone();
        let open = move |quick_repair| -> Result<f64> {
            let (store, milliseconds) = S::open_timed(&context, &path, quick_repair)?;
            for number in (0..ENTRIES).step_by(ENTRIES / 10) {
                check(context.runtime.block_on(store.get(entries.key(number)))?, number, VALUE_BYTES)?;
            }
            store.close_here(&context)?;
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

/// Has a process write to the file, and kills it in the midst of that.
fn write_and_kill(child: &Child) -> Result<()> {
    let mut child = child.command()?.stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    let read = child.stdout.take().map_or(Ok(0), |stdout| BufReader::new(stdout).read_line(&mut line));
    child.kill()?;
    child.wait()?;
    read?;
    ensure!(line.trim_end() == READY, "the process that writes did not come to it");
    Ok(())
}

/// What the child does: it puts until it is killed.
pub(crate) fn write(store: &str, path: &Path, quick_repair: bool) -> Result<()> {
    let runtime = runtime()?;
    match store {
        kv_redb::NAME => runtime.block_on(async {
            let builder = RedbStore::builder().quick_repair(quick_repair);
            keep_writing(&KvRedb::open(builder, path).await?).await
        }),
        raw_redb::NAME => runtime.block_on(keep_writing(&RawRedb::open(path, quick_repair)?)),
        _ => bail!("there is no store {store}"),
    }
}

async fn keep_writing(store: &impl Store) -> Result<()> {
    let entries = Entries::new(&Noise::new(64 * 1024), PUT_AGAIN, VALUE_BYTES);
    for generation in 1..=MAX_ROUNDS {
        for number in 0..PUT_AGAIN {
            store.put(entries.key(number), entries.value(number, generation)).await?;
        }
        if generation == 1 {
            println!("{READY}");
        }
    }
    bail!("nobody ended it")
}
