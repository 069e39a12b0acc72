//! Types of the contract, each with its limit checked in its constructor; errors, limits and the clock.
//!
//! Imports from no other folder; `list/` imports from here.

pub(crate) mod bulk;
pub(crate) mod clock;
pub(crate) mod entry;
pub(crate) mod error;
pub(crate) mod expiration;
pub(crate) mod invalid_input;
pub(crate) mod json;
pub(crate) mod jurisdiction;
pub(crate) mod key;
pub mod limits;
pub(crate) mod list;
pub(crate) mod metadata;
pub(crate) mod namespace_info;
pub(crate) mod options;
pub(crate) mod timestamp;
pub(crate) mod value;
pub(crate) mod version;
