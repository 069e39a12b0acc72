//! Tests of the limiter: times at which requests go, on the runtime's paused time.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use futures_util::future::join_all;
use kv_core::{Clock, Timestamp};
use kv_testkit::proptest::{prelude::*, test_runner::Config};
use tokio::time::{Instant, sleep};

use crate::rate_limit::{budget::Budget, deadline::Deadline, limiter::Limiter, usage::Counters};

/// Clock of the runtime's paused time.
#[derive(Debug)]
struct RuntimeClock(Instant);

impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Returns the times at which the requests went, each with its key. `requests` holds the time at which each
/// comes and the key that it writes.
fn times(budget: Budget, requests: &[(Duration, Option<u64>)]) -> Vec<(Duration, Option<u64>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(async {
        let start = Instant::now();
        let limiter = Limiter::new(budget, Arc::new(RuntimeClock(start)));
        let counters = Counters::default();
        let went = requests.iter().map(async |(after, key)| {
            sleep(*after).await;
            let deadline = Deadline::after(Duration::from_secs(1_000_000));
            limiter.admit(key.as_slice(), &deadline, &counters).await.unwrap();
            (start.elapsed(), *key)
        });
        let mut went = join_all(went).await;
        went.sort();
        went
    })
}

#[test]
fn cloudflares_limits_are_used_but_not_passed() {
    let at_once = vec![(Duration::ZERO, None); 3_000];
    let times = times(Budget::cloudflare(), &at_once);
    let window = Duration::from_secs(300);
    for pair in times.windows(1_201) {
        assert!(pair[1_200].0 > pair[0].0 + window);
    }
    assert_eq!(times.iter().filter(|(time, _)| time.is_zero()).count(), 300);
    assert!(times[2_999].0 < Duration::from_secs(900), "2,700 more are 900 s");
}

proptest! {
    #![proptest_config(Config { cases: 64, ..Config::default() })]

    /// No window holds too many requests, no key is written too often, and each request goes in the end.
    #[test]
    fn no_limit_is_passed(
        max in 1_u32..40,
        window in 1_u64..60,
        interval in 0_u64..3_000,
        requests in prop::collection::vec((0_u64..90_000, prop::option::of(0_u64..3)), 1..120),
    ) {
        let window = Duration::from_secs(window);
        let interval = Duration::from_millis(interval);
        let budget = Budget::cloudflare()
            .with_requests(NonZeroU32::new(max).unwrap(), window)
            .with_write_interval(interval);
        let requests: Vec<_> =
            requests.into_iter().map(|(after, key)| (Duration::from_millis(after), key)).collect();
        let times = times(budget, &requests);
        prop_assert_eq!(times.len(), requests.len());
        for span in times.windows(max as usize + 1) {
            prop_assert!(span[max as usize].0 > span[0].0 + window);
        }
        for key in 0..3 {
            let writes: Vec<_> = times.iter().filter(|(_, other)| *other == Some(key)).collect();
            for pair in writes.windows(2) {
                prop_assert!(pair[1].0 >= pair[0].0 + interval);
            }
        }
    }
}

/// Request of a scenario: the time at which it comes, the key that it writes, and the time that it may take.
#[derive(Debug, Clone, Copy)]
struct Coming {
    after: Duration,
    key: Option<u64>,
    total: Duration,
}

/// Fate of a request: the time from when it came until it went or was refused, and then the wait in the
/// error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fate {
    took: Duration,
    refused: Option<Duration>,
}

/// Returns the fates of all `requests` of one client, in their order.
fn fates(budget: Budget, requests: &[Coming]) -> Vec<Fate> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(async {
        let limiter = Limiter::new(budget, Arc::new(RuntimeClock(Instant::now())));
        let counters = Counters::default();
        let fates = requests.iter().map(async |coming| {
            sleep(coming.after).await;
            let came = Instant::now();
            let deadline = Deadline::after(coming.total);
            let outcome = limiter.admit(coming.key.as_slice(), &deadline, &counters).await;
            Fate { took: came.elapsed(), refused: outcome.err().map(|over| over.0) }
        });
        let fates = join_all(fates).await;
        assert_eq!(limiter.state().queues.requests(), 0, "the queue is empty in the end");
        fates
    })
}

/// `true` if `took` is `expected`. Timers count milliseconds, and each request that goes late delays those
/// behind it.
fn is_about(took: Duration, expected: Duration, requests: usize) -> bool {
    let slack = Duration::from_millis(1) * u32::try_from(requests).unwrap();
    took + Duration::from_millis(1) >= expected && took <= expected + slack
}

/// Of 1,000 requests at once, 300 go, those with time enough wait, and the rest is refused before it waits.
#[test]
fn a_request_that_comes_too_late_is_refused_at_once() {
    for total in [Duration::from_secs(5), Duration::from_secs(120)] {
        let coming = Coming { after: Duration::ZERO, key: None, total };
        // One more behind them, with time enough.
        let patient =
            Coming { after: Duration::from_millis(1), total: Duration::from_secs(100_000), ..coming };
        let mut fates = fates(Budget::cloudflare(), &[vec![coming; 1_000], vec![patient]].concat());
        let patient = fates.pop().unwrap();
        let (refused, gone): (Vec<_>, Vec<_>) = fates.into_iter().partition(|fate| fate.refused.is_some());
        assert!(gone.iter().all(|fate| fate.took < total), "no request waits in vain");
        let expected = 300 + usize::try_from(total.as_secs()).unwrap() * 3;
        assert!((expected - 1..=expected + 1).contains(&gone.len()), "{} of {expected} go", gone.len());
        for fate in refused {
            assert_eq!(fate.took, Duration::ZERO, "refused at once");
            let wait = fate.refused.unwrap();
            assert!(wait >= total && is_about(patient.took, wait, 2), "{wait:?}, and it takes {patient:?}");
        }
    }
}

/// Writes to one key wait for each other, and one that has too little time is refused before it waits.
#[test]
fn a_write_of_a_hot_key_that_comes_too_late_is_refused_at_once() {
    let coming = Coming { after: Duration::ZERO, key: Some(7), total: Duration::from_secs(5) };
    let patient = Coming { after: Duration::from_millis(1), total: Duration::from_secs(100_000), ..coming };
    let fates = fates(Budget::cloudflare(), &[vec![coming; 100], vec![patient]].concat());
    let gone: Vec<_> = fates.iter().filter(|fate| fate.refused.is_none()).collect();
    assert_eq!(gone.len(), 6, "one per second, and the patient one");
    let refused: Vec<_> = fates.iter().filter_map(|fate| Some((fate.took, fate.refused?))).collect();
    assert_eq!(refused.len(), 95);
    for (took, wait) in refused {
        assert_eq!(took, Duration::ZERO);
        assert!(is_about(gone[5].took, wait, 10), "{wait:?}, and it takes {:?}", gone[5].took);
    }
}

proptest! {
    #![proptest_config(Config { cases: 48, ..Config::default() })]

    /// A request that is refused is refused at once, with the true wait in its error. A second run, in which
    /// it has time enough, shows when it would have gone.
    #[test]
    fn the_wait_of_a_refusal_is_the_true_one(
        max in 1_u32..40,
        window in 1_u64..60,
        interval in prop_oneof![Just(0_u64), 1_u64..3_000],
        requests in prop::collection::vec((0_u64..20_000, prop::option::of(0_u64..3), 0_u64..30_000), 1..60),
    ) {
        let budget = Budget::cloudflare()
            .with_requests(NonZeroU32::new(max).unwrap(), Duration::from_secs(window))
            .with_write_interval(Duration::from_millis(interval));
        let requests: Vec<_> = requests
            .into_iter()
            .map(|(after, key, total)| Coming {
                after: Duration::from_millis(after),
                key: key.filter(|_| interval > 0),
                total: Duration::from_millis(total),
            })
            .collect();
        let first = fates(budget, &requests);
        let slack = Duration::from_millis(1) * u32::try_from(requests.len()).unwrap();
        for (coming, fate) in requests.iter().zip(&first) {
            prop_assert!(fate.took <= coming.total + Duration::from_millis(1));
        }
        // It does not delay those before it in the queue, so its place is the same when it has more time.
        let patient = |place: usize| {
            let mut requests = requests.clone();
            requests[place].total = Duration::from_secs(1_000_000);
            let fate = fates(budget, &requests)[place];
            assert!(fate.refused.is_none());
            fate.took
        };
        let is_late = |fate: &Fate| fate.refused.is_some() && !fate.took.is_zero();
        if first.iter().any(is_late) {
            // Late by some milliseconds, as timers are; or a write, if other requests were queued by the time
            // that its key was free.
            let keyless = |place: &usize| is_late(&first[*place]) && requests[*place].key.is_none();
            if let Some(place) = (0..first.len()).find(keyless) {
                let took = patient(place);
                prop_assert!(took <= requests[place].total + slack, "refused late, and it takes {took:?}");
            }
        } else if let Some(place) = first.iter().position(|fate| fate.refused.is_some()) {
            let wait = first[place].refused.unwrap();
            let took = patient(place);
            // For a write it is the shortest wait: others may join the queue while it waits for its key.
            prop_assert!(took + Duration::from_millis(1) >= wait, "{wait:?}, and it takes {took:?}");
            prop_assert!(
                requests[place].key.is_some() || took <= wait + slack,
                "{wait:?}, and it takes {took:?}"
            );
        }
    }

    /// A request that is dropped while it waits leaves the queue: those behind it move up, and those that
    /// come later have a shorter wait.
    #[test]
    fn a_dropped_request_leaves_the_queue(
        dropped in prop::collection::vec(any::<bool>(), 1..40),
        key in prop::option::of(Just(7_u64)),
    ) {
        let second = Duration::from_secs(1);
        let one = NonZeroU32::new(1).unwrap();
        // One request per second, or one write per second.
        let budget = match key {
            None => Budget::unlimited().with_requests(one, second),
            Some(_) => Budget::unlimited().with_write_interval(second),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(async {
            let start = Instant::now();
            let limiter = Limiter::new(budget, Arc::new(RuntimeClock(start)));
            let counters = Counters::default();
            let long = Deadline::after(second * 1_000_000);
            limiter.admit(key.as_slice(), &long, &counters).await.unwrap();
            let waits = dropped.iter().map(async |is_dropped| {
                let patience = if *is_dropped { second / 2 } else { second * 1_000 };
                let admitted = limiter.admit(key.as_slice(), &long, &counters);
                let went = tokio::time::timeout(patience, admitted).await;
                went.ok().map(|outcome| {
                    outcome.unwrap();
                    start.elapsed()
                })
            });
            let newcomer = async {
                sleep(second * 3 / 4).await;
                let passed = Deadline::after(Duration::ZERO);
                (start.elapsed(), limiter.admit(key.as_slice(), &passed, &counters).await.unwrap_err().0)
            };
            let (went, (came, wait)) = tokio::join!(join_all(waits), newcomer);
            let went: Vec<_> = went.into_iter().flatten().collect();
            let stayed = dropped.iter().filter(|is_dropped| !**is_dropped).count();
            prop_assert_eq!(went.len(), stayed);
            for (number, time) in (1..).zip(&went) {
                prop_assert!(is_about(*time, second * number, 50), "{number} went after {time:?}");
            }
            let turn = second * u32::try_from(stayed + 1).unwrap();
            prop_assert!(is_about(came + wait, turn, 50), "{wait:?} at {came:?} for {turn:?}");
            prop_assert_eq!(limiter.state().queues.requests(), 0);
            prop_assert_eq!(limiter.state().queues.writers_of(7), 0);
            Ok(())
        })?;
    }

    /// Bulk calls stand in many queues. All go in the end, even if others are dropped meanwhile, and no key
    /// is written too often.
    #[test]
    fn requests_of_many_keys_do_not_block_each_other(
        requests in prop::collection::vec(
            (
                0_u64..5_000,
                prop::collection::btree_set(0_u64..5, 0..4),
                prop::option::weighted(0.2, 0_u64..4_000),
            ),
            1..40,
        ),
        max in 1_u32..20,
    ) {
        let second = Duration::from_secs(1);
        let budget = Budget::cloudflare().with_requests(NonZeroU32::new(max).unwrap(), 10 * second);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(async {
            let start = Instant::now();
            let limiter = Limiter::new(budget, Arc::new(RuntimeClock(start)));
            let counters = Counters::default();
            let went = requests.iter().map(async |(after, keys, patience)| {
                sleep(Duration::from_millis(*after)).await;
                let keys: Vec<_> = keys.iter().copied().collect();
                let deadline = Deadline::after(1_000_000 * second);
                let patience = patience.map_or(1_000_000 * second, Duration::from_millis);
                match tokio::time::timeout(patience, limiter.admit(&keys, &deadline, &counters)).await {
                    Ok(outcome) => {
                        outcome.unwrap();
                        Some((start.elapsed(), keys))
                    }
                    Err(_) => None,
                }
            });
            let went = tokio::time::timeout(10_000 * second, join_all(went)).await;
            let went: Vec<_> = went.expect("no request waits for ever").into_iter().flatten().collect();
            for key in 0..5 {
                let writes = went.iter().filter(|(_, keys)| keys.contains(&key));
                let mut writes: Vec<_> = writes.map(|(time, _)| *time).collect();
                writes.sort();
                for pair in writes.windows(2) {
                    prop_assert!(pair[1] >= pair[0] + second, "key {key} at {pair:?}");
                }
                prop_assert_eq!(limiter.state().queues.writers_of(key), 0);
            }
            prop_assert_eq!(limiter.state().queues.requests(), 0);
            Ok(())
        })?;
    }
}
