//! Index of a table: keys in order, their expiries in order, and the pages of a listing.
//!
//! Imports from no other folder.

pub(crate) mod index_key;
pub(crate) mod index_page;
pub(crate) mod ordered_index;
