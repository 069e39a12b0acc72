//! Many values in one answer.

use std::borrow::Cow;

use axum::body::Body;
use kv_core::Key;
use serde::Deserialize;

use crate::{
    http::body_rules::MAX_SMALL_BYTES,
    protocol::{
        bulk_json::{self, BulkFormat},
        bulk_values::{self, BulkGetError, BulkValues, MAX_KEYS, ValueType},
        json_input::{AtMost, FromObject, Text},
    },
    rest::{api_error::ApiError, code::Code, envelope, extract, response::ApiResult},
    state::app_state::AppState,
};

#[derive(Deserialize)]
struct Wanted<'a> {
    #[serde(borrow)]
    keys: AtMost<Text<'a>, MAX_KEYS>,
    #[serde(borrow, rename = "type")]
    value_type: Option<Cow<'a, str>>,
    #[serde(rename = "withMetadata")]
    with_metadata: Option<bool>,
}

/// The values of up to 100 keys, and their metadata if that is wanted.
pub(super) async fn get(state: &AppState, id: &str, body: Body) -> ApiResult {
    let id = extract::namespace_id(id)?;
    let body = extract::body(state, body, MAX_SMALL_BYTES).await?;
    let (keys, shape) = parse(&body)?;
    drop(body);
    let namespace = state.store.namespace(&id);
    let (values, room) = BulkValues::read(state.memory(), &*namespace, keys, shape.with_metadata).await?;
    let (before, after) = envelope::around_values()?;
    Ok(bulk_json::respond(before, values, after, shape, room).await?)
}

/// The keys, and what is wanted of them.
fn parse(body: &[u8]) -> Result<(Vec<Key<'static>>, BulkFormat), ApiError> {
    let FromObject(wanted) = serde_json::from_slice::<FromObject<Wanted<'_>>>(body)
        .map_err(|error| ApiError::malformed_json("a JSON object with an array of keys", &error))?;
    let value_type = ValueType::parse(wanted.value_type.as_deref().map(in_lower_case))?;
    bulk_values::check_count(wanted.keys.given)?;
    let keys = wanted.keys.items.into_iter().enumerate().map(|(index, Text(key))| {
        let key = Key::new(key).map_err(|invalid| ApiError::from(invalid).at(format!("/keys/{index}")))?;
        Ok::<_, ApiError>(key.into_owned())
    });
    let with_metadata = wanted.with_metadata.unwrap_or_default();
    Ok((keys.collect::<Result<_, _>>()?, BulkFormat { value_type, with_metadata, with_expiration: true }))
}

/// The name of a type, in the one case that it is known in; an unknown name as it is.
fn in_lower_case(name: &str) -> &str {
    let known = ["json", "text"].into_iter().find(|known| name.eq_ignore_ascii_case(known));
    known.unwrap_or(name)
}

impl From<BulkGetError> for ApiError {
    fn from(error: BulkGetError) -> Self {
        match error {
            BulkGetError::Store(error) => error.into(),
            BulkGetError::NoMemoryError(error) => error.into(),
            BulkGetError::TooLong => Self::new(Code::PayloadTooLarge, error.to_string()),
            BulkGetError::UnknownType(_) => {
                Self::new(Code::InvalidRequest, error.to_string()).at("/type".into())
            }
            BulkGetError::NoKeys | BulkGetError::TooManyKeys => {
                Self::new(Code::InvalidRequest, error.to_string()).at("/keys".into())
            }
            BulkGetError::NotJson => Self::new(Code::InvalidRequest, error.to_string()),
        }
    }
}
