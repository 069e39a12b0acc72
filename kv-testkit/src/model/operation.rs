//! Operations of a sequence, and strategies that generate them.

use std::time::Duration;

use kv_core::{GetOptions, Value};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{Index, select},
};
use serde_json::Value as Json;

use crate::support::strategies::{keys, list_limits, metadata, prefixes, ttls, values};

/// Operation of a sequence. A failing sequence is shown by its `Debug`.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    Read {
        key: String,
        options: GetOptions,
    },
    Write {
        key: String,
        put: Put,
    },
    Remove {
        key: String,
    },
    /// Lists every page. The cursor of the first page is kept.
    List {
        prefix: String,
        limit: usize,
    },
    /// Lists every page behind the cursor that was kept last.
    Resume {
        limit: usize,
    },
    ReadMany {
        keys: Vec<String>,
        options: GetOptions,
    },
    WriteMany {
        puts: Vec<(String, Put)>,
    },
    RemoveMany {
        keys: Vec<String>,
    },
    Advance {
        by: Duration,
    },
    SetBack {
        by: Duration,
    },
    Sweep,
    Reopen,
    ReadVersioned {
        key: String,
    },
    WriteIf {
        key: String,
        expected: Expectation,
        put: Put,
    },
    RemoveIf {
        key: String,
        expected: Expectation,
    },
}

impl Operation {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Read { .. } => "read",
            Self::Write { .. } => "write",
            Self::Remove { .. } => "remove",
            Self::List { .. } => "list",
            Self::Resume { .. } => "resume",
            Self::ReadMany { .. } => "read_many",
            Self::WriteMany { .. } => "write_many",
            Self::RemoveMany { .. } => "remove_many",
            Self::Advance { .. } => "advance",
            Self::SetBack { .. } => "set_back",
            Self::Sweep => "sweep",
            Self::Reopen => "reopen",
            Self::ReadVersioned { .. } => "read_versioned",
            Self::WriteIf { .. } => "write_if",
            Self::RemoveIf { .. } => "remove_if",
        }
    }
}

/// Entry of a write.
#[derive(Debug, Clone)]
pub(super) struct Put {
    pub(super) value: Value,
    pub(super) metadata: Option<Json>,
    pub(super) expiry: Expiry,
}

/// Expiry of a written entry.
#[derive(Debug, Clone)]
pub(super) enum Expiry {
    Never,
    After(Duration),
    /// At the time that is this far from now.
    At(Duration),
    /// The expiry of the entry that was answered last, which may have passed by now.
    Carried,
}

/// Version that a conditional write expects.
#[derive(Debug, Clone)]
pub(super) enum Expectation {
    Absent,
    Current,
    /// One that the backend has reported for the key.
    Reported(Index),
}

/// Returns sequences of 1 to `longest` operations.
pub(super) fn sequences(longest: usize) -> impl Strategy<Value = Vec<Operation>> {
    let longest = longest.max(1);
    let parts =
        prop_oneof![27 => operation().prop_map(|operation| vec![operation]), 2 => sweep_and_set_back()];
    vec(parts, 1..=longest).prop_map(move |parts| parts.into_iter().flatten().take(longest).collect())
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![12 => plain(), 4 => bulk(), 6 => time(), 5 => conditional()]
}

/// Returns a sweep after an hour, and the clock set back by that hour: chance alone seldom makes the three in
/// a row.
fn sweep_and_set_back() -> impl Strategy<Value = Vec<Operation>> {
    let hour = Duration::from_secs(3_600);
    Just(vec![Operation::Advance { by: hour }, Operation::Sweep, Operation::SetBack { by: hour }])
}

fn plain() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => (keys(), put()).prop_map(|(key, put)| Operation::Write { key, put }),
        3 => (keys(), get_options()).prop_map(|(key, options)| Operation::Read { key, options }),
        1 => keys().prop_map(|key| Operation::Remove { key }),
        2 => (prefixes(), list_limits()).prop_map(|(prefix, limit)| Operation::List { prefix, limit }),
        2 => list_limits().prop_map(|limit| Operation::Resume { limit }),
    ]
}

fn bulk() -> impl Strategy<Value = Operation> {
    prop_oneof![
        2 => vec((keys(), put()), 0..8).prop_map(|puts| Operation::WriteMany { puts }),
        1 => (vec(keys(), 0..8), get_options()).prop_map(|(keys, options)| Operation::ReadMany { keys, options }),
        1 => vec(keys(), 0..5).prop_map(|keys| Operation::RemoveMany { keys }),
    ]
}

fn time() -> impl Strategy<Value = Operation> {
    let forwards = select(&[400, 1_000, 59_000, 60_000, 3_600_000, 36_000_000][..]);
    let backwards = select(&[1, 60, 3_600, 36_000][..]);
    prop_oneof![
        5 => forwards.prop_map(|by| Operation::Advance { by: Duration::from_millis(by) }),
        3 => backwards.prop_map(|by| Operation::SetBack { by: Duration::from_secs(by) }),
        2 => Just(Operation::Sweep),
        1 => Just(Operation::Reopen),
    ]
}

fn conditional() -> impl Strategy<Value = Operation> {
    let write = (keys(), expectation(), put());
    prop_oneof![
        2 => keys().prop_map(|key| Operation::ReadVersioned { key }),
        3 => write.prop_map(|(key, expected, put)| Operation::WriteIf { key, expected, put }),
        1 => (keys(), expectation()).prop_map(|(key, expected)| Operation::RemoveIf { key, expected }),
    ]
}

fn expectation() -> impl Strategy<Value = Expectation> {
    let reported = any::<Index>().prop_map(Expectation::Reported);
    prop_oneof![2 => Just(Expectation::Absent), 3 => Just(Expectation::Current), 2 => reported]
}

fn put() -> impl Strategy<Value = Put> {
    let expiry = prop_oneof![
        4 => Just(Expiry::Never),
        3 => ttls().prop_map(Expiry::After),
        2 => ttls().prop_map(Expiry::At),
        2 => Just(Expiry::Carried),
    ];
    let parts = (values(), option::of(metadata()), expiry);
    parts.prop_map(|(value, metadata, expiry)| Put { value, metadata, expiry })
}

fn get_options() -> impl Strategy<Value = GetOptions> {
    let options = any::<(bool, bool)>();
    options.prop_map(|(metadata, text)| GetOptions::default().with_metadata(metadata).with_text(text))
}
