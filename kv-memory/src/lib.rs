#![doc = include_str!("../README.md")]

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
