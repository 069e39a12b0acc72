//! One call on one key, as a history records it.

use std::fmt;

/// The number of a write, which no other write of its history has.
pub(super) type WriteId = u32;

/// State of a key: the entry that this write made, or nothing.
pub(super) type State = Option<WriteId>;

/// Effect of a call on its key, or the state that it saw there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Read(State),
    Write(WriteId),
    Remove,
    WriteIf { expected: State, write: WriteId },
    RemoveIf { expected: WriteId },
}

/// Outcome of a call that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It took effect. A read always does.
    Applied,
    /// A conditional write found something else.
    Conflict,
}

/// One call on one key. Moments are counted, so that they tell the order of beginnings and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) client: usize,
    /// The method that was called.
    pub(super) call: &'static str,
    pub(super) action: Action,
    pub(super) began: u64,
    /// Moment of its answer, and its outcome; `None` if the outcome is unknown: it may take effect at any moment from
    /// its beginning on, or never.
    pub(super) ended: Option<(u64, Outcome)>,
}

impl Event {
    /// State of the key after this call, if it takes effect at a moment when the state is `state`; `None` if its answer
    /// cannot be given then, or if there is no point in it.
    pub(super) fn applied_to(&self, state: State) -> Option<State> {
        let conflicts = self.ended.is_some_and(|(_, outcome)| outcome == Outcome::Conflict);
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

    /// Moment of its answer; after everything else if it was not answered.
    pub(super) fn end(&self) -> u64 {
        self.ended.map_or(u64::MAX, |(end, _)| end)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.ended.map_or_else(|| "?".to_owned(), |(end, _)| end.to_string());
        write!(f, "{:>5} to {end:>5}  client {}  {} ", self.began, self.client, self.call)?;
        match self.action {
            Action::Read(None) => write!(f, "saw nothing")?,
            Action::Read(Some(write)) => write!(f, "saw #{write}")?,
            Action::Write(write) => write!(f, "of #{write}")?,
            Action::Remove => write!(f, "of whatever is there")?,
            Action::WriteIf { expected: None, write } => write!(f, "of #{write} if nothing is there")?,
            Action::WriteIf { expected: Some(expected), write } => {
                write!(f, "of #{write} if #{expected} is there")?;
            }
            Action::RemoveIf { expected } => write!(f, "if #{expected} is there")?,
        }
        match self.ended {
            None => write!(f, ": outcome unknown"),
            Some((_, Outcome::Conflict)) => write!(f, ": conflict"),
            Some((_, Outcome::Applied)) => Ok(()),
        }
    }
}
