//! Cloudflare's Workers KV API over any [`KvStore`](kv_core::KvStore): its REST API, for wrangler, the SDKs
//! and `kv-cloudflare`, and the Workers runtime's own protocol, for the binding `env.KV` in workerd.
//!
//! A [`KvServer`] is made by its [builder](KvServer::builder), which has the token and every limit, and then
//! either serves a listener ([`serve`](KvServer::serve)) or becomes part of an axum server
//! ([`router`](KvServer::router)). [`serve_metrics`](KvServer::serve_metrics) serves metrics for Prometheus.
//!
//! ```
//! use std::sync::Arc;
//!
//! use kv_core::{KvStore, NamespaceTitle};
//! use kv_memory::MemoryStore;
//! use kv_server::KvServer;
//! use tokio::net::TcpListener;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = Arc::new(MemoryStore::new());
//! store.create_namespace(NamespaceTitle::new("sessions")?).await?;
//!
//! let server = KvServer::builder(store).token("a-secret").build()?;
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! println!("http://{}/client/v4/accounts/{}", listener.local_addr()?, server.account_id());
//! # let shutdown = async {};
//! server.serve(listener, shutdown).await?; // until the future `shutdown` is ready
//! # Ok(())
//! # }
//! ```
//!
//! # Security
//!
//! The server speaks plain HTTP, without TLS. With a [token](KvServerBuilder::token), every request has to
//! bring it. Without one, the server only listens on a loopback address, accepts any credentials, and
//! refuses requests that a browser sends on behalf of pages of other sites; see
//! [`allow_host`](KvServerBuilder::allow_host).
//!
//! # Logs
//!
//! `tracing` events: every request at level `DEBUG`, with the length of its key but neither key nor value;
//! failures and the readiness of the store at `WARN`.
//!
//! # Features
//!
//! `stores`, on by default, builds the program `kv-server` and the stores that it opens. The library alone is
//! `default-features = false`.
//!
//! The crate's README has the program's flags, the behaviour in detail, and the clients that it is tested
//! with.

mod builder;
mod dispatch;
mod http;
mod protocol;
mod rest;
mod runtime;
mod server;
mod state;

pub use crate::{builder::KvServerBuilder, server::KvServer};

/// Test of the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
