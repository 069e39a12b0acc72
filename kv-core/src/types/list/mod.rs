//! Types of a listing: its options and their prefix and cursor, and its pages.
//!
//! Imports from `types/`.

pub(crate) mod cursor;
pub(crate) mod options;
pub(crate) mod page;
pub(crate) mod prefix;
