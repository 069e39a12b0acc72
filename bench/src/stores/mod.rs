//! The stores of this workspace and their peers, each behind the traits of `harness/store.rs`, and set up as
//! its documentation says for durable writes.
//!
//! May import `harness/`.

pub(crate) mod by_name;
pub(crate) mod cloudflare_crate;
pub(crate) mod fjall;
pub(crate) mod kv_cloudflare;
pub(crate) mod kv_memory;
pub(crate) mod kv_redb;
pub(crate) mod opendal;
pub(crate) mod raw_moka;
pub(crate) mod raw_redb;
pub(crate) mod sqlite;
