//! Many removals in one request.

use axum::body::Body;
use kv_core::Key;

use crate::{
    http::{offload, request_body::Collected},
    protocol::{
        dedup,
        json_input::{AtMost, Text},
    },
    rest::{
        api_error::Failure,
        bulk_outcome,
        extract::{self, MAX_BULK_ITEMS},
        response::Answer,
    },
    state::app_state::Shared,
};

/// Removes every key of an array of them. Absent ones count as removed, and a key that is there twice counts once.
pub(super) async fn delete(shared: &Shared, id: &str, body: Body) -> Answer {
    let id = extract::namespace_id(id)?;
    bulk_outcome::check_namespace(shared, &id).await?;
    // The room is kept until the store has what is parsed.
    let Collected { bytes, room: _room } = extract::bulk_body(shared, body).await?;
    let mut keys = offload::run(bytes.len(), move || parse(&bytes)).await??;
    let limited = bulk_outcome::take_limited(shared, &id, &mut keys, Key::as_str);
    bulk_outcome::answer(&shared.store.namespace(&id).remove_many(keys).await?, &limited)
}

fn parse(body: &[u8]) -> Result<Vec<Key<'static>>, Failure> {
    let AtMost { items, given } = serde_json::from_slice::<AtMost<Text<'_>, MAX_BULK_ITEMS>>(body)
        .map_err(|error| Failure::malformed_json("a JSON array of keys", &error))?;
    bulk_outcome::check_count(given)?;
    let keys = items.into_iter().enumerate().map(|(index, Text(key))| {
        let key = Key::new(key).map_err(|invalid| Failure::from(invalid).at(format!("/{index}")))?;
        Ok(key.into_owned())
    });
    keys.collect::<Result<_, Failure>>().map(dedup::keys)
}
