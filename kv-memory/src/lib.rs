//! Key-value namespace of [`kv_core`] in memory, on moka: for tests, for caches, and for services that may
//! lose their data on exit.
//!
//! - [`MemoryNamespace`] keeps every entry, and has conditional writes ([`AtomicKv`](kv_core::AtomicKv)).
//! - [`BoundedMemoryNamespace`] stays within a number of bytes and **evicts entries**; it has no conditional
//!   writes.
//! - [`MemoryStore`] is a [`KvStore`](kv_core::KvStore): many namespaces, each with an id and a title.
//!
//! All of them are handles that are cheap to clone. They need no runtime. Expired entries are reclaimed by
//! later writes, or by [`sweep`](MemoryNamespace::sweep). The time comes from a [`Clock`](kv_core::Clock), so
//! a test sets it and does not wait.
//!
//! ```
//! use std::sync::Arc;
//!
//! use kv_core::prelude::*;
//! use kv_memory::MemoryNamespace;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> kv_core::Result<()> {
//! let kv: Arc<dyn KvNamespace> = Arc::new(MemoryNamespace::new());
//! kv.put("session:17", "ada").await?;
//! assert_eq!(kv.get_text("session:17").await?.as_deref(), Some("ada"));
//! # Ok(())
//! # }
//! ```

mod base;
mod bounded;
mod namespace;
mod store;
mod table;

pub use crate::{
    bounded::{BoundedMemoryNamespace, BoundedMemoryNamespaceBuilder},
    namespace::{MemoryNamespace, MemoryNamespaceBuilder},
    store::{MemoryStore, MemoryStoreBuilder},
};

/// README, whose examples are tested as they stand.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
