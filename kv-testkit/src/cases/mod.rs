//! Cases of the conformance suite, as functions: a module for each part of the contract.
//!
//! Each proves one point of the contract and panics where the backend breaks it. It works on keys (or titles)
//! of its own, with a random part, so that it may run in a namespace that is in use, and it removes what it
//! wrote.
//!
//! Run one with [`run_case`](crate::run_case). Elsewhere they need a tokio runtime of several threads, as
//! [`block_on`](crate::block_on) makes one.
//!
//! This folder may import from `support`; `model`, `history` and `vectors` lie beside it.

mod case_list;

pub mod bulk;
pub mod cancellation;
pub mod conditional;
pub mod deletion;
pub mod expired_versions;
pub mod expires_at;
pub mod expiry;
pub mod expiry_changes;
pub mod expiry_listing;
pub mod invalid_input;
pub mod keys;
pub mod listing;
pub mod listing_under_change;
pub mod metadata;
pub mod namespaces;
pub mod overwriting;
pub mod paging;
pub mod removing;
pub mod titles;
pub mod updates;
pub mod values;
pub mod versions;

pub use crate::cases::case_list::{ALL, Case};
