//! Retries: which requests are repeated, when, and for how long.

use std::{sync::Arc, time::Duration};

use kv_core::{ErrorKind, GetOptions, KvNamespace, PutOptions, Value};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpSocket,
    time::{Instant, sleep},
};

use crate::faults::{KEY, assert_discreet, call, head};
use crate::paused_time::{RuntimeClock, on_paused_time};
use crate::scripted_server::{Reaction, ScriptedServer, builder};

/// The wait in `Retry-After` is kept if the call's total time allows it, and reported if not.
#[test]
fn retry_after_is_honoured() {
    on_paused_time(async {
        let throttled = |wait: &str| Reaction::error(429, 971, "wait").with("retry-after", wait);
        // The clock stands at 1994-11-06T08:49:37Z.
        let rows = [
            (throttled("7"), Some(7)),
            (throttled("Sun, 06 Nov 1994 08:50:07 GMT"), Some(30)),
            (Reaction::status(503, "").with("retry-after", "11"), Some(11)),
            (throttled("119"), Some(119)),
            (throttled("121"), None),
            (throttled("300"), None),
        ];
        for (reaction, waits) in rows {
            let server = ScriptedServer::in_order(vec![reaction, Reaction::value("v")]).await;
            let client = server.builder().clock(Arc::new(RuntimeClock::new())).build().unwrap();
            let start = Instant::now();
            let outcome = call(&client, "read").await;
            if let Some(seconds) = waits {
                outcome.unwrap();
                let requests = server.requests();
                let waited = requests[1].at - requests[0].at;
                assert!(waited >= Duration::from_secs(seconds), "{waited:?}");
                assert!(waited < Duration::from_secs(seconds + 1), "{waited:?}");
            } else {
                let error = outcome.unwrap_err();
                assert_eq!((error.kind(), server.requests().len()), (ErrorKind::RateLimited, 1));
                assert!(error.retry_after().unwrap() > Duration::from_secs(120));
                assert!(start.elapsed() < Duration::from_secs(1), "a wait that is too long fails at once");
            }
        }
    });
}

/// The pauses between attempts grow, and no attempt begins after the total time.
#[test]
fn attempts_end_with_the_total_time() {
    on_paused_time(async {
        let server = ScriptedServer::in_order(vec![Reaction::status(500, "")]).await;
        let client = server.builder().retries(100).total_timeout(Duration::from_secs(30)).build().unwrap();
        let start = Instant::now();
        let error = call(&client, "read").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(start.elapsed() <= Duration::from_secs(30));
        let requests = server.requests();
        assert!((6..20).contains(&requests.len()), "{} requests", requests.len());
        let pauses: Vec<_> = requests.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
        for (round, pause) in pauses.iter().enumerate() {
            let shortest = Duration::from_millis(200 << round.min(7)).min(Duration::from_secs(20));
            assert!(*pause >= shortest, "pause {round} was {pause:?}");
        }

        let none = server.builder().retries(0).build().unwrap();
        assert!(call(&none, "read").await.is_err());
        assert_eq!(server.requests().len(), requests.len() + 1, "no retries are none");
    });
}

/// A connection that still delivers bytes is kept, however slow it is.
#[test]
fn slow_answers_are_read_to_their_end() {
    on_paused_time(async {
        let value = Reaction::Trickle(head("content-length: 5\r\n"), Duration::from_secs(20));
        let server = ScriptedServer::in_order(vec![value]).await;
        let entry = server.client().read(KEY, GetOptions::default()).await.unwrap().unwrap();
        assert_eq!(entry.value, "xxxxx");
        assert_eq!(server.requests().len(), 1);
    });
}

/// An upload may take longer than the longest allowed silence, as long as bytes move.
#[test]
fn slow_uploads_are_sent_to_their_end() {
    const PART: usize = 4 * 1024 * 1024;
    on_paused_time(async {
        let socket = TcpSocket::new_v4().unwrap();
        // Else much of the value would be on its way before it is read.
        socket.set_recv_buffer_size(65_536).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let client = builder(listener.local_addr().unwrap()).build().unwrap();
        let slow = async {
            let mut stream = BufReader::new(listener.accept().await.unwrap().0);
            let mut line = String::new();
            while line != "\r\n" {
                line.clear();
                stream.read_line(&mut line).await.unwrap();
            }
            for _ in 0..6 {
                sleep(Duration::from_secs(15)).await;
                stream.read_exact(&mut vec![0; PART]).await.unwrap();
            }
            let envelope = r#"{"success":true,"errors":[],"messages":[],"result":null}"#;
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{envelope}", envelope.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream
        };
        let start = Instant::now();
        let value = Value::new(vec![b'x'; 6 * PART]).unwrap();
        let (written, _stream) = tokio::join!(client.write(KEY, value, PutOptions::default()), slow);
        written.unwrap();
        assert!(start.elapsed() >= Duration::from_secs(90), "{:?}", start.elapsed());
        assert_eq!(client.usage().sent, 1);
    });
}

/// No server listens at the address.
#[tokio::test]
async fn refused_connections_are_unavailable() {
    let server = ScriptedServer::in_order(vec![Reaction::value("")]).await;
    let client = server.builder().retries(1).build().unwrap();
    drop(server);
    // The listener is closed when its task has ended.
    tokio::task::yield_now().await;
    let error = call(&client, "read").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_discreet(&error, "a refused connection");
    assert_eq!(client.usage().sent, 2);
}
