//! One history: the clients run, and each key's events are checked.

use std::{
    fmt::Write,
    ops::Add,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use kv_core::{Key, Prefix};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    history::{
        check,
        client::{Client, Log, Place},
        event::Event,
        plan::{Call, Plan, Step},
    },
    support::subject::Subject,
};

/// Numbers of calls.
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

/// Runs `plan` on keys of its own. The error says what no order of the calls explains, or which call failed.
pub(super) async fn run(subject: &Subject, plan: &Plan) -> Result<Totals, String> {
    let text = Uuid::new_v4().simple().to_string() + ":";
    let key = |number| Key::new(format!("{text}{number}")).expect("the keys of histories are valid");
    let place = Arc::new(Place {
        namespace: Arc::clone(subject.namespace()),
        atomic: Arc::clone(subject.namespace()).into_atomic(),
        keys: (0..plan.keys).map(key).collect(),
        prefix: Prefix::new(text.as_str()).expect("the prefixes of histories are valid"),
        moments: AtomicU64::new(0),
        missing: AtomicUsize::new(plan.clients.len()),
    });
    let log = record(&place, plan).await;
    // What stays behind if this fails disturbs no other history.
    _ = place.namespace.remove_many(place.keys.clone()).await;
    let log = log?;
    for number in 0..plan.keys {
        let events = log.events.iter().filter(|(key, _)| *key == number);
        let mut events: Vec<_> = events.map(|(_, event)| *event).collect();
        events.sort_by_key(|event| event.began);
        if let Some(place) = check::first_contradiction(&events) {
            return Err(contradiction(number, &events, place));
        }
    }
    log.versions.check()?;
    let answered = log.events.iter().filter(|(_, event)| event.ended.is_some()).count();
    let unknown = log.events.len() - answered + log.lost_reads;
    Ok(Totals { answered, unknown, overlapping: overlapping(&log.events) })
}

/// Number of events that began while an earlier one on the same key, which was answered later, was under way.
fn overlapping(events: &[(usize, Event)]) -> usize {
    let overlaps = |(key, event): &&(usize, Event)| {
        let before = events.iter().filter(|(other, before)| other == key && before.began < event.began);
        before.map(|(_, before)| before).any(|before| before.ended.is_some() && before.end() > event.began)
    };
    events.iter().filter(overlaps).count()
}

/// Lets every client run at once, and then one more that looks at what is left, twice.
async fn record(place: &Arc<Place>, plan: &Plan) -> Result<Log, String> {
    let mut clients = JoinSet::new();
    for (number, steps) in plan.clients.iter().enumerate() {
        clients.spawn(Client::new(Arc::clone(place), number).run(steps.clone()));
    }
    let mut outcomes = clients.join_all().await;
    place.missing.store(1, Ordering::SeqCst);
    outcomes.push(Client::new(Arc::clone(place), plan.clients.len()).run(last_look(plan.keys)).await);
    let mut all = Log::default();
    for outcome in outcomes {
        let log = outcome?;
        all.events.extend(log.events);
        all.versions.extend(log.versions);
        all.lost_reads += log.lost_reads;
    }
    Ok(all)
}

fn last_look(keys: usize) -> Vec<Step> {
    let step = |call, key, pauses| Step { call, key, pauses, drop: None };
    let read = Call::Read { with_metadata: true };
    let look = |pauses| (0..keys).map(move |key| step(read, key, pauses));
    look(0).chain([step(Call::ReadVersioned, 0, 0)]).chain(look(20)).collect()
}

fn contradiction(key: usize, events: &[Event], place: usize) -> String {
    let mut text = format!(
        "no order of the calls of key {key} explains all answers. A call took effect between the moments of its beginning \
         and its end; one whose outcome is unknown, at any moment from its beginning on, or never:\n"
    );
    for (number, event) in events.iter().enumerate() {
        let mark = if number == place { "   <-- contradicts all that was answered before" } else { "" };
        _ = writeln!(text, "  {event}{mark}");
    }
    text
}
