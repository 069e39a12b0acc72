//! Plans of what the clients of a history do.

use std::fmt;

use proptest::{collection::vec, prelude::*};

use crate::history::history_test::HistoryOptions;

/// Steps of each client, in their order.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) keys: usize,
    pub(super) clients: Vec<Vec<Step>>,
}

/// One call of a client, and what becomes of its future.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) call: Call,
    /// The key, counted from 0, of a call that has one.
    pub(super) key: usize,
    /// Number of times that the client lets others go first.
    pub(super) pauses: usize,
    pub(super) drop: Option<Drop>,
}

/// Moment at which a future is dropped before it is done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drop {
    /// After so many polls.
    pub(super) polls: usize,
    /// And after others went first so often.
    pub(super) pauses: usize,
}

/// A call. `len` is the length of the values that it writes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Call {
    Read {
        with_metadata: bool,
    },
    Write {
        len: usize,
    },
    Remove,
    ReadVersioned,
    /// It expects the version that the client knows, or absence.
    WriteIf {
        expects_absence: bool,
        len: usize,
    },
    RemoveIf,
    ReadMany {
        with_metadata: bool,
    },
    WriteMany {
        len: usize,
    },
    RemoveMany,
    ListPage,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (client, steps) in self.clients.iter().enumerate() {
            for Step { call, key, pauses, drop } in steps {
                write!(f, "  client {client}: {call:?}")?;
                match call {
                    Call::ReadMany { .. } | Call::WriteMany { .. } | Call::RemoveMany | Call::ListPage => {}
                    _ => write!(f, " of key {key}")?,
                }
                if *pauses > 0 {
                    write!(f, ", after {pauses} pauses")?;
                }
                if let Some(Drop { polls, pauses }) = drop {
                    write!(f, ", dropped after {polls} polls and {pauses} pauses")?;
                }
                writeln!(f)?;
            }
        }
        Ok(())
    }
}

// The calls of all clients, one in a line, are what a reader wants of it.
impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Plans for the clients that `options` ask for.
pub(super) fn plans(options: &HistoryOptions, atomic: bool) -> impl Strategy<Value = Plan> + use<> {
    let keys = options.keys.max(1);
    let drop = proptest::option::weighted(
        f64::from(options.dropped_percent.min(100)) / 100.0,
        (1usize..4, 0usize..6).prop_map(|(polls, pauses)| Drop { polls, pauses }),
    );
    let pauses = prop_oneof![3 => Just(0usize), 1 => 1usize..8];
    let step = (calls(atomic, options.listings), 0..keys, pauses, drop)
        .prop_map(|(call, key, pauses, drop)| Step { call, key, pauses, drop });
    let clients = vec(vec(step, options.calls.min(1)..=options.calls), options.clients);
    clients.prop_map(move |clients| Plan { keys, clients })
}

fn calls(atomic: bool, listings: bool) -> impl Strategy<Value = Call> {
    // Most stores keep small and large values in different ways.
    let len = || prop_oneof![16 => Just(0usize), 3 => Just(3_000usize), 1 => Just(150_000usize)];
    let conditional = u32::from(atomic);
    prop_oneof![
        6 => any::<bool>().prop_map(|with_metadata| Call::Read { with_metadata }),
        5 => len().prop_map(|len| Call::Write { len }),
        2 => Just(Call::Remove),
        4 * conditional => Just(Call::ReadVersioned),
        4 * conditional => (prop::bool::weighted(0.3), len())
            .prop_map(|(expects_absence, len)| Call::WriteIf { expects_absence, len }),
        conditional => Just(Call::RemoveIf),
        1 => any::<bool>().prop_map(|with_metadata| Call::ReadMany { with_metadata }),
        1 => len().prop_map(|len| Call::WriteMany { len }),
        1 => Just(Call::RemoveMany),
        2 * u32::from(listings) => Just(Call::ListPage),
    ]
}
