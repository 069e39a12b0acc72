//! Listings of keys.

use axum::http::StatusCode;
use kv_core::{Cursor, InvalidInput, ListOptions, ListPage, Prefix, Timestamp, limits};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Answer, code::Code, envelope, failure::Failure, metadata, namespace_id};
use crate::{off_runtime, percent::Malformed, query::Query, shared::Shared};

/// The fewest keys that a page may be asked to hold here; a store takes 1.
const MIN_LIMIT: usize = 10;

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Info<'a> {
    count: usize,
    cursor: &'a str,
}

/// A page of keys.
pub(super) async fn list(shared: &Shared, id: &str, query: Query<'_>) -> Answer {
    let (id, options) = (namespace_id(id)?, options(query)?);
    let page = shared.store.namespace(&id).list_page(options).await?;
    // A name may take six times its length when it is escaped, but hardly does.
    let bytes = page
        .keys
        .iter()
        .map(|key| 64 + key.name.len() + key.metadata.as_ref().map_or(0, |metadata| metadata.as_str().len()));
    let json = off_runtime::run(bytes.sum(), move || write(&page)).await??;
    Ok(envelope::respond(StatusCode::OK, json))
}

fn options(query: Query<'_>) -> Result<ListOptions, Failure> {
    let malformed = |what: &'static str, code: Code| {
        move |Malformed| Failure::new(code, format!("the {what} is not well encoded"))
    };
    let mut options = ListOptions::default();
    if let Some(text) = query.get("limit").map_err(malformed("limit", Code::InvalidLimit))? {
        let limit = text.parse().ok().filter(|limit| *limit >= MIN_LIMIT).ok_or_else(bad_limit)?;
        options = options.with_limit(limit).map_err(|error| match error {
            InvalidInput::ListLimitOutOfRange { .. } => bad_limit(),
            other => other.into(),
        })?;
    }
    if let Some(prefix) = query.get("prefix").map_err(malformed("prefix", Code::InvalidRequest))? {
        options = options.with_prefix(Prefix::new(prefix)?);
    }
    let cursor = query.get("cursor").map_err(malformed("cursor", Code::InvalidCursor))?;
    // An empty cursor is none: the last page has one.
    match cursor.filter(|text| !text.is_empty()) {
        Some(text) => Ok(options.with_cursor(Cursor::parse(text)?)),
        None => Ok(options),
    }
}

fn bad_limit() -> Failure {
    let max = limits::MAX_LIST_LIMIT;
    Failure::new(Code::InvalidLimit, format!("the limit has to be a number from {MIN_LIMIT} to {max}"))
}

fn write(page: &ListPage) -> Result<Vec<u8>, Failure> {
    let mut names = Vec::with_capacity(page.keys.len());
    for key in &page.keys {
        let metadata = key.metadata.as_ref().map(metadata::as_written).transpose()?;
        names.push(Listed { name: key.name.as_str(), expiration: key.expires_at, metadata });
    }
    let cursor = page.next.as_ref().map_or("", Cursor::as_str);
    envelope::page(&names, Info { count: names.len(), cursor })
}
