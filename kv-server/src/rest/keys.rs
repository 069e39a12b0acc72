//! Endpoint that lists keys.

use kv_core::{Cursor, InvalidInput, ListOptions, ListPage, Prefix, limits};
use serde::Serialize;

use crate::{
    protocol::{
        json_output,
        listing::{self, ListedKey},
        query::Query,
        whole_number,
    },
    rest::{api_error::ApiError, code::Code, envelope, extract, response::ApiResult},
    state::app_state::AppState,
};

#[derive(Serialize)]
struct PageInfo<'a> {
    count: usize,
    cursor: &'a str,
}

/// Returns a page of keys.
pub(super) async fn list(state: &AppState, id: &str, query: Query<'_>) -> ApiResult {
    let id = extract::namespace_id(id)?;
    let options = options(query)?;
    let namespace = state.store.namespace(&id);
    let (json, reservation) = listing::read_page(state.memory(), &*namespace, &options, write).await?;
    Ok(json_output::respond_reserved(json, reservation))
}

fn options(query: Query<'_>) -> Result<ListOptions, ApiError> {
    let parameter = |name: &'static str, code: Code| {
        query
            .get(name)
            .map_err(|_| ApiError::new(code, format!("{name} is malformed: must be percent-encoded UTF-8")))
    };
    let mut options = ListOptions::default();
    if let Some(text) = parameter("limit", Code::InvalidLimit)? {
        let limit = whole_number::parse(&text).ok_or_else(invalid_limit)?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        options = options.with_limit(limit).map_err(|error| match error {
            InvalidInput::ListLimitOutOfRange { .. } => invalid_limit(),
            other => other.into(),
        })?;
    }
    if let Some(prefix) = parameter("prefix", Code::InvalidRequest)? {
        options = options.with_prefix(Prefix::new(prefix)?);
    }
    // The last page has an empty cursor, which clients may send back.
    match parameter("cursor", Code::InvalidCursor)?.filter(|text| !text.is_empty()) {
        Some(text) => Ok(options.with_cursor(Cursor::parse(text)?)),
        None => Ok(options),
    }
}

fn invalid_limit() -> ApiError {
    let max = limits::MAX_LIST_LIMIT;
    ApiError::new(Code::InvalidLimit, format!("limit must be a number from 1 to {max}"))
}

fn write(page: &ListPage) -> Result<Vec<u8>, ApiError> {
    let mut keys = Vec::with_capacity(page.keys.len());
    for key in &page.keys {
        let metadata = key.metadata.as_ref().map(json_output::metadata).transpose()?;
        keys.push(ListedKey::new(key, metadata));
    }
    let cursor = page.next.as_ref().map_or("", Cursor::as_str);
    envelope::page(&keys, PageInfo { count: keys.len(), cursor })
}
