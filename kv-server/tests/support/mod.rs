//! Servers, processes, clients and stores that the test programs share.
#![allow(dead_code, reason = "each test program uses a part")]

pub(crate) mod client;
pub(crate) mod controlled_store;
#[cfg(all(feature = "stores", unix))]
pub(crate) mod process;
pub(crate) mod response;
pub(crate) mod server;
