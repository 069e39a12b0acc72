//! Stores that are opened, used, and end in one way or another, over and over on one disk.

use std::time::Duration;

use proptest::{collection::vec, option, prelude::*};

use crate::{
    disk::{Failure, Fault},
    harness::{Machine, Setting},
    store_model::{Draft, batches},
    survivors::Survivors,
};

/// How many lives a disk sees before the last one, in which nothing fails.
const LIVES: usize = 4;
const LONGEST: usize = 300_000;

/// What happens between an opening and the next one.
#[derive(Debug, Clone)]
struct Life {
    setting: Setting,
    /// It may fall into the opening, which then may be a recovery, or into the closing.
    fault: Option<Fault>,
    steps: Vec<Step>,
    end: End,
    survivors: Survivors,
    check_copy: bool,
}

#[derive(Debug, Clone)]
enum Step {
    Batch(Vec<Draft>),
    Advance(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Close,
    PowerLoss,
}

fn settings() -> impl Strategy<Value = Setting> {
    any::<(bool, bool)>().prop_map(|(quick_repair, small_cache)| Setting { quick_repair, small_cache })
}

fn lives() -> impl Strategy<Value = Life> {
    let step = prop_oneof![
        5 => batches(LONGEST, 8).prop_map(Step::Batch),
        1 => (1..100_u64).prop_map(Step::Advance),
    ];
    let end = prop_oneof![Just(End::Close), Just(End::PowerLoss)];
    let fault = option::weighted(0.8, Fault::strategy());
    let rare = proptest::bool::weighted(0.2);
    (settings(), fault, vec(step, 0..8), end, Survivors::strategy(), rare).prop_map(
        |(setting, fault, steps, end, survivors, check_copy)| Life {
            setting,
            fault,
            steps,
            end,
            survivors,
            check_copy,
        },
    )
}

impl Life {
    fn run(self, machine: &mut Machine) {
        machine.disk.set_fault(self.fault);
        let store = machine.open(self.setting);
        if let Some(store) = &store {
            for step in self.steps {
                match step {
                    Step::Advance(seconds) => machine.advance(Duration::from_secs(seconds)),
                    Step::Batch(drafts) => {
                        if !machine.batch(store, drafts) {
                            machine.check_failed(store);
                            break;
                        }
                    }
                }
            }
            if self.end == End::Close {
                machine.close(store);
            }
        }
        if self.end == End::PowerLoss || machine.disk.fired() == Some(Failure::PowerLoss) {
            machine.lose_power(store.as_ref(), &self.survivors);
            if self.check_copy {
                machine.check_copy(self.setting);
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
    fn whatever_fails_a_first_part_of_the_requests_survives_with_every_answered_one(
        lives in vec(lives(), 1..=LIVES),
        last_setting in settings(),
        last in batches(LONGEST, 4),
    ) {
        let mut machine = Machine::new();
        for life in lives {
            life.run(&mut machine);
        }
        machine.check_recovered(last_setting, last);
    }
}
