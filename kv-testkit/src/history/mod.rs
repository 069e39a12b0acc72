//! History test: clients that call a backend at the same time, and a search for an order of their calls.
//!
//! This folder may import from `support`; `cases`, `model` and `vectors` lie beside it.

mod check;
mod client;
mod event;
pub(crate) mod history_test;
mod log;
pub(crate) mod options;
mod plan;
mod run;
mod shared_keys;
