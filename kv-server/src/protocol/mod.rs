//! Parts that both protocols speak: keys and parameters as URLs have them, JSON bodies, bulk gets, listings.
//!
//! It imports from `http` alone.

pub(crate) mod bulk_json;
pub(crate) mod bulk_values;
pub(crate) mod dedup;
pub(crate) mod json_input;
pub(crate) mod json_output;
pub(crate) mod listing;
pub(crate) mod percent;
pub(crate) mod query;
pub(crate) mod whole_number;
