#![doc = include_str!("../README.md")]

mod backlog;
mod bounded;
mod error;
mod forgotten;
mod freeing;
mod gate;
mod index;
mod name;
mod namespace;
mod page;
mod record;
mod store;
mod table;
mod values;
mod yielding;

pub use crate::{
    bounded::{BoundedMemoryNamespace, BoundedMemoryNamespaceBuilder},
    namespace::{MemoryNamespace, MemoryNamespaceBuilder},
    store::{MemoryStore, MemoryStoreBuilder},
};
