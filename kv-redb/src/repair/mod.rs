//! Check and salvage of a closed store: a survey of its file without redb, and the reports on it.
//!
//! May import `file` and `pages`; knows neither `read` nor `write`.

pub(crate) mod check;
pub(crate) mod report;
pub(crate) mod salvage;
pub(crate) mod survey;
