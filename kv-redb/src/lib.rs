#![doc = include_str!("../README.md")]

mod admin;
mod blocking;
mod builder;
mod bulk;
mod catalog;
mod entry_key;
mod error;
#[cfg(test)]
mod faults;
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
mod unfinished;
mod versions;
mod writer;

pub use crate::{builder::RedbStoreBuilder, namespace::RedbNamespace, store::RedbStore};
