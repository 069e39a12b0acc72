//! Search for an order that explains the history of one key.
//!
//! The search of Wing and Gong with Lowe's memory: calls are put in order one by one, and the next is one
//! that began before any of the rest had ended. Each pair of a set of ordered calls and the state after them
//! is tried once.

use std::collections::HashSet;

use crate::history::event::{Event, State};

/// Set of the events that are in order already, by their indices.
#[derive(Clone, PartialEq, Eq, Hash)]
struct EventSet(Vec<u64>);

impl EventSet {
    fn new(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    fn contains(&self, index: usize) -> bool {
        self.0[index / 64] & (1 << (index % 64)) != 0
    }

    fn with(&self, index: usize) -> Self {
        let mut set = self.clone();
        set.0[index / 64] |= 1 << (index % 64);
        set
    }
}

/// `true` if some order of the events explains all of them: each takes effect at one moment between its start
/// and its end, and an unanswered one at any later moment or never. The key is absent before the first.
pub(super) fn is_linearizable(events: &[Event]) -> bool {
    let mut tried: HashSet<(EventSet, State)> = HashSet::new();
    let mut stack = vec![(EventSet::new(events.len()), None)];
    while let Some((ordered, state)) = stack.pop() {
        let rest = || events.iter().enumerate().filter(|(index, _)| !ordered.contains(*index));
        // A call cannot come before one that had ended when it began.
        let first_end = rest().map(|(_, event)| event.end()).min().unwrap_or(u64::MAX);
        if first_end == u64::MAX {
            return true;
        }
        let next = rest().filter(|(_, event)| event.began < first_end);
        for (index, event) in next {
            let Some(after) = event.applied_to(state) else { continue };
            let step = (ordered.with(index), after);
            if tried.insert(step.clone()) {
                stack.push(step);
            }
        }
    }
    false
}

/// Returns the index of the first answer that contradicts the ones before it; `None` if the history is
/// linearizable.
pub(super) fn first_contradiction(events: &[Event]) -> Option<usize> {
    if is_linearizable(events) {
        return None;
    }
    let mut ends: Vec<_> = events.iter().enumerate().filter(|(_, event)| event.ended.is_some()).collect();
    ends.sort_by_key(|(_, event)| event.end());
    let contradicts = |(_, last): &&(usize, &Event)| !is_linearizable(&until(events, last.end()));
    ends.iter().find(contradicts).map(|(index, _)| *index)
}

/// Returns the history as it was known at `moment`: outcomes that were not answered by then are unknown.
fn until(events: &[Event], moment: u64) -> Vec<Event> {
    let begun = events.iter().filter(|event| event.began < moment);
    begun.map(|event| Event { ended: event.ended.filter(|(end, _)| *end <= moment), ..*event }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::history::event::{Action, CallOutcome};

    fn event(action: Action, began: u64, ended: Option<(u64, CallOutcome)>) -> Event {
        Event { client: 0, call: "call", action, began, ended }
    }

    fn done(action: Action, began: u64, end: u64) -> Event {
        event(action, began, Some((end, CallOutcome::Applied)))
    }

    #[test]
    fn reads_of_concurrent_writes_agree_on_their_order() {
        let writes = [done(Action::Write(1), 0, 10), done(Action::Write(2), 1, 11)];
        let read = |seen, began| done(Action::Read(Some(seen)), began, began + 1);
        let history = |reads: &[Event]| [&writes[..], reads].concat();
        assert!(is_linearizable(&history(&[read(1, 2), read(2, 4), read(2, 12)])));
        assert!(is_linearizable(&history(&[read(2, 2), read(1, 4), read(1, 12)])));
        let stale = history(&[read(1, 2), read(2, 4), read(1, 12)]);
        assert_eq!(first_contradiction(&stale), Some(4));
    }

    #[test]
    fn unknown_write_takes_effect_once_later_or_never() {
        let unknown = event(Action::Write(1), 0, None);
        let write = done(Action::Write(2), 1, 2);
        let read = |seen, began| done(Action::Read(seen), began, began + 1);
        assert!(is_linearizable(&[unknown, write, read(Some(2), 3), read(Some(2), 5)]));
        assert!(is_linearizable(&[unknown, write, read(Some(2), 3), read(Some(1), 5)]));
        let flickering = [unknown, write, read(Some(1), 3), read(Some(2), 5)];
        assert_eq!(first_contradiction(&flickering), Some(3));
        let before_it_began = [read(Some(3), 1), event(Action::Write(3), 4, None)];
        assert!(!is_linearizable(&before_it_began));
    }

    #[test]
    fn conflict_needs_another_state() {
        let conflict = |expected, write, began| {
            event(Action::WriteIf { expected, write }, began, Some((began + 1, CallOutcome::Conflict)))
        };
        let write = done(Action::Write(1), 0, 1);
        assert!(is_linearizable(&[write, conflict(None, 2, 2)]));
        assert!(!is_linearizable(&[write, conflict(Some(1), 2, 2)]));
        let unknown = event(Action::Remove, 1, None);
        assert!(is_linearizable(&[write, unknown, conflict(Some(1), 2, 2)]));
        let both = |began| done(Action::WriteIf { expected: Some(1), write: 5 }, began, 9);
        assert!(!is_linearizable(&[write, both(2), both(3)]), "one of two wins");
    }

    fn action() -> impl Strategy<Value = Action> {
        let state = || proptest::option::of(0u32..3);
        prop_oneof![
            state().prop_map(Action::Read),
            (0u32..3).prop_map(Action::Write),
            Just(Action::Remove),
            (state(), 0u32..3).prop_map(|(expected, write)| Action::WriteIf { expected, write }),
            (0u32..3).prop_map(|expected| Action::RemoveIf { expected }),
        ]
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let end = proptest::option::weighted(0.8, (1u64..12, prop::bool::weighted(0.8)));
        let event = (action(), 0u64..20, end).prop_map(|(action, began, end)| {
            let conditional = matches!(action, Action::WriteIf { .. } | Action::RemoveIf { .. });
            let outcome =
                |applied| if applied || !conditional { CallOutcome::Applied } else { CallOutcome::Conflict };
            event(action, began, end.map(|(length, applied)| (began + length, outcome(applied))))
        });
        proptest::collection::vec(event, 0..6)
    }

    /// Tries every order of every subset of the events, without the search under test.
    fn some_order_explains(events: &[Event], ordered: &mut Vec<usize>) -> bool {
        let keeps_time = ordered.iter().enumerate().all(|(index, later)| {
            ordered.iter().take(index).all(|earlier| events[*earlier].began < events[*later].end())
        });
        if !keeps_time {
            return false;
        }
        let answered = |index: &usize| events[*index].ended.is_some();
        let end = ordered.iter().try_fold(None, |state, index| events[*index].applied_to(state));
        if (0..events.len()).filter(answered).all(|index| ordered.contains(&index)) && end.is_some() {
            return true;
        }
        (0..events.len()).any(|index| {
            if ordered.contains(&index) {
                return false;
            }
            ordered.push(index);
            let explains = some_order_explains(events, ordered);
            ordered.pop();
            explains
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn search_agrees_with_trying_every_order(events in events()) {
            prop_assert_eq!(is_linearizable(&events), some_order_explains(&events, &mut Vec::new()));
        }
    }
}
