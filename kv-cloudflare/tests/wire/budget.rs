//! Request budget, on the runtime's paused time.

use std::{
    io,
    num::NonZeroU32,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::join_all;
use kv_cloudflare::{Budget, CloudflareAccount, CloudflareNamespace};
use kv_core::{ErrorKind, GetOptions, Key, KvNamespace, KvNamespaceExt, NamespaceId, PutOptions, Value};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::paused_time::{RuntimeClock, on_paused_time};
use crate::scripted_server::{ACCOUNT, NAMESPACE, Reaction, ScriptedServer, TOKEN};

const SECOND: Duration = Duration::from_secs(1);

async fn server() -> ScriptedServer {
    ScriptedServer::new(|request| match request.method.as_str() {
        "GET" => Reaction::value("v"),
        _ => Reaction::result(json!(null)),
    })
    .await
}

fn client(server: &ScriptedServer, budget: Budget, total: Duration) -> CloudflareNamespace {
    let builder = server.builder().budget(budget).clock(Arc::new(RuntimeClock::new()));
    builder.total_timeout(total).build().unwrap()
}

async fn read(kv: &CloudflareNamespace, number: usize) -> kv_core::Result<()> {
    kv.read(Key::new(format!("k{number}")).unwrap(), GetOptions::default()).await.map(drop)
}

async fn write(kv: &CloudflareNamespace, key: &str) -> kv_core::Result<()> {
    kv.write(Key::new(key.to_owned()).unwrap(), Value::default(), PutOptions::default()).await
}

/// Within five minutes there are at most 1,200 requests.
///
/// The server sees a request a little after it was sent, never before. So the requests it sees within five
/// minutes of an idle moment were all sent in them. The tests of the limiter cover all other windows.
#[test]
fn at_most_1200_requests_are_sent_in_five_minutes() {
    on_paused_time(async {
        let server = server().await;
        let client = client(&server, Budget::cloudflare(), Duration::from_secs(3_600));
        // All at once, then, after a rest in which a part of the burst comes back, again.
        for (count, burst, longest) in [(1_250, 300, 318), (200, 30, 58)] {
            let before = server.requests().len();
            let start = Instant::now();
            let outcomes = join_all((0..count).map(|number| read(&client, number))).await;
            assert!(outcomes.into_iter().all(|outcome| outcome.is_ok()));
            let took = start.elapsed();
            let requests = server.requests();
            let times = requests[before..].iter().map(|request| request.at - start);
            assert_eq!(times.len(), count);
            let within = |end: Duration| times.clone().filter(|time| *time <= end).count();
            assert!(within(300 * SECOND) <= 1_200, "{} requests in five minutes", within(300 * SECOND));
            assert!(within(SECOND) >= burst, "{} requests of a burst", within(SECOND));
            assert!(took < longest * SECOND, "three a second go in the end: {took:?}");
            sleep(10 * SECOND).await;
        }
        assert!(client.usage().limited >= 1_000);
    });
}

#[test]
fn a_key_takes_one_write_per_second() {
    on_paused_time(async {
        let server = server().await;
        let client = client(&server, Budget::cloudflare(), 60 * SECOND);
        let hot = join_all((0..5).map(|_| write(&client, "hot")));
        let others = join_all((0..50).map(|number| read(&client, number)));
        let start = Instant::now();
        let (hot, (others, others_took)) = tokio::join!(hot, async { (others.await, start.elapsed()) });
        assert!(hot.into_iter().chain(others).all(|outcome| outcome.is_ok()));
        assert!(others_took < SECOND, "a hot key holds up no other request: {others_took:?}");
        let times: Vec<_> = server
            .requests()
            .iter()
            .filter(|request| request.method == "PUT")
            .map(|request| request.at)
            .collect();
        assert_eq!(times.len(), 5);
        for (number, time) in (0..).zip(&times) {
            // The server sees a request a little after it was sent, never before.
            assert!(*time - start >= number * SECOND, "write {number} went after {:?}", *time - start);
        }
        assert!(times[4] - start < 5 * SECOND, "a write waited longer: {:?}", times[4] - start);

        // Removals and bulk calls are writes too, and other keys are not meant.
        let start = Instant::now();
        client.delete("other").await.unwrap();
        client.delete_many(["a", "b"]).await.unwrap().into_result().unwrap();
        assert!(start.elapsed() < SECOND);
        client.delete("b").await.unwrap();
        assert!(start.elapsed() >= SECOND);
    });
}

/// Equal keys of different namespaces do not wait for each other.
#[test]
fn namespaces_wait_for_their_own_keys_alone() {
    on_paused_time(async {
        let server = server().await;
        let builder = CloudflareAccount::builder().account_id(ACCOUNT).api_token(TOKEN);
        let account =
            builder.base_url(server.base_url()).clock(Arc::new(RuntimeClock::new())).build().unwrap();
        let [one, other] = ["one", "other"].map(|id| account.open(&NamespaceId::new(id).unwrap()));
        let start = Instant::now();
        write(&one, "hot").await.unwrap();
        write(&other, "hot").await.unwrap();
        assert!(start.elapsed() < SECOND);
        write(&account.open(one.id()), "hot").await.unwrap();
        assert!(start.elapsed() >= SECOND, "handles of one namespace wait for each other");
    });
}

/// A call whose turn comes after its deadline fails at once, with the time to wait.
#[test]
fn a_wait_beyond_the_deadline_is_rate_limited() {
    on_paused_time(async {
        let server = server().await;
        let four = NonZeroU32::new(4).unwrap();
        let budget =
            Budget::cloudflare().with_requests(four, 400 * SECOND).with_write_interval(Duration::ZERO);
        let client = client(&server, budget, 60 * SECOND);
        read(&client, 0).await.unwrap();
        let start = Instant::now();
        let error = read(&client, 1).await.unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::RateLimited, Some("read")));
        let wait = error.retry_after().unwrap();
        assert!((99 * SECOND..=101 * SECOND).contains(&wait), "{wait:?}");
        assert!(start.elapsed() < SECOND, "a call waited that fails anyway");
        let usage = client.usage();
        assert_eq!((usage.sent, usage.retried, usage.limited), (1, 0, 1));

        // In line behind one that waits, the end comes before the turn.
        sleep(50 * SECOND).await;
        let (first, second) = tokio::join!(read(&client, 2), read(&client, 3));
        first.unwrap();
        assert_eq!(second.unwrap_err().kind(), ErrorKind::RateLimited);
        assert_eq!(server.requests().len(), 2);
    });
}

/// Of many concurrent calls, those whose turn comes too late fail at once, with the true time to wait.
#[test]
fn a_long_queue_refuses_at_once_with_the_true_wait() {
    on_paused_time(async {
        let server = server().await;
        let client = client(&server, Budget::cloudflare(), 5 * SECOND);
        let calls = (0..400).map(async |number| {
            let start = Instant::now();
            (read(&client, number).await, start.elapsed())
        });
        let outcomes = join_all(calls).await;
        let kind = |outcome: &kv_core::Result<()>| outcome.as_ref().err().map(kv_core::Error::kind);
        let (refused, gone): (Vec<_>, Vec<_>) =
            outcomes.into_iter().partition(|(outcome, _)| kind(outcome) == Some(ErrorKind::RateLimited));
        // Of those that went, the last ones may not be answered before their time is over.
        assert!((314..=316).contains(&gone.len()), "{} went", gone.len());
        assert!(gone.iter().filter(|(outcome, _)| outcome.is_err()).count() < 4);
        for (outcome, took) in refused {
            let wait = outcome.unwrap_err().retry_after().unwrap();
            assert!(took < SECOND / 10, "refused after {took:?}");
            assert!((5 * SECOND..5 * SECOND + SECOND / 2).contains(&wait), "told to wait {wait:?}");
        }
        assert!((314..=316).contains(&server.requests().len()));
    });
}

/// Returns the log lines of the budget while `work` runs, one per event.
async fn events(work: impl Future<Output = ()>) -> Vec<String> {
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).without_time();
    let subscriber = subscriber.with_writer(move || writer.clone()).finish();
    // The runtime of these tests has one thread, which is this one.
    let guard = tracing::subscriber::set_default(subscriber);
    work.await;
    drop(guard);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    log.lines().filter(|line| line.contains(Budget::TRACING_TARGET)).map(str::to_owned).collect()
}

/// A call that waits for the budget logs one event without its key; other calls log none.
#[test]
fn a_wait_is_logged() {
    on_paused_time(async {
        let server = server().await;
        let four = NonZeroU32::new(4).unwrap();
        let slow = client(&server, Budget::cloudflare().with_requests(four, 40 * SECOND), 60 * SECOND);
        let logged = events(async {
            let outcomes = join_all((0..3).map(|number| read(&slow, number))).await;
            assert!(outcomes.into_iter().all(|outcome| outcome.is_ok()));
        });
        let logged = logged.await;
        assert_eq!(logged.len(), 2, "{logged:?}");
        for (line, (wait, ahead)) in logged.iter().zip([(10_001, 0), (20_001, 1)]) {
            assert!(line.trim_start().starts_with("INFO kv_cloudflare::budget: "), "{line}");
            let fields = format!("wait_ms={wait} ahead={ahead}");
            assert!(line.contains(&fields), "{line} without {fields}");
        }

        let hot = client(&server, Budget::cloudflare(), 60 * SECOND);
        let logged = events(async {
            for key in ["secret", "secret", "other"] {
                write(&hot, key).await.unwrap();
            }
        });
        let logged = logged.await;
        assert_eq!(logged.len(), 1, "{logged:?}");
        assert!(logged[0].contains("wait_ms=") && !logged[0].contains("secret"), "{logged:?}");
    });
}

/// Clones and namespaces of one account share a budget; accounts built separately do not.
#[test]
fn an_account_has_one_budget() {
    on_paused_time(async {
        let server = server().await;
        let one = NonZeroU32::new(1).unwrap();
        let build = || {
            CloudflareAccount::builder()
                .account_id(ACCOUNT)
                .api_token(TOKEN)
                .base_url(server.base_url())
                .budget(Budget::cloudflare().with_requests(one, 1_000 * SECOND))
                .clock(Arc::new(RuntimeClock::new()))
                .total_timeout(10 * SECOND)
                .build()
                .unwrap()
        };
        let account = build();
        let this = NamespaceId::new(NAMESPACE).unwrap();
        let that = NamespaceId::new("another").unwrap();
        read(&account.open(&this), 0).await.unwrap();
        for namespace in [account.open(&that), account.clone().open(&this)] {
            assert_eq!(read(&namespace, 1).await.unwrap_err().kind(), ErrorKind::RateLimited);
        }
        assert_eq!(account.usage(), account.open(&that).usage());
        assert_eq!((account.usage().sent, account.usage().limited), (1, 2));
        read(&build().open(&that), 0).await.unwrap();
    });
}

/// A request that is dropped while it waits takes nothing from the budget and blocks no other.
#[test]
fn a_dropped_wait_leaves_the_queue() {
    on_paused_time(async {
        let server = server().await;
        let four = NonZeroU32::new(4).unwrap();
        let client = client(&server, Budget::cloudflare().with_requests(four, 40 * SECOND), 60 * SECOND);
        read(&client, 0).await.unwrap();
        let dropped = tokio::time::timeout(SECOND, read(&client, 1)).await;
        assert!(dropped.is_err());
        let start = Instant::now();
        read(&client, 2).await.unwrap();
        assert!(start.elapsed() < 11 * SECOND, "{:?}", start.elapsed());
        assert_eq!(server.requests().len(), 2);
    });
}

#[tokio::test]
async fn an_unlimited_budget_limits_nothing() {
    let server = server().await;
    let client = client(&server, Budget::unlimited(), 10 * SECOND);
    let outcomes = join_all((0..50).map(|_| write(&client, "hot"))).await;
    assert!(outcomes.into_iter().all(|outcome| outcome.is_ok()));
    assert_eq!((client.usage().sent, client.usage().limited), (50, 0));
}
