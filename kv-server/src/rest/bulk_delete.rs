//! Endpoints of bulk deletes.

use axum::body::Body;
use kv_core::Key;

use crate::{
    http::{offload, request_body::Collected},
    protocol::{
        dedup,
        json_input::{AtMost, Text},
    },
    rest::{
        api_error::ApiError,
        bulk_outcome,
        extract::{self, MAX_BULK_ITEMS},
        response::ApiResult,
    },
    state::app_state::AppState,
};

/// Deletes the keys of an array. Absent keys count as deleted, duplicates count once.
pub(super) async fn delete(state: &AppState, id: &str, body: Body) -> ApiResult {
    let id = extract::namespace_id(id)?;
    bulk_outcome::check_namespace(state, &id).await?;
    // The memory stays reserved until the store has the keys.
    let Collected { bytes, reservation: _reservation } = extract::bulk_body(state, body).await?;
    let mut keys = offload::run(bytes.len(), move || parse(&bytes)).await??;
    let limited = bulk_outcome::take_limited(state, &id, &mut keys, Key::as_str);
    bulk_outcome::respond(&state.store.namespace(&id).remove_many(keys).await?, &limited)
}

fn parse(body: &[u8]) -> Result<Vec<Key<'static>>, ApiError> {
    let AtMost { items, given } = serde_json::from_slice::<AtMost<Text<'_>, MAX_BULK_ITEMS>>(body)
        .map_err(|error| ApiError::malformed_json("a JSON array of keys", &error))?;
    bulk_outcome::check_count(given)?;
    let keys = items.into_iter().enumerate().map(|(index, Text(key))| {
        let key = Key::new(key).map_err(|invalid| ApiError::from(invalid).at(format!("/{index}")))?;
        Ok(key.into_owned())
    });
    keys.collect::<Result<_, ApiError>>().map(dedup::keys)
}
