//! HTTP server of the service.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::{routes::router, sessions::Sessions};

/// Time limit of a stop for requests in flight, so that a client that never ends its request does not block
/// it.
const GRACE: Duration = Duration::from_secs(5);

/// The running service.
pub(crate) struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<io::Result<()>>,
}

impl Server {
    /// Listens on `listen` (port 0 takes a free one), and serves in the background.
    pub(crate) async fn start(listen: SocketAddr, sessions: Sessions) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let serving = axum::serve(listener, router(sessions)).with_graceful_shutdown(async {
            // An error means that the server was dropped without a stop: it ends as well.
            let _ = stopped.await;
        });
        Ok(Self { address, stop, serving: tokio::spawn(serving.into_future()) })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops accepting requests, and waits for those in flight.
    pub(crate) async fn stop(self) -> io::Result<()> {
        // An error means that the server has stopped already; the join below returns the reason.
        let _ = self.stop.send(());
        match tokio::time::timeout(GRACE, self.serving).await {
            Ok(served) => served?,
            Err(_) => Ok(()),
        }
    }
}
