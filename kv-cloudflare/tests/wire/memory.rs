//! Memory that a call allocates beside the value. The server runs on a thread of its own, which does not
//! count.

use std::io;

use allocation_counter::measure;
use futures_util::{StreamExt, TryStreamExt, stream};
use kv_cloudflare::{CloudflareNamespace, ValueSource};
use kv_core::{ErrorKind, GetOptions, Key, KvNamespace, ListOptions, Metadata, PutOptions, Value};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use crate::scripted_server::{Reaction, ScriptedServer};

const KEY: Key<'static> = Key::from_static("k");
const MIB: u64 = 1 << 20;
const MAX_VALUE_BYTES: usize = 26_214_400;

fn server(reaction: Reaction) -> (Runtime, ScriptedServer) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(ScriptedServer::in_order(vec![reaction]));
    (runtime, server)
}

/// Returns the most bytes that were allocated at one time while `work` ran.
fn peak(work: impl Future<Output = ()>) -> u64 {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    measure(|| runtime.block_on(work)).bytes_max
}

#[test]
fn the_largest_value_is_held_once() {
    let (_runtime, server) = server(Reaction::value(vec![0xff; MAX_VALUE_BYTES]));
    let client = server.client();
    let peak = peak(async {
        let entry = client.read(KEY, GetOptions::default()).await.unwrap().unwrap();
        assert_eq!(entry.value.len(), MAX_VALUE_BYTES);
    });
    assert!((25 * MIB..27 * MIB).contains(&peak), "{peak} bytes");
}

/// With metadata the value is a part of a form, and is not copied either.
#[test]
fn a_value_that_is_written_is_not_copied() {
    let (_runtime, server) = server(Reaction::result(json!(null)));
    for options in [PutOptions::default(), PutOptions::from(Metadata::parse("1").unwrap())] {
        let client = server.client();
        let value = Value::new(vec![0xff; MAX_VALUE_BYTES]).unwrap();
        let peak = peak(async { client.write(KEY, value, options).await.unwrap() });
        assert!(peak < 2 * MIB, "{peak} bytes");
    }
    assert!(server.requests().iter().all(|request| request.body.len() >= MAX_VALUE_BYTES));
}

/// A streamed value is held neither by a write nor by a read.
#[test]
fn a_streamed_value_is_never_held() {
    // The source makes each chunk when it is requested; all of them are as long as a value may be.
    let source = || {
        let chunks =
            stream::iter(0..MAX_VALUE_BYTES / 65_536).map(|_| Ok::<_, io::Error>(vec![0xff; 65_536]));
        ValueSource::new(chunks)
    };
    let (_runtime, written) = server(Reaction::result(json!(null)));
    for options in [PutOptions::default(), PutOptions::from(Metadata::parse("1").unwrap())] {
        for source in [source(), source().with_length(MAX_VALUE_BYTES as u64).unwrap()] {
            let client = written.client();
            let options = options.clone();
            let peak = peak(async move { client.put_stream("k", source, options).await.unwrap() });
            assert!(peak < 2 * MIB, "{peak} bytes");
        }
    }
    assert!(written.requests().iter().all(|request| request.body.len() >= MAX_VALUE_BYTES));

    let (_runtime, read) = server(Reaction::value(vec![0xff; MAX_VALUE_BYTES]));
    let client = read.client();
    let peak = peak(async {
        let value = client.get_stream("k").await.unwrap().unwrap();
        assert_eq!(value.length(), Some(MAX_VALUE_BYTES as u64));
        let length = value.try_fold(0, async |length, chunk| Ok(length + chunk.len())).await.unwrap();
        assert_eq!(length, MAX_VALUE_BYTES);
    });
    assert!(peak < 2 * MIB, "{peak} bytes");
}

/// A body without end is given up at the longest allowed answer. Without an announced length its buffer
/// doubles as it grows: from 16 MiB to 32 MiB at most.
#[test]
fn endless_bodies_take_bounded_memory() {
    for head in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 400 Bad\r\n\r\n"] {
        let (_runtime, server) = server(Reaction::Endless(head.as_bytes().to_vec()));
        let most = |success| if head.contains("200") { success } else { MIB };
        let check = |most: u64, call: fn(CloudflareNamespace) -> Outcome| {
            let call = call(server.client());
            let peak = peak(async { assert_eq!(call.await, Err(ErrorKind::Other)) });
            assert!(peak < most, "{peak} bytes");
        };
        check(most(50 * MIB), |kv| Box::pin(async move { kind(kv.read(KEY, GetOptions::default()).await) }));
        check(most(50 * MIB), |kv| Box::pin(async move { kind(kv.list_page(ListOptions::default()).await) }));
        check(most(MIB), |kv| {
            Box::pin(async move { kind(kv.write(KEY, Value::default(), PutOptions::default()).await) })
        });
    }
}

type Outcome = std::pin::Pin<Box<dyn Future<Output = Result<(), ErrorKind>>>>;

fn kind<T>(outcome: kv_core::Result<T>) -> Result<(), ErrorKind> {
    outcome.map(drop).map_err(|error| error.kind())
}
