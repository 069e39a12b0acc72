//! Contract of [Cloudflare Workers KV](https://developers.cloudflare.com/kv/) as Rust traits: a small,
//! object-safe key-value namespace whose limits are in its types.
//!
//! - Services hold an `Arc<dyn KvNamespace>` and call [`KvNamespaceExt`]: `get`, `put`, `delete`, `list`,
//!   bulk calls, JSON.
//! - Backends implement [`KvNamespace`]: `read`, `write`, `remove`, `list_page`. Its documentation is the
//!   contract.
//! - [`AtomicKv`] adds conditional writes where the backend has them, and [`AtomicKvExt`] their calls.
//! - [`TypedKv`] is a collection of records of one type, kept as JSON.
//! - [`KvStore`] is a store of many namespaces, each with an id and a title.
//! - [`Key`], [`Prefix`], [`Value`], [`Metadata`], [`Expiration`], [`ListOptions`] and [`Cursor`] check their
//!   [`limits`] when they are made; [`InvalidInput`] says which one was broken.
//! - [`Error`] has a [kind](ErrorKind) that says what to do about it.
//! - [`Clock`] is a backend's source of the time, so no test waits for an expiry.
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
//! kv.put("flag:dark-mode", "on").await?;
//! assert_eq!(kv.get_text("flag:dark-mode").await?.as_deref(), Some("on"));
//! # Ok(())
//! # }
//! ```

mod calls;
mod contract;
#[cfg(test)]
mod messages;
pub mod prelude;
mod types;

pub use async_trait::async_trait;
pub use bytes::Bytes;

pub use crate::{
    calls::{
        atomic_ext::{AtomicKvExt, Change},
        namespace_ext::KvNamespaceExt,
        record_info::RecordInfo,
        typed_kv::TypedKv,
    },
    contract::{atomic::AtomicKv, namespace::KvNamespace, store::KvStore},
    types::{
        bulk::{BulkFailure, BulkReport, PutEntry},
        clock::{Clock, SystemClock},
        entry::Entry,
        error::{Error, ErrorKind, Result},
        expiration::{Expiration, HasExpiry},
        invalid_input::InvalidInput,
        jurisdiction::Jurisdiction,
        key::{IntoKey, Key},
        limits,
        list::{
            cursor::Cursor,
            options::{IntoListOptions, KeyRange, ListOptions},
            page::{KeyInfo, ListPage},
            prefix::Prefix,
        },
        metadata::Metadata,
        namespace_info::{NamespaceId, NamespaceInfo, NamespaceTitle},
        options::{GetOptions, PutOptions},
        timestamp::Timestamp,
        value::{IntoValue, Value},
        version::{Conditional, Expected, Version},
    },
};

/// README, whose example is tested as it stands.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
