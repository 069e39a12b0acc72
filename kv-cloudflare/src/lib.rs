//! The key-value namespace of [`kv_core`] on Cloudflare Workers KV, over its HTTP API.
//!
//! [`CloudflareNamespace`] is one namespace; [`CloudflareAccount`] is a [`KvStore`](kv_core::KvStore), which
//! creates, lists, renames and deletes namespaces. Both are handles that are cheap to clone and share
//! connections, [`Budget`] and [`Usage`]. They need a tokio runtime.
//!
//! ```no_run
//! use kv_cloudflare::CloudflareNamespace;
//! use kv_core::prelude::*;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> kv_core::Result<()> {
//! let flags = CloudflareNamespace::builder()
//!     .account_id("023e105f4ecef8ad9ca31a8372d0c353")
//!     .namespace_id("0f2ac74b498b48028cb68387c421e279")
//!     .api_token("the token")
//!     .build()?;
//! flags.put("dark", "on").await?;
//! assert_eq!(flags.get_text("dark").await?.as_deref(), Some("on"));
//! # Ok(())
//! # }
//! ```
//!
//! # Promises
//!
//! - A write is answered when the service has it; elsewhere, an old value, or an absence that was read
//!   before, may be seen for 60 s or more.
//! - The last write wins; the service has no conditional writes, so this is no
//!   [`AtomicKv`](kv_core::AtomicKv).
//! - Every value is returned byte for byte, by bulk calls too.
//! - A TTL counts from when the service applies the write. An expiry that is carried over from an existing
//!   entry is kept for 60 s at least, since the service refuses a nearer one.
//!
//! # Budget
//!
//! By default the client keeps to Cloudflare's limits ([`Budget::cloudflare`]): 1,200 requests in any 5
//! minutes, of which 300 go at once and then 3 per second, and one write per second to a key. A request over
//! the budget waits in a queue, or fails with [`RateLimited`](kv_core::ErrorKind::RateLimited) at once if its
//! turn would come after the call's total time. A loop over some hundred keys is slowed down by it: bulk
//! calls need fewer requests.
//!
//! # Cost
//!
//! A `get`, a `put` or a `delete` is one request. A `get_with_metadata` is two, sent together. A `put_many`
//! or a `delete_many` is one request per 1,000 items. A `get_many` is one request per key, or one per 100
//! keys if the values are texts and the caller says so ([`GetOptions::text`](kv_core::GetOptions), which
//! [`TypedKv`](kv_core::TypedKv) sets). [`get_stream`](CloudflareNamespace::get_stream) and
//! [`put_stream`](CloudflareNamespace::put_stream) never hold a large value in memory.
//!
//! # Retries and errors
//!
//! A request is retried after 429, 408, 5xx, a broken or a silent connection, with growing pauses and as
//! `Retry-After` asks, until the call's total time is over. Messages include the service's code and at most
//! 512 bytes of its text. They never hold a token, a value or a key; neither does `Debug`.
//!
//! The README has the costs, the settings and the kinds of errors in tables.

mod account;
mod api;
mod builder;
mod calls;
mod credentials;
mod from_env;
mod http;
mod namespace;
mod rate_limit;
mod settings;

pub use secrecy::SecretString;

pub use crate::{
    account::CloudflareAccount,
    builder::{CloudflareAccountBuilder, CloudflareNamespaceBuilder},
    http::body::{value_source::ValueSource, value_stream::ValueStream},
    namespace::CloudflareNamespace,
    rate_limit::{budget::Budget, usage::Usage},
};

/// Examples of the README, which are tested with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
