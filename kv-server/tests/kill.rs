//! The process is killed while clients write over HTTP: after the restart, every write that was answered is there.
//!
//! `KV_SERVER_KILLS=200` kills that often, and not 6 times. A failure prints its seed; `KV_SERVER_SEED` sets it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![cfg(all(feature = "stores", unix))]

use std::{
    collections::BTreeMap,
    env,
    path::Path,
    process::Stdio,
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
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    process::{Child, Command},
    task::JoinSet,
    time::timeout,
};

const KILLS: u32 = 6;
const CLIENTS: usize = 4;
/// The keys of each client. No other one writes them.
const KEYS: usize = 8;
const NAMESPACES: &str = "/client/v4/accounts/0123456789abcdef0123456789abcdef/storage/kv/namespaces";

fn variable<T: FromStr<Err: std::fmt::Debug>>(name: &str) -> Option<T> {
    env::var(name).ok().map(|value| value.parse().unwrap())
}

/// Draws at random, from a seed that is printed if the test fails.
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
            eprintln!("the same again: KV_SERVER_SEED={}", self.seed);
        }
    }
}

/// Starts the server on `file`. It is killed when it is dropped.
fn start(file: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kv-server"));
    command.args(["--listen", "127.0.0.1:0", "--token", "hunter2", "--log", "off", "--store"]);
    command.arg(format!("redb:{}", file.display())).env_remove("KV_SERVER_TOKEN").env_remove("RUST_LOG");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap()
}

/// The address that the server tells once it listens.
async fn address(child: &mut Child) -> String {
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    timeout(Duration::from_secs(60), stdout.read_line(&mut line)).await.unwrap().unwrap();
    let address = line.trim_end().strip_prefix("listening on http://");
    address.unwrap_or_else(|| panic!("{line:?}")).to_owned()
}

/// The status and the body of an answer, if one arrived whole.
async fn ask(address: &str, method: &str, path: &str, body: &[u8]) -> Option<(u16, Vec<u8>)> {
    let mut connection = TcpStream::connect(address).await.ok()?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nauthorization: Bearer hunter2\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    connection.write_all(&[head.as_bytes(), body].concat()).await.ok()?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.ok()?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?.to_ascii_lowercase();
    let body = answer.split_off(end + 4);
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse::<usize>().ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    (body.len() == length).then_some((status, body))
}

/// Content of a key: a value, or nothing.
type State = Option<Vec<u8>>;

/// Contents that a key may have.
#[derive(Debug, Default, Clone)]
struct Known {
    answered: State,
    /// Content that was asked for, in a request that was never answered.
    asked: Option<State>,
}

/// One client's keys.
type Keys = BTreeMap<String, Known>;

/// Next change of a client.
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

/// Makes changes until the server does not answer any more, and answers what is known then.
async fn write(address: &str, namespace: &str, mut keys: Keys, seed: u64, answers: &AtomicUsize) -> Keys {
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
                    *known = Known { answered: state, asked: None };
                }
                None => known.asked = Some(state),
            }
        }
        if request.is_none() {
            break;
        }
        answers.fetch_add(1, Ordering::Relaxed);
    }
    keys
}

/// Compares what the server answers with what may be there, and takes it for what is there. Answers how many unanswered
/// changes turned out to be applied.
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
        if found != known.answered {
            let short = |state: &State| {
                state.as_ref().map(|value| (value[..value.len().min(8)].to_vec(), value.len()))
            };
            assert_eq!(
                Some(short(&found)),
                known.asked.as_ref().map(short),
                "{name} is neither what was answered, {:?}, nor what was asked for",
                short(&known.answered)
            );
            assert_eq!(Some(&found), known.asked.as_ref(), "{name} has other bytes");
            applied += 1;
        }
        *known = Known { answered: found, asked: None };
    }
    applied
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answered_writes_survive_kills() {
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
    let mut at = address(&mut server).await;
    let (status, body) = ask(&at, "POST", NAMESPACES, br#"{"title":"n"}"#).await.unwrap();
    let body = String::from_utf8(body).unwrap();
    assert_eq!(status, 200, "{body}");
    let (_, id) = body.split_once("\"id\":\"").unwrap();
    let namespace = format!("{NAMESPACES}/{}", &id[..32]);

    let mut answered = 0;
    let mut unanswered = 0;
    let mut applied = 0;
    for _ in 0..kills {
        let answers = Arc::<AtomicUsize>::default();
        let mut writers = JoinSet::new();
        for (number, keys) in clients.into_iter().enumerate() {
            let at = at.clone();
            let namespace = namespace.clone();
            let answers = Arc::clone(&answers);
            let seed = random.draw(any::<u64>());
            writers.spawn(async move { (number, write(&at, &namespace, keys, seed, &answers).await) });
        }
        let until = random.draw(1..80_usize);
        while answers.load(Ordering::Relaxed) < until {
            tokio::task::yield_now().await;
        }
        // The moment within a request is left to chance.
        tokio::time::sleep(Duration::from_micros(random.draw(0..3_000_u64))).await;
        server.kill().await.unwrap();
        let mut ended = writers.join_all().await;
        ended.sort_by_key(|(number, _)| *number);
        clients = ended.into_iter().map(|(_, keys)| keys).collect();
        answered += answers.load(Ordering::Relaxed);
        unanswered += clients.iter().flat_map(Keys::values).filter(|known| known.asked.is_some()).count();

        // Killed again while it opens the file.
        while random.draw(proptest::bool::weighted(0.3)) {
            let mut opening = start(&file);
            tokio::time::sleep(Duration::from_millis(random.draw(0..60_u64))).await;
            opening.kill().await.unwrap();
        }
        server = start(&file);
        at = address(&mut server).await;
        applied += check(&at, &namespace, &mut clients).await;
    }
    println!(
        "{kills} kills: {answered} answers, {unanswered} changes without one, of which {applied} were applied"
    );
    assert!(answered > 0 && unanswered > 0, "no kill came in the midst of a write");
    server.kill().await.unwrap();
}
