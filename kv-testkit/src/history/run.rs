//! Run of one history: the clients make their calls, and the events of each key are checked.

use std::{fmt::Write, ops::Add, sync::Arc};

use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    history::{
        check,
        client::Client,
        event::Event,
        log::Log,
        plan::{Call, Plan, Step},
        shared_keys::SharedKeys,
    },
    support::subject::Subject,
};

/// Counts of calls.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Totals {
    pub(super) answered: usize,
    pub(super) unknown: usize,
    pub(super) overlapping: usize,
}

impl Add for Totals {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            answered: self.answered + other.answered,
            unknown: self.unknown + other.unknown,
            overlapping: self.overlapping + other.overlapping,
        }
    }
}

/// Runs `plan` on keys of its own. The error says which answers no order of the calls explains, or which call
/// failed.
pub(super) async fn run(subject: &Subject, plan: &Plan) -> Result<Totals, String> {
    let prefix = Uuid::new_v4().simple().to_string() + ":";
    let shared = Arc::new(SharedKeys::new(subject.namespace(), &prefix, plan.keys, plan.clients.len()));
    let log = run_clients(&shared, plan).await;
    // Keys that are left behind if this fails disturb no other history.
    _ = shared.namespace.remove_many(shared.keys.clone()).await;
    let log = log?;
    for key in 0..plan.keys {
        let events = log.events.iter().filter(|(other, _)| *other == key);
        let mut events: Vec<_> = events.map(|(_, event)| *event).collect();
        events.sort_by_key(|event| event.began);
        if let Some(index) = check::first_contradiction(&events) {
            return Err(contradiction(key, &events, index));
        }
    }
    log.check_versions()?;
    let answered = log.events.iter().filter(|(_, event)| event.ended.is_some()).count();
    let unknown = log.events.len() - answered + log.unanswered_reads;
    Ok(Totals { answered, unknown, overlapping: overlapping(&log.events) })
}

/// Returns the number of events that began while an earlier event of the same key, which was answered later,
/// was under way.
fn overlapping(events: &[(usize, Event)]) -> usize {
    let overlaps = |(key, event): &&(usize, Event)| {
        let before = events.iter().filter(|(other, before)| other == key && before.began < event.began);
        before.map(|(_, before)| before).any(|before| before.ended.is_some() && before.end() > event.began)
    };
    events.iter().filter(overlaps).count()
}

/// Runs all clients at the same time, then one more that reads every key twice. Returns the log of all.
async fn run_clients(shared: &Arc<SharedKeys>, plan: &Plan) -> Result<Log, String> {
    let mut clients = JoinSet::new();
    for (number, steps) in plan.clients.iter().enumerate() {
        clients.spawn(Client::new(Arc::clone(shared), number).run(steps.clone()));
    }
    let mut outcomes = clients.join_all().await;
    shared.expect_one_client();
    let last = Client::new(Arc::clone(shared), plan.clients.len());
    outcomes.push(last.run(final_reads(plan.keys)).await);
    let mut all = Log::default();
    for outcome in outcomes {
        all.merge(outcome?);
    }
    Ok(all)
}

fn final_reads(keys: usize) -> Vec<Step> {
    let step = |call, key, pauses| Step { call, key, pauses, drop: None };
    let read = Call::Read { with_metadata: true };
    let read_all = |pauses| (0..keys).map(move |key| step(read, key, pauses));
    read_all(0).chain([step(Call::ReadVersioned, 0, 0)]).chain(read_all(20)).collect()
}

fn contradiction(key: usize, events: &[Event], index: usize) -> String {
    let mut text = format!(
        "no order of the calls of key {key} explains all answers. A call takes effect at one moment between \
         its start and its end. A call with an unknown outcome takes effect at any moment after its start, or \
         never.\n"
    );
    for (number, event) in events.iter().enumerate() {
        let mark = if number == index { "   <-- contradicts the earlier answers" } else { "" };
        _ = writeln!(text, "  {event}{mark}");
    }
    text
}
