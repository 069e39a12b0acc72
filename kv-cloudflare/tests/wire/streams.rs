//! Values read and written as streams.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, TryStreamExt, stream};
use kv_cloudflare::{Budget, CloudflareAccount, ValueSource};
use kv_core::{
    Bytes, ErrorKind, Expiration, GetOptions, Key, KvNamespace, KvStore, Metadata, NamespaceTitle,
    PutOptions, Timestamp,
};
use kv_memory::MemoryStore;
use kv_server::KvServer;
use kv_testkit::proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::json;
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpSocket},
    time::Instant,
};

use crate::faults::head;
use crate::paused_time::on_paused_time;
use crate::scripted_server::{Reaction, ScriptedServer, TOKEN, builder};

const KEY: Key<'static> = Key::from_static("a/b");
const MAX_VALUE_BYTES: usize = 26_214_400;

/// Returns a source of these chunks, and a counter of the chunks that were taken.
fn counted(chunks: Vec<Vec<u8>>) -> (ValueSource, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken);
    let chunks = stream::iter(chunks).map(move |chunk| {
        counter.fetch_add(1, Ordering::SeqCst);
        Ok::<_, io::Error>(chunk)
    });
    (ValueSource::new(chunks), taken)
}

fn source(chunks: Vec<Vec<u8>>) -> ValueSource {
    counted(chunks).0
}

#[tokio::test]
async fn a_value_comes_in_chunks_with_its_length_and_expiry() {
    let value = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>();
    let reaction = Reaction::value(value.clone()).with("expiration", "1700000060");
    let server = ScriptedServer::in_order(vec![reaction]).await;
    let client = server.client();
    let read = client.get_stream(KEY).await.unwrap().unwrap();
    assert_eq!(read.length(), Some(4_000_000));
    assert_eq!(read.expires_at(), Some(Timestamp::from_secs(1_700_000_060).unwrap()));
    let chunks: Vec<Bytes> = read.try_collect().await.unwrap();
    assert!(chunks.len() > 1);
    assert_eq!(chunks.concat(), value);

    let mut reader = client.get_stream(KEY).await.unwrap().unwrap().into_reader();
    let mut read = Vec::new();
    reader.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, value);
    assert_eq!(server.request_lines(), ["GET /values/a%2Fb"; 2]);
    assert_eq!(server.requests()[0].header("accept-encoding"), Some("identity"), "so its length is known");
}

#[tokio::test]
async fn absence_and_errors_come_before_the_stream() {
    let rows = [
        (Reaction::absent(), None),
        (Reaction::error(404, 10_013, "namespace not found"), Some(ErrorKind::NamespaceNotFound)),
        (Reaction::value("v").with("expiration", "soon"), Some(ErrorKind::Other)),
        (Reaction::Hang(head("content-length: 26214401\r\n")), Some(ErrorKind::Other)),
    ];
    for (reaction, kind) in rows {
        let server = ScriptedServer::in_order(vec![reaction.clone()]).await;
        let outcome = server.client().get_stream(KEY).await;
        let error = outcome.as_ref().err();
        assert_eq!(error.map(kv_core::Error::kind), kind, "{reaction:?}");
        if let Some(error) = error {
            assert_eq!((error.operation(), error.key()), (Some("get_stream"), Some(&KEY)));
        }
        assert!(outcome.ok().flatten().is_none());
    }
}

/// A request is retried before the first byte of its answer; a stream that breaks off later is an error.
#[test]
fn a_stream_that_breaks_off_is_an_error() {
    on_paused_time(async {
        let begun = |length: &str| [head(length), b"begun".to_vec()].concat();
        let rows = [
            ("a reset", Reaction::Reset(begun("content-length: 1000\r\n")), ErrorKind::Unavailable),
            ("an end too soon", Reaction::Close(begun("content-length: 1000\r\n")), ErrorKind::Unavailable),
            (
                "half a chunk",
                Reaction::Close([head("transfer-encoding: chunked\r\n"), b"9\r\nbegun".to_vec()].concat()),
                ErrorKind::Unavailable,
            ),
            ("silence", Reaction::Hang(begun("content-length: 1000\r\n")), ErrorKind::Unavailable),
            ("no end", Reaction::Endless(begun("")), ErrorKind::Other),
        ];
        for (case, broken, kind) in rows {
            let server = ScriptedServer::in_order(vec![Reaction::status(503, ""), broken]).await;
            let start = Instant::now();
            let mut value = server.client().get_stream(KEY).await.unwrap().unwrap();
            let mut read = 0;
            let mut failed = None;
            while let Some(chunk) = value.next().await {
                match chunk {
                    Ok(chunk) => read += chunk.len(),
                    Err(error) => failed = Some(error),
                }
            }
            let error = failed.unwrap_or_else(|| panic!("{case}: {read} bytes"));
            assert_eq!((error.kind(), error.operation()), (kind, Some("get_stream")), "{case}: {error:?}");
            assert_eq!(error.key(), Some(&KEY), "{case}");
            assert!(
                read <= MAX_VALUE_BYTES && start.elapsed() < Duration::from_secs(33),
                "{case}: {read} bytes"
            );
            assert_eq!(server.requests().len(), 2, "{case}");
        }
    });
}

/// A slow reader is not cut off, however short the total time of a call is.
#[test]
fn the_reader_may_take_its_time() {
    on_paused_time(async {
        let server = ScriptedServer::in_order(vec![Reaction::value(vec![1; 3_000_000])]).await;
        let mut value = server.client().get_stream(KEY).await.unwrap().unwrap();
        let mut read = 0;
        while let Some(chunk) = value.try_next().await.unwrap() {
            // Longer than its total time, and than the longest silence.
            if read == 0 {
                tokio::time::sleep(Duration::from_secs(130)).await;
            }
            read += chunk.len();
        }
        assert_eq!(read, 3_000_000);
    });
}

/// With and without metadata, with and without a known length.
#[test]
fn every_byte_of_a_source_is_written() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(ScriptedServer::in_order(vec![Reaction::result(json!(null))]));
    let client = server.client();
    let chunks = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100_000), 0..6);
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&(chunks, any::<bool>(), any::<bool>()), |(chunks, is_known, has_metadata)| {
        let value = chunks.concat();
        let source = source(chunks);
        let source = if is_known { source.with_length(value.len() as u64).unwrap() } else { source };
        let metadata = has_metadata.then(|| Metadata::parse(r#"{"a":1}"#).unwrap());
        let options = PutOptions::from(metadata);
        runtime.block_on(client.put_stream(KEY, source, options)).unwrap();
        let request = server.requests().pop().unwrap();
        prop_assert_eq!(request.line(), "PUT /values/a%2Fb");
        // Where there is nothing, its length says nothing either.
        prop_assert_eq!(request.header("content-length").is_some(), is_known && !value.is_empty());
        if has_metadata {
            let expected = [("value".to_owned(), value), ("metadata".to_owned(), br#"{"a":1}"#.to_vec())];
            prop_assert_eq!(request.form_parts(), expected);
        } else {
            prop_assert_eq!(request.header("content-type"), Some("application/octet-stream"));
            prop_assert_eq!(request.body, value);
        }
        Ok(())
    });
    outcome.unwrap();
}

/// An error of the source is reported, and the request is cut off before its end, so that nothing is written.
#[tokio::test]
async fn a_source_with_an_error_writes_nothing() {
    type Make = fn() -> ValueSource;
    fn failing() -> ValueSource {
        ValueSource::new(stream::iter([Ok(vec![1; 9]), Err(io::Error::other("the disk is gone"))]))
    }
    fn of_ten(chunks: Vec<Vec<u8>>) -> ValueSource {
        source(chunks).with_length(10).unwrap()
    }
    let rows: [(&str, Make, ErrorKind); 8] = [
        ("longer than it says", || of_ten(vec![vec![1; 9], vec![1; 2]]), ErrorKind::InvalidInput),
        ("longer, by a chunk", || of_ten(vec![vec![1; 10], vec![], vec![1]]), ErrorKind::InvalidInput),
        ("shorter than it says", || of_ten(vec![vec![1; 9]]), ErrorKind::InvalidInput),
        ("nothing where there is something", || of_ten(vec![]), ErrorKind::InvalidInput),
        ("a source that fails", failing, ErrorKind::Other),
        ("one that fails, of known length", || failing().with_length(10).unwrap(), ErrorKind::Other),
        (
            "longer than a value may be",
            || source(vec![vec![1; MAX_VALUE_BYTES / 4]; 5]),
            ErrorKind::InvalidInput,
        ),
        ("one byte longer", || source(vec![vec![1; MAX_VALUE_BYTES], vec![1]]), ErrorKind::InvalidInput),
    ];
    for (case, make, kind) in rows {
        for options in [PutOptions::default(), PutOptions::from(Metadata::parse("1").unwrap())] {
            let server = ScriptedServer::in_order(vec![Reaction::result(json!(null))]).await;
            let error = server.client().put_stream(KEY, make(), options).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{case}: {error:?}");
            assert_eq!((error.operation(), error.key()), (Some("put_stream"), Some(&KEY)), "{case}");
            assert!(server.requests().is_empty(), "{case}: the request has no end");
            if kind == ErrorKind::Other {
                let cause = std::error::Error::source(&error).unwrap().to_string();
                assert_eq!(cause, "the disk is gone");
            }
        }
    }
    assert!(source(vec![]).with_length(26_214_401).is_err());
}

/// A source is used up by a request; only one that can be opened again is retried.
#[test]
fn only_a_repeatable_source_is_retried() {
    on_paused_time(async {
        let busy = || vec![Reaction::status(503, ""), Reaction::result(json!(null))];
        let server = ScriptedServer::in_order(busy()).await;
        let error = server.client().put_stream(KEY, source(vec![vec![1; 9]]), PutOptions::default()).await;
        let error = error.unwrap_err();
        assert_eq!((error.kind(), server.requests().len()), (ErrorKind::Unavailable, 1));
        assert!(error.is_retryable(), "with a new source, it may be tried again");

        let server = ScriptedServer::in_order(busy()).await;
        let opened = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&opened);
        let source = ValueSource::repeatable(move || {
            counter.fetch_add(1, Ordering::SeqCst);
            stream::iter([Ok::<_, io::Error>(vec![1; 9]), Ok(vec![2; 9])])
        });
        server.client().put_stream(KEY, source, PutOptions::default()).await.unwrap();
        let bodies: Vec<_> = server.requests().into_iter().map(|request| request.body).collect();
        assert_eq!(bodies, [[[1; 9], [2; 9]].concat(), [[1; 9], [2; 9]].concat()]);
        assert_eq!(opened.load(Ordering::SeqCst), 2);
    });
}

/// A source from which no chunk was taken is retried too.
#[test]
fn an_untouched_source_is_retried() {
    on_paused_time(async {
        // A bound port without a listener.
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let client = builder(socket.local_addr().unwrap()).retries(2).build().unwrap();
        let (source, taken) = counted(vec![vec![1; 9]]);
        let error = client.put_stream(KEY, source, PutOptions::default()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!((client.usage().sent, client.usage().retried), (3, 2));
        assert_eq!(taken.load(Ordering::SeqCst), 0);
    });
}

/// Streams through kv-server, which reads and writes streams too.
#[tokio::test]
async fn streams_go_through_a_kv_server() {
    let store: Arc<dyn KvStore> = Arc::new(MemoryStore::new());
    let server = KvServer::builder(store).token(TOKEN).build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/client/v4", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { server.serve(listener, std::future::pending()).await });
    let account = CloudflareAccount::builder()
        .account_id(KvServer::DEFAULT_ACCOUNT_ID)
        .api_token(TOKEN)
        .base_url(base_url)
        .budget(Budget::unlimited())
        .build()
        .unwrap();
    let info = account.create_namespace(NamespaceTitle::new("streams").unwrap()).await.unwrap();
    let kv = account.open(&info.id);
    let value: Vec<u8> = (0..=255).cycle().take(MAX_VALUE_BYTES).collect();
    let metadata = Metadata::parse(r#"{"type":"video"}"#).unwrap();
    let hour = Expiration::after(Duration::from_secs(3_600)).unwrap();
    for options in [PutOptions::default(), PutOptions::from(metadata.clone()).with_expiration(hour)] {
        let has_metadata = options.metadata.is_some();
        for is_known in [true, false] {
            let source = source(value.chunks(100_000).map(<[u8]>::to_vec).collect());
            let source = if is_known { source.with_length(MAX_VALUE_BYTES as u64).unwrap() } else { source };
            kv.put_stream(KEY, source, options.clone()).await.unwrap();
            let read = kv.get_stream(KEY).await.unwrap().unwrap();
            assert_eq!(read.length(), Some(MAX_VALUE_BYTES as u64));
            assert_eq!(read.expires_at().is_some(), has_metadata);
            let chunks: Vec<Bytes> = read.try_collect().await.unwrap();
            assert_eq!(chunks.concat(), value);
            assert_eq!(kv.get_metadata(KEY).await.unwrap().is_some(), has_metadata);
            assert!(kv.exists(KEY).await.unwrap() && !kv.exists("absent").await.unwrap());
        }
    }
    // An upload that breaks off leaves what was there.
    let broken = ValueSource::new(stream::iter([Ok(vec![1; 9]), Err(io::Error::other("gone"))]));
    kv.put_stream(KEY, broken, PutOptions::default()).await.unwrap_err();
    let entry = kv.read(KEY, GetOptions::default().with_metadata(true)).await.unwrap().unwrap();
    assert_eq!((entry.value.len(), entry.metadata), (MAX_VALUE_BYTES, Some(metadata)));
    serving.abort();
}
