#![doc = include_str!("../README.md")]

mod atomic;
mod atomic_ext;
mod bulk;
mod change;
mod clock;
mod cursor;
mod entry;
mod error;
mod error_kind;
mod expiration;
mod forward;
mod get_options;
mod into_key;
mod into_list_options;
mod into_value;
mod invalid_input;
mod json;
mod jurisdiction;
mod key;
mod key_range;
pub mod limits;
mod list_options;
mod list_page;
mod list_stream;
mod metadata;
mod namespace;
mod namespace_ext;
mod namespace_id;
mod namespace_info;
mod namespace_title;
mod prefix;
pub mod prelude;
mod put_options;
mod record_info;
mod store;
mod timestamp;
mod typed;
mod typed_atomic;
mod value;
mod version;

pub use async_trait::async_trait;
pub use bytes::Bytes;

pub use crate::{
    atomic::AtomicKv,
    atomic_ext::AtomicKvExt,
    bulk::{BulkFailure, BulkReport, PutEntry},
    change::Change,
    clock::{Clock, SystemClock},
    cursor::Cursor,
    entry::Entry,
    error::{Error, Result},
    error_kind::ErrorKind,
    expiration::{Expiration, HasDeadline},
    get_options::GetOptions,
    into_key::IntoKey,
    into_list_options::IntoListOptions,
    into_value::IntoValue,
    invalid_input::InvalidInput,
    jurisdiction::Jurisdiction,
    key::Key,
    key_range::KeyRange,
    list_options::ListOptions,
    list_page::{KeyInfo, ListPage},
    metadata::Metadata,
    namespace::KvNamespace,
    namespace_ext::KvNamespaceExt,
    namespace_id::NamespaceId,
    namespace_info::NamespaceInfo,
    namespace_title::NamespaceTitle,
    prefix::Prefix,
    put_options::PutOptions,
    record_info::RecordInfo,
    store::KvStore,
    timestamp::Timestamp,
    typed::TypedKv,
    value::Value,
    version::{Conditional, Expected, Version},
};
