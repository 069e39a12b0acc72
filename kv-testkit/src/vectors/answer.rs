//! Answers of a backend to calls of the binding.

use kv_core::{
    Clock, Entry, Expiration, GetOptions, Key, KeyInfo, KvNamespace, KvNamespaceExt, ListOptions, Prefix,
    PutOptions, Result, Timestamp, Value,
};
use serde_json::{Map, Value as Json, json};

use crate::{
    support::subject::Subject,
    vectors::request::{Call, CallOptions, Kind},
};

/// Makes `call` on `subject` and returns its answer in the form of the vectors.
pub(super) async fn answer(subject: &Subject, call: Call) -> Result<Json> {
    let kv = subject.namespace();
    match call {
        Call::Get { key, kind: Kind::Json } => Ok(kv.get_json::<Json>(key).await?.unwrap_or_default()),
        Call::Get { key, kind } => kv.get(key).await?.map_or(Ok(Json::Null), |value| decoded(&value, kind)),
        Call::GetWithMetadata { key, kind } => match kv.get_with_metadata(key).await? {
            Some(entry) => with_metadata(&entry, kind),
            None => Ok(json!({ "value": null, "metadata": null })),
        },
        Call::GetMany { keys, kind, metadata } => get_many(&**kv, &keys, kind, metadata).await,
        Call::Put { key, value, options } => {
            kv.put_with(key, value, put_options(&options, subject.clock().now())?).await?;
            Ok(undefined())
        }
        Call::Delete { key } => {
            kv.delete(key).await?;
            Ok(undefined())
        }
        Call::List { prefix, limit } => list(&**kv, prefix, limit).await,
    }
}

/// Returns the `undefined` that a promise without a value resolves to.
fn undefined() -> Json {
    json!({ "$": "undefined" })
}

fn put_options(options: &CallOptions, now: Timestamp) -> Result<PutOptions> {
    // Where both are given, the TTL wins, and the expiration is not validated.
    let expiration = match (options.ttl, options.expiration) {
        (Some(ttl), _) => Some(Expiration::after(ttl)?),
        (None, Some(expires_at)) => Some(Expiration::at(Timestamp::from_secs(expires_at.as_secs())?, now)?),
        (None, None) => None,
    };
    Ok(PutOptions::from(expiration).with_metadata_json(&options.metadata.to_string())?)
}

/// Decodes `value` as the binding does: text lossily.
fn decoded(value: &Value, kind: Kind) -> Result<Json> {
    Ok(match kind {
        Kind::Text => value.to_text_lossy().into(),
        Kind::Json => value.json()?,
        Kind::Bytes => bytes(value),
        Kind::Stream => json!({ "$": "stream", "of": bytes(value) }),
    })
}

fn bytes(value: &Value) -> Json {
    let digits = value.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    let hex: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
    json!({ "$": "bytes", "hex": hex, "length": value.len() })
}

fn with_metadata(entry: &Entry, kind: Kind) -> Result<Json> {
    let metadata: Option<Json> = entry.metadata.as_ref().map(kv_core::Metadata::json).transpose()?;
    Ok(json!({ "value": decoded(&entry.value, kind)?, "metadata": metadata }))
}

async fn get_many(kv: &dyn KvNamespace, keys: &[String], kind: Kind, metadata: bool) -> Result<Json> {
    let names: Vec<Key<'static>> = keys.iter().map(|key| Key::new(key.clone())).collect::<Result<_, _>>()?;
    let options = GetOptions::default().with_metadata(metadata).with_text(true);
    let mut entries = Map::new();
    for (key, entry) in keys.iter().zip(kv.read_many(names, options).await?) {
        let answer = match entry {
            None => Json::Null,
            Some(entry) if metadata => with_metadata(&entry, kind)?,
            Some(entry) => decoded(&entry.value, kind)?,
        };
        entries.insert(key.clone(), answer);
    }
    Ok(json!({ "$": "map", "entries": entries }))
}

async fn list(kv: &dyn KvNamespace, prefix: String, limit: Option<usize>) -> Result<Json> {
    let mut options = ListOptions::from(Prefix::new(prefix)?);
    if let Some(limit) = limit {
        options = options.with_limit(limit)?;
    }
    let page = kv.list_page(options).await?;
    let keys = page.keys.iter().map(listed).collect::<Result<Vec<Json>>>()?;
    let mut answer = json!({ "keys": keys, "list_complete": page.next.is_none() });
    if page.next.is_some() {
        answer["cursor"] = json!(true);
    }
    Ok(answer)
}

fn listed(info: &KeyInfo) -> Result<Json> {
    let mut answer = json!({ "name": info.name.as_str() });
    if let Some(expires_at) = info.expires_at {
        answer["expiration"] = expires_at.as_secs().into();
    }
    if let Some(metadata) = &info.metadata {
        answer["metadata"] = metadata.json()?;
    }
    Ok(answer)
}
