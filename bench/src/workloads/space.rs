//! Disk space of large values.

use std::{fs, path::Path, sync::Arc};

use ::kv_redb::RedbStore;
use anyhow::{Result, ensure};

use crate::{
    harness::{context::Context, data::key, store::Store},
    stores::{
        kv_redb::{self, KvRedb},
        raw_redb::{self, RawRedb},
    },
    workloads::group::{Comparison, Group, Measure, Subject, Target, Unit},
};

const MIB: usize = 1024 * 1024;
/// Number of values of 1 MiB.
const LARGE: usize = 300;

pub(crate) fn groups() -> Vec<Group> {
    let workload = "file of 300 values of 1 MiB and one of 25 MiB, closed";
    let row = Comparison::new(workload, Unit::cost("bytes/byte"), kv_redb::NAME, raw_redb::NAME);
    vec![
        Group::new(
            vec![
                Subject::new(kv_redb::NAME, |context| Ok(each_time(context, in_kv_redb))),
                Subject::new(raw_redb::NAME, |context| Ok(each_time(context, in_raw_redb))),
            ],
            vec![row.targets([Target::AtMost(1.3), Target::RatioAtMost(1.3)])],
        )
        .steady(),
    ]
}

/// Measures the length of a new, closed file, divided by the length of its values.
fn each_time(context: &Arc<Context>, make: impl Fn(&Context, &Path) -> Result<()> + 'static) -> Measure {
    let context = Arc::clone(context);
    Box::new(move || {
        let path = context.new_path("large");
        make(&context, &path)?;
        let len = fs::metadata(&path)?.len();
        fs::remove_file(&path)?;
        let stored: usize = values().map(|(_, len)| len).sum();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        Ok(vec![len as f64 / stored as f64])
    })
}

/// Returns number and length of each value.
fn values() -> impl Iterator<Item = (usize, usize)> {
    (0..LARGE).map(|number| (number, MIB)).chain([(LARGE, 25 * MIB)])
}

fn in_kv_redb(context: &Context, path: &Path) -> Result<()> {
    context.runtime.block_on(async {
        let store = KvRedb::open(RedbStore::builder(), path).await?;
        put_all(context, &store).await?;
        store.close().await
    })
}

fn in_raw_redb(context: &Context, path: &Path) -> Result<()> {
    let store = RawRedb::open(path, false)?;
    context.runtime.block_on(put_all(context, &store))?;
    store.close()
}

async fn put_all(context: &Context, store: &impl Store) -> Result<()> {
    for (number, len) in values() {
        store.put(&key(number), context.noise.value(number, 0, len)).await?;
    }
    for (number, len) in values() {
        let found = store.get(&key(number)).await?;
        ensure!(
            found == Some(context.noise.value(number, 0, len)),
            "value {number} of {len} bytes reads back wrong"
        );
    }
    Ok(())
}
