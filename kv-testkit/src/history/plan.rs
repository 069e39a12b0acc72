//! Plans of the clients' calls, and strategies that generate them.

use std::fmt;

use proptest::{collection::vec, prelude::*};

use crate::history::options::HistoryOptions;

/// Steps of each client, in order.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) keys: usize,
    pub(super) clients: Vec<Vec<Step>>,
}

/// Call of a client, and the moment at which its future is dropped, if it is.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) call: Call,
    /// Number of the key, counted from 0, for a call of one key.
    pub(super) key: usize,
    /// Number of times that the client yields before the call.
    pub(super) pauses: usize,
    pub(super) drop: Option<DropPoint>,
}

/// Moment at which a future is dropped before it is done.
#[derive(Debug, Clone, Copy)]
pub(super) struct DropPoint {
    /// Number of polls before it.
    pub(super) polls: usize,
    /// Number of times that the client yields after the last poll.
    pub(super) pauses: usize,
}

/// Kind of a call. `size` is the size of the values that it writes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Call {
    Read {
        with_metadata: bool,
    },
    Write {
        size: usize,
    },
    Remove,
    ReadVersioned,
    /// Expects the version that the client knows, or absence.
    WriteIf {
        expects_absence: bool,
        size: usize,
    },
    RemoveIf,
    ReadMany {
        with_metadata: bool,
    },
    WriteMany {
        size: usize,
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
                if let Some(DropPoint { polls, pauses }) = drop {
                    write!(f, ", dropped after {polls} polls and {pauses} pauses")?;
                }
                writeln!(f)?;
            }
        }
        Ok(())
    }
}

// proptest shows a plan by its `Debug`: one call per line.
impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Returns plans for the clients that `options` ask for.
pub(super) fn plans(options: &HistoryOptions, atomic: bool) -> impl Strategy<Value = Plan> + use<> {
    let keys = options.keys.max(1);
    let drop = proptest::option::weighted(
        f64::from(options.dropped_percent.min(100)) / 100.0,
        (1usize..4, 0usize..6).prop_map(|(polls, pauses)| DropPoint { polls, pauses }),
    );
    let pauses = prop_oneof![3 => Just(0usize), 1 => 1usize..8];
    let step = (calls(atomic, options.listings), 0..keys, pauses, drop)
        .prop_map(|(call, key, pauses, drop)| Step { call, key, pauses, drop });
    let clients = vec(vec(step, options.calls.min(1)..=options.calls), options.clients);
    clients.prop_map(move |clients| Plan { keys, clients })
}

fn calls(atomic: bool, listings: bool) -> impl Strategy<Value = Call> {
    // Many stores keep small and large values in different ways.
    let size = || prop_oneof![16 => Just(0usize), 3 => Just(3_000usize), 1 => Just(150_000usize)];
    let conditional = u32::from(atomic);
    prop_oneof![
        6 => any::<bool>().prop_map(|with_metadata| Call::Read { with_metadata }),
        5 => size().prop_map(|size| Call::Write { size }),
        2 => Just(Call::Remove),
        4 * conditional => Just(Call::ReadVersioned),
        4 * conditional => (prop::bool::weighted(0.3), size())
            .prop_map(|(expects_absence, size)| Call::WriteIf { expects_absence, size }),
        conditional => Just(Call::RemoveIf),
        1 => any::<bool>().prop_map(|with_metadata| Call::ReadMany { with_metadata }),
        1 => size().prop_map(|size| Call::WriteMany { size }),
        1 => Just(Call::RemoveMany),
        2 * u32::from(listings) => Just(Call::ListPage),
    ]
}
