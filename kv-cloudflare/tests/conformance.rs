//! Conformance suite over kv-server and a real socket, on kv-memory and on kv-redb.

mod subjects;

use kv_testkit::{Subject, cases};
use libtest_mimic::{Arguments, Failed, Trial};

/// Cases that Workers KV cannot pass over any store, with the reason.
const CANNOT: &[(&str, &str)] = &[(
    "expiry::carried_expiry_may_be_near",
    "the API takes no expiry that is less than 60 s away: it is sent as a TTL of 60 s",
)];

/// Modules of the cases of conditional writes, which Workers KV does not have.
const ATOMIC: &[&str] = &["conditional::", "versions::", "updates::", "expired_versions::"];

fn main() {
    let arguments = Arguments::from_args();
    let backends: [(&str, fn() -> _); 2] = [("memory", || Backend::Memory), ("redb", || Backend::Redb)];
    let cases =
        || cases::ALL.iter().filter(|case| !ATOMIC.iter().any(|module| case.name().starts_with(module)));
    let trials = backends.into_iter().flat_map(|(name, backend)| {
        cases().map(move |case| {
            let cannot = CANNOT.iter().find(|(name, _)| *name == case.name());
            let trial = Trial::test(format!("{name}::{}", case.name()), move || {
                kv_testkit::run_case(
                    async || backend().subject().await,
                    async |subject: &Subject| case.run(subject).await,
                );
                Ok::<(), Failed>(())
            });
            match cannot {
                Some((_, reason)) => trial.with_ignored_flag(true).with_kind(*reason),
                None => trial,
            }
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

enum Backend {
    Memory,
    Redb,
}

impl Backend {
    async fn subject(self) -> Subject {
        match self {
            Self::Memory => subjects::memory(|client, _, _| client).await,
            Self::Redb => subjects::redb(|client, _, _| client).await,
        }
    }
}
