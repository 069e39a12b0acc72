//! Many connections that ask a server for the same thing again and again.

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

/// What is asked, of whom, and for how long.
#[derive(Debug, Clone, Args)]
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
    pub(crate) token: String,
    /// How many bytes every answer's body has.
    pub(crate) body_bytes: usize,
    pub(crate) connections: usize,
    pub(crate) milliseconds: u64,
}

impl Load {
    /// As arguments of a command.
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

    /// How many answers a second there are, once every connection has had one.
    pub(crate) fn rate(&self) -> Result<f64> {
        runtime()?.block_on(async {
            let connect = (0..self.connections).map(|_| Connection::open(self));
            let connections = try_join_all(connect).await?;
            let start = Instant::now();
            let end = start + Duration::from_millis(self.milliseconds);
            let ask = connections.into_iter().map(|mut connection| {
                tokio::spawn(async move {
                    let mut answers = 0_u32;
                    while Instant::now() < end {
                        connection.ask().await?;
                        answers += 1;
                    }
                    anyhow::Ok(answers)
                })
            });
            let mut answers = 0.0;
            for asked in try_join_all(ask).await? {
                answers += f64::from(asked?);
            }
            Ok(answers / start.elapsed().as_secs_f64())
        })
    }
}

/// A connection that is kept alive.
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
        connection.ask().await?;
        Ok(connection)
    }

    /// Asks, and waits for the whole answer.
    async fn ask(&mut self) -> Result<()> {
        self.stream.write_all(&self.request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
            if let Some(len) = self.answer_len()?
                && self.buffer.len() >= len
            {
                ensure!(self.buffer.len() == len, "an answer goes on behind its end");
                return Ok(());
            }
        }
    }

    /// How long the answer is, once its head is there.
    fn answer_len(&self) -> Result<Option<usize>> {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(head_bytes) = head.parse(&self.buffer)? else { return Ok(None) };
        ensure!(head.code == Some(200), "an answer has status {:?}", head.code);
        let length = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
        let length: usize = str::from_utf8(length.context("an answer tells no length")?.value)?.parse()?;
        ensure!(length == self.body_bytes, "an answer has {length} bytes");
        Ok(Some(head_bytes + length))
    }
}
