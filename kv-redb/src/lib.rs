#![doc = include_str!("../README.md")]

mod admin;
mod backup;
mod blocking;
mod builder;
mod bulk;
mod catalog;
mod create;
mod entry_key;
mod error;
mod file;
mod large_values;
mod listing;
mod mutation;
mod namespace;
mod open;
mod pieces;
mod queue;
mod record;
mod request;
mod snapshot;
mod state;
mod store;
mod sweep;
mod tables;
#[cfg(feature = "test-backend")]
mod test_backend;
mod unfinished;
mod versions;
mod writer;

pub use crate::{builder::RedbStoreBuilder, namespace::RedbNamespace, store::RedbStore};
