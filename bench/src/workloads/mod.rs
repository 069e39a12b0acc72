//! The measured workloads, a file each, and the groups of comparisons that they consist of.
//!
//! May import `stores/` and `harness/`.

pub(crate) mod all;
mod bulk;
mod cache;
pub(crate) mod child;
mod client;
mod get;
pub(crate) mod group;
mod growth;
mod list;
mod memory;
mod mixed;
mod open;
mod put;
mod requests;
mod serve;
mod space;
mod stall;
mod subject;
pub(crate) mod value_peak;
