//! Sessions as records of a key-value namespace.

use std::{sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use kv_core::{
    AtomicKv, Change, Clock, Entry, Expiration, InvalidInput, Metadata, PutOptions, Result, Timestamp,
    TypedKv, prelude::*,
};
use serde::{Deserialize, Serialize};

use crate::{session_id::SessionId, user_name::UserName};

/// TTL of a session, which each use renews.
pub(crate) const TTL: Duration = Duration::from_secs(60 * 60);

const EXPIRATION: Expiration = match Expiration::after(TTL) {
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

/// Metadata of a session's entry, which a listing returns without reading the value.
#[derive(Debug, Serialize, Deserialize)]
struct Summary {
    user: UserName,
    /// Random label that distinguishes a user's sessions; the id is secret.
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

/// Collection of all sessions. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Sessions {
    records: TypedKv<Session, Arc<dyn AtomicKv>>,
    clock: Arc<dyn Clock>,
}

impl Sessions {
    /// Opens the sessions in `kv`, whose conditional writes a renewal needs.
    pub(crate) fn new(kv: &Arc<dyn AtomicKv>, clock: Arc<dyn Clock>) -> Result<Self, InvalidInput> {
        let records = kv.typed::<Session>().with_prefix("session:")?;
        Ok(Self { records, clock })
    }

    /// Begins a session of `user`.
    pub(crate) async fn begin(&self, user: UserName) -> Result<(SessionId, Session)> {
        let id = SessionId::generate();
        let now = self.clock.now();
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

    /// Returns the session `id`, if it exists, and restarts its TTL.
    ///
    /// This is an update: a get followed by a put would bring back a session that ended in between.
    pub(crate) async fn renew(&self, id: SessionId) -> Result<Option<Session>> {
        self.records.update(id.secret(), |found| Ok(self.renewal(found))).await
    }

    /// Returns the change that renews an entry. Every renewal is a durable write; a busy service would return
    /// [`Change::Keep`] here while the last one is recent.
    pub(crate) fn renewal(&self, found: Option<Entry<Session>>) -> Change<Session> {
        match found {
            None => Change::Keep,
            // A put replaces the metadata too, so it is passed on.
            Some(entry) => Change::Put(
                Session { renewed_at: self.clock.now(), ..entry.value },
                PutOptions::from(EXPIRATION).with_metadata(entry.metadata),
            ),
        }
    }

    /// Ends the session `id`, if it exists.
    pub(crate) async fn end(&self, id: SessionId) -> Result<()> {
        self.records.delete(id.secret()).await
    }

    /// Returns the sessions of `user`, oldest first; `current` is the session of the request.
    ///
    /// Lists the keys and metadata of all users, and reads no values. With millions of sessions, put a second
    /// key `user:<name>:<id>` for each, with the same TTL, and list that prefix.
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

    /// Returns the records themselves, which the race shows without the methods above.
    pub(crate) fn records(&self) -> &TypedKv<Session, Arc<dyn AtomicKv>> {
        &self.records
    }
}
