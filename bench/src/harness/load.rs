//! HTTP load: connections that repeat one GET request.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use futures_util::future::try_join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

use crate::harness::context::runtime;

/// The request, the server, and the duration of the load. Passed to a child process as arguments.
#[derive(Debug, Clone, Args)]
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
    pub(crate) token: String,
    /// Length of every response's body.
    pub(crate) body_bytes: usize,
    pub(crate) connections: usize,
    pub(crate) milliseconds: u64,
}

impl Load {
    /// Returns the arguments of the command `load`.
    pub(crate) fn arguments(&self) -> [String; 6] {
        let Self { address, path, token, body_bytes, connections, milliseconds } = self;
        [
            address.to_string(),
            path.clone(),
            token.clone(),
            body_bytes.to_string(),
            connections.to_string(),
            milliseconds.to_string(),
        ]
    }

    /// Measures responses per second, after one response on every connection.
    pub(crate) fn rate(&self) -> Result<f64> {
        runtime()?.block_on(async {
            let connect = (0..self.connections).map(|_| Connection::open(self));
            let connections = try_join_all(connect).await?;
            let start = Instant::now();
            let end = start + Duration::from_millis(self.milliseconds);
            let exchanges = connections.into_iter().map(|mut connection| {
                tokio::spawn(async move {
                    let mut responses = 0_u32;
                    while Instant::now() < end {
                        connection.exchange().await?;
                        responses += 1;
                    }
                    anyhow::Ok(responses)
                })
            });
            let mut responses = 0.0;
            for finished in try_join_all(exchanges).await? {
                responses += f64::from(finished?);
            }
            Ok(responses / start.elapsed().as_secs_f64())
        })
    }
}

/// A kept-alive connection.
struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    body_bytes: usize,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(load: &Load) -> Result<Self> {
        let Load { address, path, token, body_bytes, .. } = load;
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n");
        let mut connection =
            Self { stream, request: request.into_bytes(), body_bytes: *body_bytes, buffer: Vec::new() };
        connection.exchange().await?;
        Ok(connection)
    }

    /// Sends the request, and receives the whole response.
    async fn exchange(&mut self) -> Result<()> {
        self.stream.write_all(&self.request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
            if let Some(len) = self.response_len()?
                && self.buffer.len() >= len
            {
                ensure!(self.buffer.len() == len, "a response is longer than its content-length");
                return Ok(());
            }
        }
    }

    /// Returns the length of the response, once its head has arrived.
    fn response_len(&self) -> Result<Option<usize>> {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(head_bytes) = head.parse(&self.buffer)? else { return Ok(None) };
        ensure!(head.code == Some(200), "a response has status {:?} (expected 200)", head.code);
        let length = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
        let length: usize =
            str::from_utf8(length.context("a response has no content-length")?.value)?.parse()?;
        ensure!(length == self.body_bytes, "a response has {length} bytes (expected {})", self.body_bytes);
        Ok(Some(head_bytes + length))
    }
}
