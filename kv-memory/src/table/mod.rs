//! Table of one namespace: cache and index side by side, changed together under one lock.
//!
//! Imports from its folders `index/` and `cache/`, which do not import each other, and from `base/`.

#[cfg(test)]
mod agreement_tests;
pub(crate) mod bulk;
pub(crate) mod cache;
pub(crate) mod freeing;
pub(crate) mod index;
pub(crate) mod namespace_table;
pub(crate) mod reclaim;
pub(crate) mod steps;
