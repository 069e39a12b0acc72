//! Server: the API on a listener or as a router, and the metrics.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::{Body, HttpBody as _},
    extract::Request,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::service::TowerToHyperService;
use kv_core::{ErrorKind, KvStore, Result};
use tokio::net::TcpListener;

use crate::{
    builder::KvServerBuilder,
    dispatch,
    http::{
        connections::{self, Admission, Timeouts},
        error,
        request_head::RequestSource,
    },
    state::{account_id::AccountId, app_state::AppState, metrics},
};

/// Cloudflare's Workers KV API over a store. Clones are the same server.
#[derive(Debug, Clone)]
pub struct KvServer {
    state: Arc<AppState>,
    max_connections: usize,
    timeouts: Timeouts,
}

/// Maximum number of connections of the listener for metrics.
const MAX_METRICS_CONNECTIONS: usize = 64;

impl KvServer {
    /// Account id of a server by default.
    pub const DEFAULT_ACCOUNT_ID: &str = AccountId::DEFAULT;

    /// Returns a builder of a server over `store`.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use kv_memory::MemoryStore;
    /// use kv_server::KvServer;
    ///
    /// let server = KvServer::builder(Arc::new(MemoryStore::new())).build()?;
    /// assert_eq!(server.account_id(), KvServer::DEFAULT_ACCOUNT_ID);
    /// # Ok::<(), kv_core::Error>(())
    /// ```
    #[must_use]
    pub fn builder(store: Arc<dyn KvStore>) -> KvServerBuilder {
        KvServerBuilder::new(store)
    }

    pub(crate) const fn new(state: Arc<AppState>, max_connections: usize, timeouts: Timeouts) -> Self {
        Self { state, max_connections, timeouts }
    }

    /// Returns the account id, in lower case.
    #[must_use]
    pub fn account_id(&self) -> &str {
        self.state.account_id.as_str()
    }

    /// Checks that the server may listen on `address`: without a token, it may on the loopback interface
    /// alone. [`serve`](KvServer::serve) checks it too.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use kv_memory::MemoryStore;
    /// # use kv_server::KvServer;
    /// let server = KvServer::builder(Arc::new(MemoryStore::new())).build()?;
    /// assert!(server.check_address("127.0.0.1:8788".parse().unwrap()).is_ok());
    /// assert!(server.check_address("192.0.2.1:8788".parse().unwrap()).is_err());
    /// # Ok::<(), kv_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Unauthorized`](kv_core::ErrorKind::Unauthorized) if it may not.
    pub fn check_address(&self, address: SocketAddr) -> Result<()> {
        if self.state.credentials.are_open() && !address.ip().is_loopback() {
            let message = format!(
                "cannot listen on {address} without a token: set one, or listen on a loopback address"
            );
            return Err(error::error(ErrorKind::Unauthorized, message));
        }
        Ok(())
    }

    /// Serves the API on `listener` until `shutdown` is ready. Then accepts no more connections, and waits
    /// for the requests under way, for the grace period at most. The store stays open.
    ///
    /// Dropping the future closes every connection at once.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use kv_memory::MemoryStore;
    /// # use kv_server::KvServer;
    /// # use tokio::{net::TcpListener, sync::oneshot};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = KvServer::builder(Arc::new(MemoryStore::new())).build()?;
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let (stop, stopped) = oneshot::channel::<()>();
    /// let running = tokio::spawn(async move {
    ///     let shutdown = async { stopped.await.unwrap_or_default() };
    ///     server.serve(listener, shutdown).await
    /// });
    /// drop(stop);
    /// running.await??;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Unauthorized`](kv_core::ErrorKind::Unauthorized) if there is no token and the listener's address is
    /// not a loopback address; [`Other`](kv_core::ErrorKind::Other) if the listener has no address.
    pub async fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<()> {
        self.check_address(local_addr(&listener)?)?;
        let service = |admission: Admission| {
            let state = Arc::clone(&self.state);
            service_fn(move |request: hyper::Request<Incoming>| {
                let state = Arc::clone(&state);
                let request = request.map(to_body);
                async move {
                    Ok::<_, Infallible>(match admission {
                        Admission::Served => {
                            dispatch::handle(state, request, RequestSource::Connection).await
                        }
                        Admission::Refused => dispatch::refuse(state, request).await,
                    })
                }
            })
        };
        connections::serve(listener, self.max_connections, self.timeouts, shutdown, service).await;
        Ok(())
    }

    /// Returns the API as a router, for an axum server of your own. It answers every path. Only
    /// [`serve`](KvServer::serve) has timeouts, graceful shutdown, the refusal to listen publicly without a
    /// token, and that of a `#` in a request target (which would cut off the end of a key).
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use kv_memory::MemoryStore;
    /// # use kv_server::KvServer;
    /// let server = KvServer::builder(Arc::new(MemoryStore::new())).token("a-secret").build()?;
    /// let app: axum::Router = server.router(); // for axum::serve
    /// # let _ = app;
    /// # Ok::<(), kv_core::Error>(())
    /// ```
    pub fn router(&self) -> Router {
        let state = Arc::clone(&self.state);
        // Routes are matched on the raw path, since axum's router would decode keys itself, and let malformed
        // ones through.
        Router::new().fallback(move |request: Request| async move {
            dispatch::handle(state, request, RequestSource::Router).await.map(Body::new)
        })
    }

    /// Serves `/metrics`, in Prometheus's text format, as [`serve`](KvServer::serve) serves the API. It has a
    /// listener of its own, since it needs no token.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use kv_memory::MemoryStore;
    /// # use kv_server::KvServer;
    /// # use tokio::net::TcpListener;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = KvServer::builder(Arc::new(MemoryStore::new())).build()?;
    /// let api = TcpListener::bind("127.0.0.1:0").await?;
    /// let metrics = TcpListener::bind("127.0.0.1:0").await?;
    /// # let shutdown = || async {};
    /// tokio::try_join!(server.serve(api, shutdown()), server.serve_metrics(metrics, shutdown()))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Other`](kv_core::ErrorKind::Other) if the listener has no address.
    pub async fn serve_metrics(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<()> {
        local_addr(&listener)?;
        let router = self.metrics_router();
        let service = |_| TowerToHyperService::new(router.clone());
        connections::serve(listener, MAX_METRICS_CONNECTIONS, self.timeouts, shutdown, service).await;
        Ok(())
    }

    /// Returns `/metrics` as a router, for an axum server of your own.
    pub fn metrics_router(&self) -> Router {
        let state = Arc::clone(&self.state);
        Router::new().route("/metrics", get(async move || metrics_text(&state).await))
    }
}

async fn metrics_text(state: &AppState) -> Response {
    let is_ready = state.readiness.check(&*state.store).await.is_ok();
    match state.metrics.text(state.memory().reserved_bytes(), is_ready) {
        Ok(text) => ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn local_addr(listener: &TcpListener) -> Result<SocketAddr> {
    listener.local_addr().map_err(|source| {
        error::internal("listener has no address").with_operation("serve").with_source(source)
    })
}

/// Converts the body of a request; an empty one without an allocation.
fn to_body(incoming: Incoming) -> Body {
    if incoming.is_end_stream() { Body::empty() } else { Body::new(incoming) }
}
