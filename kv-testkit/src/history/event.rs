//! Events of a history: calls of one key each.

use std::fmt;

/// Number of a write, unique in its history.
pub(super) type WriteId = u32;

/// State of a key: the write that made its entry, or `None` if it is absent.
pub(super) type State = Option<WriteId>;

/// Effect of a call on its key, or the state that it saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Read(State),
    Write(WriteId),
    Remove,
    WriteIf { expected: State, write: WriteId },
    RemoveIf { expected: WriteId },
}

/// Outcome of an answered call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallOutcome {
    /// The call took effect. Reads always do.
    Applied,
    /// A conditional write found another state than it expected.
    Conflict,
}

/// Call of one key. Moments are counted, so that they tell the order of starts and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) client: usize,
    /// Name of the method.
    pub(super) call: &'static str,
    pub(super) action: Action,
    pub(super) began: u64,
    /// Moment of the answer, and the outcome; `None` if the outcome is unknown: the call may take effect at
    /// any moment after its start, or never.
    pub(super) ended: Option<(u64, CallOutcome)>,
}

impl Event {
    /// Returns the state of the key after this call, if it takes effect in `state`; `None` if its answer is
    /// wrong there, or if it has none and would change nothing.
    pub(super) fn applied_to(&self, state: State) -> Option<State> {
        let conflicts = self.ended.is_some_and(|(_, outcome)| outcome == CallOutcome::Conflict);
        let (holds, after) = match self.action {
            Action::Read(seen) => (seen == state, state),
            Action::Write(write) => (true, Some(write)),
            Action::Remove => (true, None),
            Action::WriteIf { expected, write } => (expected == state, Some(write)),
            Action::RemoveIf { expected } => (Some(expected) == state, None),
        };
        match (holds, conflicts) {
            (true, false) => Some(after),
            (false, true) => Some(state),
            _ => None,
        }
    }

    /// Returns the moment of the answer, or `u64::MAX` without an answer.
    pub(super) fn end(&self) -> u64 {
        self.ended.map_or(u64::MAX, |(end, _)| end)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.ended.map_or_else(|| "?".to_owned(), |(end, _)| end.to_string());
        write!(f, "{:>5} to {end:>5}  client {}  {}", self.began, self.client, self.call)?;
        match self.action {
            Action::Read(None) => write!(f, " returned no entry")?,
            Action::Read(Some(write)) => write!(f, " returned #{write}")?,
            Action::Write(write) => write!(f, " #{write}")?,
            Action::Remove => {}
            Action::WriteIf { expected: None, write } => write!(f, " #{write}, expecting no entry")?,
            Action::WriteIf { expected: Some(expected), write } => {
                write!(f, " #{write}, expecting #{expected}")?;
            }
            Action::RemoveIf { expected } => write!(f, ", expecting #{expected}")?,
        }
        match self.ended {
            None => write!(f, ": outcome unknown"),
            Some((_, CallOutcome::Conflict)) => write!(f, ": conflict"),
            Some((_, CallOutcome::Applied)) => Ok(()),
        }
    }
}
