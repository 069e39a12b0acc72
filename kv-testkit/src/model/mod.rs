//! Model test: random sequences of operations on a backend and on a model of it.
//!
//! It may import from `support`; the other tests (`cases`, `history`, `vectors`) and the root lie beside it or above it.

mod conditional;
mod listing;
mod mismatch;
pub(crate) mod model_test;
mod operation;
mod records;
mod run;
mod sequence;
mod versions;
