//! Kills of the process while clients write over HTTP: after each restart, every acknowledged write is there.
//!
//! `KV_SERVER_KILLS` sets the number of kills, 6 by default. A failure prints its `KV_SERVER_SEED`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![cfg(all(feature = "stores", unix))]

mod support;

use std::{
    collections::BTreeMap,
    env,
    path::Path,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngSeed, TestRunner},
};
use tokio::{process::Child, task::JoinSet};

use support::{
    client::exchange,
    process::{command, listening, namespace_id},
    response::Response,
    server::NAMESPACES,
};

const KILLS: u32 = 6;
const CLIENTS: usize = 4;
/// Number of each client's keys, which no other client writes.
const KEYS: usize = 8;

fn variable<T: FromStr<Err: std::fmt::Debug>>(name: &str) -> Option<T> {
    env::var(name).ok().map(|value| value.parse().unwrap())
}

/// Random choices from a seed, which is printed if the test fails.
struct Random {
    seed: u64,
    runner: TestRunner,
}

impl Random {
    fn new(seed: u64) -> Self {
        let rng_seed = RngSeed::Fixed(seed);
        let config = Config { rng_seed, failure_persistence: None, ..Config::default() };
        Self { seed, runner: TestRunner::new(config) }
    }

    fn draw<S: Strategy>(&mut self, strategy: S) -> S::Value {
        strategy.new_tree(&mut self.runner).unwrap().current()
    }
}

impl Drop for Random {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("to repeat: KV_SERVER_SEED={}", self.seed);
        }
    }
}

/// Starts the server over a file. It is killed when it is dropped.
fn start(file: &Path) -> Child {
    let store = format!("redb:{}", file.display());
    let arguments = ["--listen", "127.0.0.1:0", "--token", "hunter2", "--log", "off", "--store", &store];
    command(&arguments).spawn().unwrap()
}

/// Sends a request, and returns status and body of the response if it arrived whole.
async fn ask(address: &str, method: &str, path: &str, body: &[u8]) -> Option<(u16, Vec<u8>)> {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nauthorization: Bearer hunter2\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    let received = exchange(address, &[head.as_bytes(), body].concat()).await.ok()?;
    let response = Response::parse(&received).filter(Response::is_complete)?;
    Some((response.status, response.body.into()))
}

/// Value of a key; `None` if it is absent.
type State = Option<Vec<u8>>;

/// States that a key may be in.
#[derive(Debug, Default, Clone)]
struct Known {
    acknowledged: State,
    /// State after a write that was never acknowledged.
    pending: Option<State>,
}

/// One client's keys.
type Keys = BTreeMap<String, Known>;

/// Change that a client makes.
#[derive(Debug, Clone)]
enum Change {
    Put(usize, Vec<u8>),
    Delete(usize),
    PutMany(Vec<u8>),
}

fn changes(serial: usize) -> impl Strategy<Value = Change> {
    let value = prop_oneof![5 => 0..100_usize, 2 => 1_000..5_000_usize, 1 => 60_000..300_000_usize];
    let value = value.prop_map(move |len| {
        let text = format!("{serial}:");
        let filler = vec![b'a' + u8::try_from(serial % 26).unwrap(); len];
        [text.into_bytes(), filler].concat()
    });
    (0..KEYS, value, 0..10_u8).prop_map(|(key, value, kind)| match kind {
        0 | 1 => Change::Delete(key),
        2 => Change::PutMany(value),
        _ => Change::Put(key, value),
    })
}

/// Makes changes until the server stops responding, and returns the known states of the keys then.
async fn write(
    address: &str,
    namespace: &str,
    mut keys: Keys,
    seed: u64,
    acknowledged: &AtomicUsize,
) -> Keys {
    let mut random = Random::new(seed);
    for serial in 0.. {
        let names: Vec<_> = keys.keys().cloned().collect();
        let (changed, request) = match random.draw(changes(serial)) {
            Change::Put(key, value) => {
                let request =
                    ask(address, "PUT", &format!("{namespace}/values/{}", names[key]), &value).await;
                (vec![(key, Some(value))], request)
            }
            Change::Delete(key) => {
                let request =
                    ask(address, "DELETE", &format!("{namespace}/values/{}", names[key]), b"").await;
                (vec![(key, None)], request)
            }
            Change::PutMany(value) => {
                let value_text = String::from_utf8(value.clone()).unwrap();
                let pairs = names.iter().map(|name| format!(r#"{{"key":"{name}","value":"{value_text}"}}"#));
                let body = format!("[{}]", pairs.collect::<Vec<_>>().join(","));
                let request = ask(address, "PUT", &format!("{namespace}/bulk"), body.as_bytes()).await;
                ((0..names.len()).map(|key| (key, Some(value.clone()))).collect(), request)
            }
        };
        for (key, state) in changed {
            let known = keys.get_mut(&names[key]).unwrap();
            match &request {
                Some((status, body)) => {
                    assert_eq!(*status, 200, "{}", String::from_utf8_lossy(body));
                    *known = Known { acknowledged: state, pending: None };
                }
                None => known.pending = Some(state),
            }
        }
        if request.is_none() {
            break;
        }
        acknowledged.fetch_add(1, Ordering::Relaxed);
    }
    keys
}

/// Checks that each key is in one of its known states, which becomes the only one. Returns how many pending
/// writes had been applied.
async fn check(address: &str, namespace: &str, clients: &mut [Keys]) -> usize {
    let mut applied = 0;
    for (name, known) in clients.iter_mut().flatten() {
        let answer = ask(address, "GET", &format!("{namespace}/values/{name}"), b"").await;
        let (status, body) = answer.unwrap();
        let found = match status {
            200 => Some(body),
            404 => None,
            _ => panic!("{status}: {}", String::from_utf8_lossy(&body)),
        };
        if found != known.acknowledged {
            let short = |state: &State| {
                state.as_ref().map(|value| (value[..value.len().min(8)].to_vec(), value.len()))
            };
            assert_eq!(
                Some(short(&found)),
                known.pending.as_ref().map(short),
                "{name} is in neither the acknowledged state, {:?}, nor the pending one",
                short(&known.acknowledged)
            );
            assert_eq!(Some(&found), known.pending.as_ref(), "{name} has other bytes");
            applied += 1;
        }
        *known = Known { acknowledged: found, pending: None };
    }
    applied
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_writes_survive_kills() {
    let kills = variable("KV_SERVER_KILLS").unwrap_or(KILLS);
    let mut random = Random::new(variable("KV_SERVER_SEED").unwrap_or_else(|| {
        let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
        any::<u64>().new_tree(&mut runner).unwrap().current()
    }));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.kv");
    let client = |client| (0..KEYS).map(move |key| (format!("{client}-{key}"), Known::default())).collect();
    let mut clients: Vec<Keys> = (0..CLIENTS).map(client).collect();

    let mut server = start(&file);
    let (mut address, _) = listening(&mut server).await;
    let (status, body) = ask(&address, "POST", NAMESPACES, br#"{"title":"n"}"#).await.unwrap();
    let body = String::from_utf8(body).unwrap();
    assert_eq!(status, 200, "{body}");
    let namespace = format!("{NAMESPACES}/{}", namespace_id(&body));

    let mut acknowledged = 0;
    let mut pending = 0;
    let mut applied = 0;
    for _ in 0..kills {
        let acknowledgements = Arc::<AtomicUsize>::default();
        let mut writers = JoinSet::new();
        for (number, keys) in clients.into_iter().enumerate() {
            let address = address.clone();
            let namespace = namespace.clone();
            let acknowledgements = Arc::clone(&acknowledgements);
            let seed = random.draw(any::<u64>());
            writers.spawn(async move {
                (number, write(&address, &namespace, keys, seed, &acknowledgements).await)
            });
        }
        let until = random.draw(1..80_usize);
        while acknowledgements.load(Ordering::Relaxed) < until {
            tokio::task::yield_now().await;
        }
        // The kill hits a random moment of the requests.
        tokio::time::sleep(Duration::from_micros(random.draw(0..3_000_u64))).await;
        server.kill().await.unwrap();
        let mut ended = writers.join_all().await;
        ended.sort_by_key(|(number, _)| *number);
        clients = ended.into_iter().map(|(_, keys)| keys).collect();
        acknowledged += acknowledgements.load(Ordering::Relaxed);
        pending += clients.iter().flat_map(Keys::values).filter(|known| known.pending.is_some()).count();

        // Some kills hit the process while it opens the file.
        while random.draw(proptest::bool::weighted(0.3)) {
            let mut opening = start(&file);
            tokio::time::sleep(Duration::from_millis(random.draw(0..60_u64))).await;
            opening.kill().await.unwrap();
        }
        server = start(&file);
        (address, _) = listening(&mut server).await;
        applied += check(&address, &namespace, &mut clients).await;
    }
    println!(
        "{kills} kills: {acknowledged} requests acknowledged, {pending} changes pending, {applied} of them applied"
    );
    assert!(acknowledged > 0 && pending > 0, "no kill hit a write");
    server.kill().await.unwrap();
}
