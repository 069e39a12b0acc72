//! State of a server, shared by all of its requests, and the state of each request under way.
//!
//! It imports from `http` alone.

pub(crate) mod account_id;
pub(crate) mod app_state;
pub(crate) mod credentials;
pub(crate) mod in_flight;
pub(crate) mod local_access;
pub(crate) mod metrics;
pub(crate) mod rate_limits;
pub(crate) mod readiness;
pub(crate) mod titles;
