//! Key-value store in one file, with the contract of Cloudflare Workers KV: embedded, durable, ordered, with
//! expiration and conditional writes. It implements the traits of [`kv_core`] on redb.
//!
//! [`RedbStore`] is the file and a [`KvStore`](kv_core::KvStore) of many namespaces; [`RedbNamespace`] is one
//! of them, a [`KvNamespace`](kv_core::KvNamespace) and an [`AtomicKv`](kv_core::AtomicKv).
//!
//! ```
//! use kv_core::{KvStore, prelude::*};
//! use kv_redb::RedbStore;
//!
//! # #[tokio::main]
//! # async fn main() -> kv_core::Result<()> {
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("app.kv");
//! let store = RedbStore::open(&path).await?;
//! let sessions = store.open_namespace("sessions").await?;
//! sessions.put("session:17", "ada").await?; // acknowledged once it would survive a power cut
//! assert_eq!(sessions.get_text("session:17").await?.as_deref(), Some("ada"));
//! store.close().await
//! # }
//! ```
//!
//! # Opening and closing
//!
//! [`RedbStore::builder`] has the settings: caches, clock, sweeps, checks, repair.
//! [`close`](kv_core::KvStore::close) the store before the process ends, and the next opening is quick. One
//! process can have the file open at a time; another one gets [`Locked`](kv_core::ErrorKind::Locked). After a
//! fork the child must not use the store: writes there fail with [`Closed`](kv_core::ErrorKind::Closed), and
//! reads are not safe.
//!
//! # Durability and consistency
//!
//! A write is acknowledged after its transaction was synced; concurrent writes share one sync. A read sees
//! every write that was acknowledged before it began. A put changes value, metadata, expiry and version in
//! one transaction.
//!
//! # Failures
//!
//! - [`Corrupt`](kv_core::ErrorKind::Corrupt): an entry or a page is damaged. Write the entry again, or see
//!   [`check`](RedbStore::check) and [`salvage`](RedbStore::salvage).
//! - [`Unavailable`](kv_core::ErrorKind::Unavailable): the disk is full, or a read failed. Retry; the store
//!   takes writes again by itself once there is space.
//! - [`Closed`](kv_core::ErrorKind::Closed): the store was closed, or a write failed and its outcome is
//!   unknown. Open the store again; if the disk was full, free space instead.
//!
//! [`check_ready`](kv_core::KvStore::check_ready) fails while the store takes no writes.
//!
//! # Cost
//!
//! A get is one look-up on the calling task, without a transaction. Values up to 1 KiB lie in the entry and
//! are copied; longer ones lie in chunks and are returned from a cache without a copy. Values over 64 KiB
//! that are not cached are read on the blocking pool. A page of keys reads no values over 1 KiB.

mod backup;
mod blocking;
mod builder;
mod bulk;
mod file;
mod maintenance;
mod namespace;
mod open_store;
mod pages;
mod read;
mod repair;
mod store;
mod write;

pub use crate::{
    builder::RedbStoreBuilder,
    namespace::RedbNamespace,
    repair::report::{CheckReport, DamagedEntry, Progress, SalvageReport},
    store::RedbStore,
};

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
