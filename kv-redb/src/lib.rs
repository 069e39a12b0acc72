#![doc = include_str!("../README.md")]

mod backup;
mod blocking;
mod builder;
mod bulk;
mod file;
mod maintenance;
mod namespace;
mod open_store;
mod pages;
mod read;
mod repair;
mod store;
mod write;

pub use crate::{
    builder::RedbStoreBuilder,
    namespace::RedbNamespace,
    repair::report::{CheckReport, DamagedEntry, Progress, SalvageReport},
    store::RedbStore,
};
