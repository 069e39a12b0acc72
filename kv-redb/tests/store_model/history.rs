//! What was asked of a store since its state was last known.

use kv_core::Timestamp;

use super::{Model, Operation, Outcome};

/// What was asked of a store, in the order of its queue, since its state was last known.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    base: Model,
    accepted: Vec<Accepted>,
}

#[derive(Debug, Clone)]
struct Accepted {
    operation: Operation,
    now: Timestamp,
    /// Operations that follow each other with the same number share a transaction.
    batch: u64,
    outcome: Option<Outcome>,
}

impl History {
    pub(crate) fn new(base: Model) -> Self {
        Self { base, accepted: Vec::new() }
    }

    /// Adds an operation, and answers its place.
    pub(crate) fn accept(&mut self, operation: Operation, now: Timestamp, batch: u64) -> usize {
        self.accepted.push(Accepted { operation, now, batch, outcome: None });
        self.accepted.len() - 1
    }

    /// The operation at `place` was answered.
    pub(crate) fn answer(&mut self, place: usize, outcome: Outcome) {
        self.accepted[place].outcome = Some(outcome);
    }

    /// How many operations at least have to survive: all up to the last one that the writer answered. That a namespace is
    /// deleted may be answered by its handle, out of turn.
    fn min_survivors(&self) -> usize {
        let in_turn = |outcome: &Outcome| *outcome != Outcome::NamespaceNotFound;
        let last = self.accepted.iter().rposition(|accepted| accepted.outcome.as_ref().is_some_and(in_turn));
        last.map_or(0, |last| last + 1)
    }

    /// How many operations were not answered.
    pub(crate) fn unanswered(&self) -> usize {
        self.accepted.len() - self.min_survivors()
    }

    /// What the answered operations leave. Each has to have been answered as they say.
    pub(crate) fn answered(&self) -> Model {
        let mut model = self.base.clone();
        for accepted in &self.accepted[..self.min_survivors()] {
            accepted.apply(&mut model);
        }
        model
    }

    /// Checks that `found` is what the answered operations leave, and perhaps some of those behind them, in order and in
    /// whole transactions. From then on it is what is known. Answers how many of the unanswered ones survived.
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
            "no first part of at least {min_survivors} operations leaves what was found\n{differences:#?}\n{self:#?}"
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
