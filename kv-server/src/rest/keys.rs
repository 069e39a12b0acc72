//! Listings of keys.

use axum::http::StatusCode;
use kv_core::{Cursor, InvalidInput, ListOptions, ListPage, Prefix, limits};
use serde::Serialize;

use crate::{
    http::offload,
    protocol::{
        json_output,
        listed_key::{self, ListedKey},
        percent::DecodeError,
        query::Query,
        whole_number,
    },
    rest::{api_error::ApiError, code::Code, envelope, extract, metadata, response::ApiResult},
    state::app_state::AppState,
};

#[derive(Serialize)]
struct Info<'a> {
    count: usize,
    cursor: &'a str,
}

/// A page of keys.
pub(super) async fn list(state: &AppState, id: &str, query: Query<'_>) -> ApiResult {
    let (id, options) = (extract::namespace_id(id)?, options(query)?);
    let namespace = state.store.namespace(&id);
    let read = || async {
        let page = namespace.list_page(options.clone()).await?;
        let json = offload::run(listed_key::json_bytes(&page), move || write(&page)).await??;
        let len = json.len();
        Ok::<_, ApiError>((json, len))
    };
    let (json, room) = state.memory().reading(listed_key::most_bytes(options.limit()), read).await?;
    let mut response = json_output::respond(StatusCode::OK, json);
    room.attach_to(&mut response);
    Ok(response)
}

fn options(query: Query<'_>) -> Result<ListOptions, ApiError> {
    let malformed = |what: &'static str, code: Code| {
        move |DecodeError| ApiError::new(code, format!("the {what} is not well encoded"))
    };
    let mut options = ListOptions::default();
    if let Some(text) = query.get("limit").map_err(malformed("limit", Code::InvalidLimit))? {
        let limit = whole_number::parse(&text).ok_or_else(bad_limit)?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
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

fn bad_limit() -> ApiError {
    let max = limits::MAX_LIST_LIMIT;
    ApiError::new(Code::InvalidLimit, format!("the limit has to be a number from 1 to {max}"))
}

fn write(page: &ListPage) -> Result<Vec<u8>, ApiError> {
    let mut names = Vec::with_capacity(page.keys.len());
    for key in &page.keys {
        let metadata = key.metadata.as_ref().map(metadata::as_written).transpose()?;
        names.push(ListedKey::new(key, metadata));
    }
    let cursor = page.next.as_ref().map_or("", Cursor::as_str);
    envelope::page(&names, Info { count: names.len(), cursor })
}
