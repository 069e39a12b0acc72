//! Endpoint of bulk gets.

use std::borrow::Cow;

use axum::body::Body;
use kv_core::Key;
use serde::Deserialize;

use crate::{
    protocol::{
        bulk_json::{self, BulkFormat},
        bulk_values::{self, BulkValues, MAX_KEYS, ValueType},
        json_input::{AtMost, FromObject, Text},
    },
    rest::{api_error::ApiError, envelope, extract, response::ApiResult},
    state::app_state::AppState,
};

#[derive(Deserialize)]
struct BulkGetRequest<'a> {
    #[serde(borrow)]
    keys: AtMost<Text<'a>, MAX_KEYS>,
    #[serde(borrow, rename = "type")]
    value_type: Option<Cow<'a, str>>,
    #[serde(rename = "withMetadata")]
    with_metadata: Option<bool>,
}

/// Returns the values of up to 100 keys, with their metadata if requested.
pub(super) async fn get(state: &AppState, id: &str, body: Body) -> ApiResult {
    let id = extract::namespace_id(id)?;
    let body = extract::small_body(state, body).await?;
    let (keys, format) = parse(&body)?;
    drop(body);
    let namespace = state.store.namespace(&id);
    let (values, reservation) =
        BulkValues::read(state.memory(), &*namespace, keys, format.with_metadata).await?;
    let (before, after) = envelope::around_values()?;
    Ok(bulk_json::respond(before, values, after, format, reservation).await?)
}

fn parse(body: &[u8]) -> Result<(Vec<Key<'static>>, BulkFormat), ApiError> {
    let FromObject(request) = serde_json::from_slice::<FromObject<BulkGetRequest<'_>>>(body)
        .map_err(|error| ApiError::malformed_json("a JSON object with an array of keys", &error))?;
    let value_type = ValueType::parse(request.value_type.as_deref().map(lower_case))?;
    bulk_values::check_count(request.keys.given)?;
    let keys = request.keys.items.into_iter().enumerate().map(|(index, Text(key))| {
        let key = Key::new(key).map_err(|invalid| ApiError::from(invalid).at(format!("/keys/{index}")))?;
        Ok::<_, ApiError>(key.into_owned())
    });
    let with_metadata = request.with_metadata.unwrap_or_default();
    Ok((keys.collect::<Result<_, _>>()?, BulkFormat { value_type, with_metadata, with_expiration: true }))
}

/// Returns the name of a known type in lower case; an unknown one as it is.
fn lower_case(name: &str) -> &str {
    let known = ["json", "text"].into_iter().find(|known| name.eq_ignore_ascii_case(known));
    known.unwrap_or(name)
}
