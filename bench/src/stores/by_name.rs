//! Stores by their names in the report.

use std::sync::Arc;

use ::kv_redb::RedbStore;
use anyhow::{Result, bail};

use crate::{
    harness::{context::Context, store::Store},
    stores::{
        cloudflare_crate::{self, CloudflareCrate},
        fjall::{self, Fjall},
        kv_cloudflare::{self, KvCloudflare},
        kv_memory::{self, KvMemory},
        kv_redb::{self, KvRedb},
        opendal::{self, OpenDal},
        raw_moka::{self, RawMoka},
        raw_redb::{self, RawRedb},
        sqlite::{self, Sqlite},
    },
};

/// Work on a store of any type.
pub(crate) trait Visit {
    type Output;

    fn visit<S: Store>(self, context: &Arc<Context>, store: S) -> Result<Self::Output>;
}

/// Opens a new store by name, for values of `len` bytes, and passes it to `visit`.
pub(crate) fn open<V: Visit>(name: &str, context: &Arc<Context>, len: usize, visit: V) -> Result<V::Output> {
    let path = context.new_path("store");
    let kv_redb = |builder| context.runtime.block_on(KvRedb::open(builder, &path));
    match name {
        kv_redb::NAME => visit.visit(context, kv_redb(RedbStore::builder())?),
        kv_redb::QUICK_REPAIR => visit.visit(context, kv_redb(RedbStore::builder().quick_repair(true))?),
        kv_redb::NO_QUICK_REPAIR => visit.visit(context, kv_redb(RedbStore::builder().quick_repair(false))?),
        raw_redb::NAME | raw_redb::NO_QUICK_REPAIR => visit.visit(context, RawRedb::open(&path, false)?),
        raw_redb::QUICK_REPAIR => visit.visit(context, RawRedb::open(&path, true)?),
        opendal::REDB => visit.visit(context, OpenDal::redb(&path)?),
        fjall::NAME => visit.visit(context, Fjall::open(&path)?),
        sqlite::NAME => visit.visit(context, Sqlite::open(&path, len)?),
        kv_memory::NAME => visit.visit(context, KvMemory::new()),
        raw_moka::NAME => visit.visit(context, RawMoka::new()),
        opendal::MOKA => visit.visit(context, OpenDal::moka()?),
        kv_cloudflare::NAME => visit.visit(context, context.runtime.block_on(KvCloudflare::open())?),
        cloudflare_crate::NAME => visit.visit(context, context.runtime.block_on(CloudflareCrate::open())?),
        _ => bail!("unknown store: {name}"),
    }
}
