//! Endpoint of bulk writes.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map},
};

use axum::body::Body;
use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use kv_core::{InvalidInput, PutEntry, PutOptions, Timestamp, limits};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    http::{offload, request_body::Collected},
    protocol::json_input::{AtMost, FromObject},
    rest::{
        api_error::ApiError,
        bulk_outcome,
        code::Code,
        expiration::{self, Seconds},
        extract::{self, MAX_BULK_ITEMS},
        response::ApiResult,
    },
    state::app_state::AppState,
};

#[derive(Deserialize)]
struct Pair<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    value: Cow<'a, str>,
    /// Any JSON, so that one that is not a number of seconds gets its own code.
    #[serde(borrow)]
    expiration: Option<&'a RawValue>,
    #[serde(borrow)]
    expiration_ttl: Option<&'a RawValue>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    base64: Option<bool>,
}

/// Writes the pairs of an array; none of them if one is invalid.
pub(super) async fn write(state: &AppState, id: &str, body: Body) -> ApiResult {
    let id = extract::namespace_id(id)?;
    bulk_outcome::check_namespace(state, &id).await?;
    // The memory stays reserved until the store has the pairs.
    let Collected { bytes, reservation: _reservation } = extract::bulk_body(state, body).await?;
    let now = state.clock.now();
    let mut entries = offload::run(bytes.len(), move || parse(&bytes, now)).await??;
    let limited = bulk_outcome::take_limited(state, &id, &mut entries, |entry| entry.key.as_str());
    bulk_outcome::respond(&state.store.namespace(&id).write_many(entries).await?, &limited)
}

fn parse(body: &[u8], now: Timestamp) -> Result<Vec<PutEntry>, ApiError> {
    let AtMost { items, given } =
        serde_json::from_slice::<AtMost<FromObject<Pair<'_>>, MAX_BULK_ITEMS>>(body).map_err(|error| {
            ApiError::malformed_json("a JSON array of objects with key and value", &error)
        })?;
    bulk_outcome::check_count(given)?;
    let mut entries: Vec<PutEntry> = Vec::with_capacity(items.len());
    let mut places = HashMap::with_capacity(items.len());
    for (index, FromObject(pair)) in items.into_iter().enumerate() {
        let entry = entry(pair, now).map_err(|(error, member)| error.at(format!("/{index}{member}")))?;
        match places.entry(entry.key.clone()) {
            hash_map::Entry::Vacant(place) => {
                place.insert(entries.len());
                entries.push(entry);
            }
            hash_map::Entry::Occupied(place) if entries.get(*place.get()) == Some(&entry) => {}
            hash_map::Entry::Occupied(_) => {
                let reason = format!(
                    "received duplicate key with different values or expiration parameters: \"{}\"",
                    entry.key
                );
                return Err(ApiError::new(Code::MalformedBody, reason).at(format!("/{index}/key")));
            }
        }
    }
    Ok(entries)
}

/// Parses a pair; the error comes with the JSON pointer of the invalid member.
fn entry(pair: Pair<'_>, now: Timestamp) -> Result<PutEntry, (ApiError, &'static str)> {
    let seconds = |json: &RawValue| Seconds::parse(json.get());
    let ttl = pair.expiration_ttl.map(seconds);
    let expires_at = pair.expiration.map(seconds);
    let expiration = expiration::resolve(ttl, expires_at, now).map_err(|error| {
        let member = if ttl.is_some() { "/expiration_ttl" } else { "/expiration" };
        (error, member)
    })?;
    let mut options = PutOptions::from(expiration);
    if let Some(metadata) = pair.metadata {
        options = options
            .with_metadata_json(metadata.get())
            .map_err(|invalid| (ApiError::from(invalid), "/metadata"))?;
    }
    let value = match pair.base64 {
        Some(true) => decode_base64(&pair.value).map_err(|error| (error, "/value"))?,
        // Checked before the copy.
        _ if pair.value.len() > limits::MAX_VALUE_BYTES => {
            return Err((InvalidInput::ValueTooLong { len: pair.value.len() }.into(), "/value"));
        }
        _ => pair.value.into_owned().into_bytes(),
    };
    // The key is checked first, so that any error of `PutEntry::new` is the value's.
    let key = kv_core::Key::new(pair.key).map_err(|invalid| (ApiError::from(invalid), "/key"))?;
    let entry = PutEntry::new(key, value).map_err(|invalid| (ApiError::from(invalid), "/value"))?;
    Ok(entry.with_options(options))
}

/// Decodes base64: standard alphabet, padding optional, white space ignored.
fn decode_base64(text: &str) -> Result<Vec<u8>, ApiError> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let len = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).count();
    // Checked before the copy.
    if len / 4 * 3 > limits::MAX_VALUE_BYTES + 3 {
        return Err(InvalidInput::ValueTooLong { len: len / 4 * 3 }.into());
    }
    let text = if len < text.len() {
        let mut dense = String::with_capacity(len);
        dense.extend(text.split_ascii_whitespace());
        dense.into()
    } else {
        Cow::Borrowed(text)
    };
    ENGINE.decode(text.as_bytes()).map_err(|_| ApiError::new(Code::MalformedBody, "Invalid base64 value"))
}
