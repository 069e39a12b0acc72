//! Model of a store, shared by the suites `kill` and `power_loss`: operations, the content that they must
//! leave, and readers of what is there.
//!
//! A store has one writer, which serves requests in the order in which it accepted them. So after any crash,
//! the content has to be what some prefix of the requests leaves, and that prefix has to hold every answered
//! request.
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
