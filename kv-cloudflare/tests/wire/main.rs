//! Requests and answers on the wire, against a scripted server.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(clippy::needless_pass_by_value, reason = "answers are written where they are given")]

mod budget;
mod bulk_delete;
mod bulk_get;
mod bulk_write;
mod codes;
mod early_reset;
mod faults;
mod listing;
mod memory;
mod namespaces;
mod paused_time;
mod reading;
mod received_request;
mod retries;
mod scripted_server;
mod secrets;
mod settings;
mod slow_service;
mod streams;
mod writing;
