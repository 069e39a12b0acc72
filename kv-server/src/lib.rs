#![doc = include_str!("../README.md")]

mod account_id;
mod builder;
mod bulk_json;
mod bulk_values;
mod connection_stream;
mod connections;
mod credentials;
mod dispatch;
mod distinct;
mod fragment_guard;
mod in_flight;
mod json_input;
mod json_output;
mod listed_key;
mod local_access;
mod memory;
mod metrics;
mod off_runtime;
mod percent;
mod permits;
mod query;
mod rate_limits;
mod readiness;
mod request_body;
mod request_head;
mod rest;
mod runtime_protocol;
mod server;
mod shared;
mod spare_descriptor;
mod unread_body;
mod whole_number;

pub use crate::{builder::KvServerBuilder, server::KvServer};
