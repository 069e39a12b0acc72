#![doc = include_str!("../README.md")]

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
        expiration::{Expiration, HasDeadline},
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
