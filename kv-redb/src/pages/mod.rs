//! Reader of redb's file format that trusts nothing it reads.
//!
//! Imports nothing of this crate but `pages`.

pub(crate) mod node;
pub(crate) mod reader;
