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
        atomic_ext::AtomicKvExt, change::Change, namespace_ext::KvNamespaceExt, record_info::RecordInfo,
        typed_kv::TypedKv,
    },
    contract::{atomic::AtomicKv, namespace::KvNamespace, store::KvStore},
    types::{
        bulk::{BulkFailure, BulkReport, PutEntry},
        clock::{Clock, SystemClock},
        entry::Entry,
        error::{Error, Result},
        error_kind::ErrorKind,
        expiration::{Expiration, HasDeadline},
        get_options::GetOptions,
        into_key::IntoKey,
        into_value::IntoValue,
        invalid_input::InvalidInput,
        jurisdiction::Jurisdiction,
        key::Key,
        limits,
        list::{
            cursor::Cursor,
            into_list_options::IntoListOptions,
            key_range::KeyRange,
            options::ListOptions,
            page::{KeyInfo, ListPage},
            prefix::Prefix,
        },
        metadata::Metadata,
        namespace_id::NamespaceId,
        namespace_info::NamespaceInfo,
        namespace_title::NamespaceTitle,
        put_options::PutOptions,
        timestamp::Timestamp,
        value::Value,
        version::{Conditional, Expected, Version},
    },
};
