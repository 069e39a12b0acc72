//! What was asked of a store, what that must leave, and what is found: shared by the tests that kill and that fail.
//!
//! A store has one writer, and serves requests in the order in which it accepted them. So whatever happens to the
//! process or the disk, what is found later has to be what some first part of the requests leaves, and that part has to
//! include every request that was answered.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]
#![allow(dead_code, unused_imports, reason = "each test uses a part of it")]

mod history;
mod model;
mod observe;
mod operation;
mod plan;
mod tables;
mod write;

pub(crate) use self::{
    history::History,
    model::Model,
    observe::{SeenVersions, check_reads, observe},
    operation::{Change, Condition, Operation, Outcome},
    plan::{Plan, Planner, batches},
    tables::{RowCounts, check_tables},
    write::{Shape, Write, key},
};
