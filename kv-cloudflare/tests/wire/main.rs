//! What goes over the wire, against a server that does what a test says.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(clippy::needless_pass_by_value, reason = "answers are written where they are given")]

mod budget;
mod bulk_delete;
mod bulk_get;
mod bulk_write;
mod codes;
mod cut_off;
mod extras;
mod faults;
mod listing;
mod memory;
mod namespaces;
mod paused_time;
mod reading;
mod retries;
mod runtime_clock;
mod scripted;
mod secrets;
mod settings;
mod streams;
mod too_slow;
mod writing;
