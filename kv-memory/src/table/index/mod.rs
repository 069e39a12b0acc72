//! Index of a table: keys in order, their expiries in order, and the pages of a listing.
//!
//! Imports from no other folder.

pub(crate) mod key;
pub(crate) mod ordered_index;
pub(crate) mod page;
