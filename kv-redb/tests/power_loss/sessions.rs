//! Sequences of sessions on one disk: a store is opened, used, and then closed or cut off by a fault.

use std::time::Duration;

use proptest::{collection::vec, option, prelude::*};

use crate::{
    disk::{Fault, FaultKind},
    harness::{Harness, Setting},
    store_model::{Plan, batches},
    survivors::Survivors,
};

/// Most sessions before the last one, in which nothing fails.
const MAX_SESSIONS: usize = 4;
const MAX_VALUE_BYTES: usize = 300_000;

/// One opening of the store, its use, and its end.
#[derive(Debug, Clone)]
struct Session {
    setting: Setting,
    /// Fault during the session: also during the opening, which may be a recovery, or the closing.
    fault: Option<Fault>,
    steps: Vec<Step>,
    end: SessionEnd,
    survivors: Survivors,
    check_copy: bool,
}

#[derive(Debug, Clone)]
enum Step {
    Batch(Vec<Plan>),
    Advance(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SessionEnd {
    Close,
    PowerLoss,
}

fn settings() -> impl Strategy<Value = Setting> {
    any::<(bool, bool)>().prop_map(|(quick_repair, small_cache)| Setting { quick_repair, small_cache })
}

fn sessions() -> impl Strategy<Value = Session> {
    let step = prop_oneof![
        5 => batches(MAX_VALUE_BYTES, 8).prop_map(Step::Batch),
        1 => (1..100_u64).prop_map(Step::Advance),
    ];
    let end = prop_oneof![Just(SessionEnd::Close), Just(SessionEnd::PowerLoss)];
    let fault = option::weighted(0.8, Fault::strategy());
    let rare = proptest::bool::weighted(0.2);
    (settings(), fault, vec(step, 0..8), end, Survivors::strategy(), rare).prop_map(
        |(setting, fault, steps, end, survivors, check_copy)| Session {
            setting,
            fault,
            steps,
            end,
            survivors,
            check_copy,
        },
    )
}

impl Session {
    fn run(self, harness: &mut Harness) {
        harness.disk.set_fault(self.fault);
        let store = harness.open(self.setting);
        if let Some(store) = &store {
            for step in self.steps {
                match step {
                    Step::Advance(seconds) => harness.advance(Duration::from_secs(seconds)),
                    Step::Batch(plans) => {
                        if !harness.batch(store, plans) {
                            harness.check_failed(store);
                            break;
                        }
                    }
                }
            }
            if self.end == SessionEnd::Close {
                harness.close(store);
            }
        }
        if self.end == SessionEnd::PowerLoss || harness.disk.fired() == Some(FaultKind::PowerLoss) {
            harness.lose_power(store.as_ref(), &self.survivors);
            if self.check_copy {
                harness.check_copy(self.setting);
            }
        }
    }
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: crate::cases(), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_prefix_of_the_requests_with_every_answered_one_survives_any_fault(
        sessions in vec(sessions(), 1..=MAX_SESSIONS),
        last_setting in settings(),
        last in batches(MAX_VALUE_BYTES, 4),
    ) {
        let mut harness = Harness::new();
        for life in sessions {
            life.run(&mut harness);
        }
        harness.check_recovered(last_setting, last);
    }
}
