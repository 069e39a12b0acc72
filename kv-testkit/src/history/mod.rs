//! History test: clients that call a backend at the same time, and a search for an order of their calls.
//!
//! It may import from `support`; the other tests (`cases`, `model`, `vectors`) and the root lie beside it or above it.

mod check;
mod client;
mod event;
pub(crate) mod history_test;
mod mark;
mod plan;
mod run;
mod versions;
