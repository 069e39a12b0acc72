//! `GET /`: a page of keys.

use axum::{
    Json,
    http::Uri,
    response::{IntoResponse, Response},
};
use kv_core::{Cursor, InvalidInput, KeyInfo, ListOptions, Metadata, Prefix, Timestamp, limits};
use serde::Serialize;

use super::{Namespace, parameter, refusal::Refusal};

#[derive(Serialize)]
struct Page<'a> {
    keys: Vec<Listed<'a>>,
    list_complete: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<&'a str>,
    #[serde(rename = "cacheStatus")]
    cache_status: Option<&'a str>,
}

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<Timestamp>,
    /// JSON in a string, which the runtime parses.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a str>,
}

impl<'a> From<&'a KeyInfo> for Listed<'a> {
    fn from(key: &'a KeyInfo) -> Self {
        let metadata = key.metadata.as_ref().map(Metadata::as_str);
        Self { name: key.name.as_str(), expiration: key.expires_at, metadata }
    }
}

/// The keys after a cursor, or from the first on, that start with a prefix.
pub(super) async fn list(namespace: Namespace<'_>, uri: &Uri) -> Result<Response, Refusal> {
    let page = namespace.handle.list_page(options(uri)?).await?;
    let answer = Page {
        keys: page.keys.iter().map(Listed::from).collect(),
        list_complete: page.next.is_none(),
        cursor: page.next.as_ref().map(Cursor::as_str),
        cache_status: None,
    };
    Ok(Json(answer).into_response())
}

fn options(uri: &Uri) -> Result<ListOptions, Refusal> {
    let mut options = ListOptions::default();
    if let Some(text) = parameter::text(uri, "key_count_limit")? {
        options = with_limit(options, &text)?;
    }
    if let Some(prefix) = parameter::text(uri, "prefix")? {
        options = options.with_prefix(Prefix::new(prefix)?);
    }
    match parameter::text(uri, "cursor")? {
        // A Worker that passes the empty string means the first page.
        Some(text) if !text.is_empty() => Ok(options.with_cursor(Cursor::parse(text)?)),
        _ => Ok(options),
    }
}

fn with_limit(options: ListOptions, text: &str) -> Result<ListOptions, Refusal> {
    let refused = |advice: &str| Refusal::parameter("key_count_limit", text, advice);
    let limit = usize::try_from(parameter::integer(text).unwrap_or_default()).unwrap_or(usize::MAX);
    options.with_limit(limit).map_err(|error| match error {
        InvalidInput::ListLimitOutOfRange { limit: 0 } => {
            refused("Please specify an integer greater than 0.")
        }
        // The service's own words, although the limit itself is allowed.
        InvalidInput::ListLimitOutOfRange { .. } => {
            refused(&format!("Please specify an integer less than {}.", limits::MAX_LIST_LIMIT))
        }
        other => other.into(),
    })
}
