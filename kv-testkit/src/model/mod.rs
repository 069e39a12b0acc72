//! Model test: random sequences of operations on a backend and on a model of it.
//!
//! This folder may import from `support`; `cases`, `history` and `vectors` lie beside it.

mod conditional;
mod listing;
mod mismatch;
pub(crate) mod model_test;
mod namespace_model;
mod operation;
mod run;
mod sequence;
