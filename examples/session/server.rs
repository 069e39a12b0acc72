//! The service on a socket.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::{routes::router, sessions::Sessions};

/// How long a stop waits for requests that are under way. A client that never ends its request must not hold it up.
const GRACE: Duration = Duration::from_secs(5);

/// The running service.
pub(crate) struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<io::Result<()>>,
}

impl Server {
    /// Listens on `listen`, where port 0 takes a free one, and serves in the background.
    pub(crate) async fn start(listen: SocketAddr, sessions: Sessions) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let serving = axum::serve(listener, router(sessions)).with_graceful_shutdown(async {
            // A server that is dropped without a stop ends as well.
            let _ = stopped.await;
        });
        Ok(Self { address, stop, serving: tokio::spawn(serving.into_future()) })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Takes no more requests, and waits for those that are under way.
    pub(crate) async fn stop(self) -> io::Result<()> {
        // That nobody listens means that it has stopped already; the join below says why.
        let _ = self.stop.send(());
        match tokio::time::timeout(GRACE, self.serving).await {
            Ok(served) => served?,
            Err(_) => Ok(()),
        }
    }
}
