//! History of the operations on a store, checked against its content.

use kv_core::Timestamp;

use super::{Model, Operation, Outcome};

/// Operations on a store in the order of its queue, starting from a known content.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    base: Model,
    accepted: Vec<Accepted>,
}

#[derive(Debug, Clone)]
struct Accepted {
    operation: Operation,
    now: Timestamp,
    /// Consecutive operations with the same number share a transaction.
    batch: u64,
    outcome: Option<Outcome>,
}

impl History {
    pub(crate) fn new(base: Model) -> Self {
        Self { base, accepted: Vec::new() }
    }

    /// Adds an operation and returns its index.
    pub(crate) fn accept(&mut self, operation: Operation, now: Timestamp, batch: u64) -> usize {
        self.accepted.push(Accepted { operation, now, batch, outcome: None });
        self.accepted.len() - 1
    }

    /// Sets the outcome that the store answered to the operation at index `place`.
    pub(crate) fn answer(&mut self, place: usize, outcome: Outcome) {
        self.accepted[place].outcome = Some(outcome);
    }

    /// Returns the least number of operations that must survive: all up to the last one that the writer
    /// answered. `NamespaceNotFound` does not count, since a handle may answer it without the writer.
    fn min_survivors(&self) -> usize {
        let in_turn = |outcome: &Outcome| *outcome != Outcome::NamespaceNotFound;
        let last = self.accepted.iter().rposition(|accepted| accepted.outcome.as_ref().is_some_and(in_turn));
        last.map_or(0, |last| last + 1)
    }

    /// Returns the number of operations behind the last answered one.
    pub(crate) fn unanswered(&self) -> usize {
        self.accepted.len() - self.min_survivors()
    }

    /// Returns the content that the answered operations leave, and checks each outcome against it.
    pub(crate) fn answered(&self) -> Model {
        let mut model = self.base.clone();
        for accepted in &self.accepted[..self.min_survivors()] {
            accepted.apply(&mut model);
        }
        model
    }

    /// Checks that `found` is what the answered operations leave, with or without a number of the unanswered
    /// ones behind them, in order and in whole transactions. `found` is the start of the history from then
    /// on. Returns how many unanswered operations survived.
    pub(crate) fn reconcile(&mut self, found: Model, now: Timestamp) -> usize {
        let min_survivors = self.min_survivors();
        let mut model = self.answered();
        let mut differences = Vec::new();
        for end in min_survivors..=self.accepted.len() {
            if end > min_survivors {
                self.accepted[end - 1].apply(&mut model);
            }
            let difference = model.difference(&found, now);
            match difference {
                None if self.ends_a_transaction(end) => {
                    *self = Self::new(found);
                    return end - min_survivors;
                }
                None => differences.push(format!("{end}: half a transaction")),
                Some(difference) => differences.push(format!("{end}: {difference}")),
            }
        }
        panic!(
            "no prefix of at least {min_survivors} operations leaves the content that was found\n{differences:#?}\n{self:#?}"
        );
    }

    fn ends_a_transaction(&self, end: usize) -> bool {
        let batch = |place: usize| self.accepted.get(place).map(|accepted| accepted.batch);
        end == 0 || batch(end - 1) != batch(end)
    }
}

impl Accepted {
    fn apply(&self, model: &mut Model) {
        let created = match &self.outcome {
            Some(Outcome::Created(id)) => Some(id),
            _ => None,
        };
        let expected = model.apply(&self.operation, self.now, created);
        assert!(
            self.outcome.as_ref().is_none_or(|outcome| *outcome == expected),
            "{self:?} should have been answered with {expected:?}"
        );
    }
}
