//! `GET /`: a page of keys.

use axum::{
    http::{StatusCode, Uri},
    response::Response,
};
use kv_core::{Cursor, Error, InvalidInput, ListOptions, ListPage, Metadata, Prefix, limits};
use serde::Serialize;

use crate::{
    http::offload,
    protocol::{
        json_output,
        listed_key::{self, ListedKey},
        whole_number,
    },
    runtime::{namespaces::Namespace, parameter, runtime_error::RuntimeError},
};

#[derive(Serialize)]
struct Page<'a> {
    /// Their metadata is JSON in a string, which the runtime parses.
    keys: Vec<ListedKey<'a, &'a str>>,
    list_complete: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<&'a str>,
    #[serde(rename = "cacheStatus")]
    cache_status: Option<&'a str>,
}

/// The keys after a cursor, or from the first on, that start with a prefix.
pub(super) async fn list(namespace: Namespace<'_>, uri: &Uri) -> Result<Response, RuntimeError> {
    let options = options(uri)?;
    let read = || async {
        let page = namespace.handle.list_page(options.clone()).await?;
        let json = offload::run(listed_key::json_bytes(&page), move || write(&page)).await??;
        let len = json.len();
        Ok::<_, RuntimeError>((json, len))
    };
    let most = listed_key::most_bytes(options.limit());
    let (json, room) = namespace.state.memory().reading(most, read).await?;
    let mut response = json_output::respond(StatusCode::OK, json);
    room.attach_to(&mut response);
    Ok(response)
}

fn write(page: &ListPage) -> Result<Vec<u8>, Error> {
    let key = |key| ListedKey::new(key, key.metadata.as_ref().map(Metadata::as_str));
    json_output::write(&Page {
        keys: page.keys.iter().map(key).collect(),
        list_complete: page.next.is_none(),
        cursor: page.next.as_ref().map(Cursor::as_str),
        cache_status: None,
    })
}

fn options(uri: &Uri) -> Result<ListOptions, RuntimeError> {
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

fn with_limit(options: ListOptions, text: &str) -> Result<ListOptions, RuntimeError> {
    let refused = |advice: &str| RuntimeError::parameter("key_count_limit", text, advice);
    let limit = usize::try_from(whole_number::parse(text).unwrap_or_default()).unwrap_or(usize::MAX);
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
