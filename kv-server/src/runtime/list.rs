//! Listing of keys: `GET /`.

use axum::{http::Uri, response::Response};
use kv_core::{Cursor, InvalidInput, ListOptions, ListPage, Metadata, Prefix, limits};
use serde::Serialize;

use crate::{
    protocol::{
        json_output,
        listing::{self, ListedKey},
        whole_number,
    },
    runtime::{extract, namespace::TargetNamespace, runtime_error::RuntimeError},
};

#[derive(Serialize)]
struct PageJson<'a> {
    /// Their metadata is JSON in a string, which the runtime parses.
    keys: Vec<ListedKey<'a, &'a str>>,
    list_complete: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<&'a str>,
    #[serde(rename = "cacheStatus")]
    cache_status: Option<&'a str>,
}

/// Returns a page of keys.
pub(super) async fn list(namespace: TargetNamespace<'_>, uri: &Uri) -> Result<Response, RuntimeError> {
    let options = options(uri)?;
    let (json, reservation) =
        listing::read_page(namespace.state.memory(), namespace.handle, &options, write).await?;
    Ok(json_output::respond_reserved(json, reservation))
}

fn write(page: &ListPage) -> Result<Vec<u8>, RuntimeError> {
    let key = |key| ListedKey::new(key, key.metadata.as_ref().map(Metadata::as_str));
    Ok(json_output::write(&PageJson {
        keys: page.keys.iter().map(key).collect(),
        list_complete: page.next.is_none(),
        cursor: page.next.as_ref().map(Cursor::as_str),
        cache_status: None,
    })?)
}

fn options(uri: &Uri) -> Result<ListOptions, RuntimeError> {
    let mut options = ListOptions::default();
    if let Some(text) = extract::parameter(uri, "key_count_limit")? {
        options = with_limit(options, &text)?;
    }
    if let Some(prefix) = extract::parameter(uri, "prefix")? {
        options = options.with_prefix(Prefix::new(prefix)?);
    }
    match extract::parameter(uri, "cursor")? {
        // A Worker that passes the empty string means the first page.
        Some(text) if !text.is_empty() => Ok(options.with_cursor(Cursor::parse(text)?)),
        _ => Ok(options),
    }
}

fn with_limit(options: ListOptions, text: &str) -> Result<ListOptions, RuntimeError> {
    let invalid = |advice: &str| RuntimeError::parameter("key_count_limit", text, advice);
    let limit = usize::try_from(whole_number::parse(text).unwrap_or_default()).unwrap_or(usize::MAX);
    options.with_limit(limit).map_err(|error| match error {
        InvalidInput::ListLimitOutOfRange { limit: 0 } => {
            invalid("Please specify an integer greater than 0.")
        }
        // Cloudflare's own words, although the maximum itself is allowed.
        InvalidInput::ListLimitOutOfRange { .. } => {
            invalid(&format!("Please specify an integer less than {}.", limits::MAX_LIST_LIMIT))
        }
        other => other.into(),
    })
}
