//! Bulk calls to a server that resets the connection instead of reading a large body.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use kv_core::{Bytes, KvNamespace, PutEntry};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

use crate::scripted_server::builder;

/// Starts a server that resets the connection at a body of more than `most` bytes, without reading it, so
/// that no answer arrives. Returns its address and the lengths that it was sent.
async fn hasty(most: usize) -> (SocketAddr, Arc<Mutex<Vec<usize>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let lengths = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&lengths);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            loop {
                let mut length = None;
                let mut line = String::new();
                while stream.read_line(&mut line).await.unwrap_or_default() > 2 {
                    let field = line.to_ascii_lowercase();
                    length = field
                        .strip_prefix("content-length: ")
                        .map(|text| text.trim().parse().unwrap())
                        .or(length);
                    line.clear();
                }
                let Some(length) = length else { break };
                seen.lock().unwrap().push(length);
                if length > most {
                    stream.get_ref().set_zero_linger().unwrap();
                    break;
                }
                let mut body = vec![0; length];
                stream.read_exact(&mut body).await.unwrap();
                let answer = r#"{"success":true,"result":{"unsuccessful_keys":[]}}"#;
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{answer}", answer.len());
                stream.write_all(head.as_bytes()).await.unwrap();
            }
        }
    });
    (address, lengths)
}

/// A reset during the upload is handled as "too large".
#[tokio::test]
async fn a_reset_during_the_upload_halves_the_request() {
    let (address, lengths) = hasty(50_000_000).await;
    let value = Bytes::from(vec![b'x'; 20_000_000]);
    let put = |key: &str| PutEntry::new(key, value.clone()).unwrap();
    let keys = ["a", "b", "c", "d"];
    let client = builder(address).build().unwrap();
    let report = client.write_many(keys.into_iter().map(put).collect()).await.unwrap();
    assert_eq!((report.succeeded, report.failed.len()), (4, 0));
    let lengths: Vec<_> = lengths.lock().unwrap().iter().map(|length| length / 20_000_000).collect();
    assert_eq!(lengths, [4, 2, 2]);
}
