#![doc = include_str!("../README.md")]

mod admin;
mod backup;
mod batch;
mod blocking;
mod builder;
mod bulk;
mod catalog;
mod check;
mod create;
mod disk;
mod entry_key;
mod error;
mod file;
mod joins;
mod large_values;
mod listing;
mod mutation;
mod namespace;
mod new_file;
mod nodes;
mod open;
mod overlay;
mod pages;
mod partial;
mod pieces;
mod queue;
mod record;
mod recovery;
mod report;
mod request;
mod salvage;
mod snapshot;
mod state;
mod store;
mod survey;
mod sweep;
mod tables;
#[cfg(feature = "test-backend")]
mod test_backend;
mod transaction;
mod unfinished;
mod versions;
mod writer;

pub use crate::{
    builder::RedbStoreBuilder,
    namespace::RedbNamespace,
    report::{CheckReport, DamagedEntry, Progress, SalvageReport},
    store::RedbStore,
};
