//! The sessions, as records of a key-value namespace.

use std::{sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use kv_core::{
    AtomicKv, Change, Clock, Entry, Expiration, InvalidInput, Metadata, PutOptions, Result, Timestamp,
    TypedKv, prelude::*,
};
use serde::{Deserialize, Serialize};

use crate::{session_id::SessionId, user_name::UserName};

/// How long a session lasts without being used.
pub(crate) const TIME_TO_LIVE: Duration = Duration::from_secs(60 * 60);

const EXPIRATION: Expiration = match Expiration::after(TIME_TO_LIVE) {
    Ok(expiration) => expiration,
    Err(_) => panic!("a session lasts 60 seconds or more"),
};

/// A session: the value under `session:<id>`, as JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) user: UserName,
    pub(crate) created_at: Timestamp,
    pub(crate) renewed_at: Timestamp,
}

/// What a listing can say of a session without reading it: the entry's metadata.
#[derive(Debug, Serialize, Deserialize)]
struct Summary {
    user: UserName,
    /// A random name, to tell a user's sessions apart. The id would do that too, but it is a secret.
    label: String,
    created_at: Timestamp,
}

/// One of a user's sessions, as the user may see it.
#[derive(Debug, Serialize)]
pub(crate) struct OwnSession {
    label: String,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    current: bool,
}

/// Every session of the service. Clones are the same collection.
#[derive(Debug, Clone)]
pub(crate) struct Sessions {
    records: TypedKv<Session, Arc<dyn AtomicKv>>,
    clock: Arc<dyn Clock>,
}

impl Sessions {
    /// The sessions in `kv`. A renewal needs conditional writes, so any namespace does that has them.
    pub(crate) fn new(kv: &Arc<dyn AtomicKv>, clock: Arc<dyn Clock>) -> Result<Self, InvalidInput> {
        let records = kv.typed::<Session>().with_prefix("session:")?;
        Ok(Self { records, clock })
    }

    /// Begins a session of `user`.
    pub(crate) async fn begin(&self, user: UserName) -> Result<(SessionId, Session)> {
        let (id, now) = (SessionId::generate(), self.clock.now());
        let summary = Metadata::new(&Summary {
            user: user.clone(),
            label: format!("{:08x}", rand::random::<u32>()),
            created_at: now,
        })?;
        let session = Session { user, created_at: now, renewed_at: now };
        let options = PutOptions::from(EXPIRATION).with_metadata(summary);
        self.records.put_with(id.secret(), &session, options).await?;
        Ok((id, session))
    }

    /// The session `id`, if there is one, whose time to live starts anew with this.
    ///
    /// It is an update, since a get and then a put would bring back a session that was ended in between.
    pub(crate) async fn renew(&self, id: SessionId) -> Result<Option<Session>> {
        self.records.update(id.secret(), |found| Ok(self.renewal(found))).await
    }

    /// What a renewal does with what it finds. Every renewal is a durable write; a busy service would answer
    /// [`Change::Keep`] here as long as the last one is fresh.
    pub(crate) fn renewal(&self, found: Option<Entry<Session>>) -> Change<Session> {
        match found {
            None => Change::Keep,
            // A put replaces the metadata too, so it is carried on.
            Some(entry) => Change::Put(
                Session { renewed_at: self.clock.now(), ..entry.value },
                PutOptions::from(EXPIRATION).with_metadata(entry.metadata),
            ),
        }
    }

    /// Ends the session `id`. That there is none is fine.
    pub(crate) async fn end(&self, id: SessionId) -> Result<()> {
        self.records.delete(id.secret()).await
    }

    /// The sessions of `user`, oldest first. `current` is the one that asks.
    ///
    /// It passes over everybody's keys and metadata, and reads no value. With millions of sessions, keep a second key
    /// `user:<name>:<id>` for each, with the same time to live, and list that prefix.
    pub(crate) async fn of(&self, user: &UserName, current: SessionId) -> Result<Vec<OwnSession>> {
        let current = current.secret();
        let mut own = Vec::new();
        let mut records = self.records.list();
        while let Some(record) = records.try_next().await? {
            let Some(metadata) = record.metadata else {
                continue;
            };
            let summary: Summary = metadata.json()?;
            if summary.user == *user {
                own.push(OwnSession {
                    label: summary.label,
                    created_at: summary.created_at,
                    expires_at: record.expires_at,
                    current: record.id == current,
                });
            }
        }
        own.sort_by_key(|session| session.created_at);
        Ok(own)
    }

    /// The records themselves, for who wants to do by hand what the methods above do right.
    pub(crate) fn records(&self) -> &TypedKv<Session, Arc<dyn AtomicKv>> {
        &self.records
    }
}
