//! Reader of redb's file format that trusts nothing it reads: pages, their checksums and the trees that they
//! make up.
//!
//! The lowest storey: a file here imports its neighbours alone.

pub(crate) mod node;
pub(crate) mod reader;
