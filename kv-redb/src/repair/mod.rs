//! Check and salvage of a closed store's file, read without redb.
//!
//! May import `repair`, `file` and `pages`; knows neither readers nor the writer.

pub(crate) mod check;
pub(crate) mod report;
pub(crate) mod salvage;
pub(crate) mod survey;
