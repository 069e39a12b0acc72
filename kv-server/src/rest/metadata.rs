//! The metadata of a value, alone.

use axum::http::StatusCode;
use kv_core::{Error, ErrorKind, GetOptions, Metadata, limits};
use serde_json::value::RawValue;

use crate::{
    protocol::json_output,
    rest::{api_error::ApiError, envelope, extract, response::ApiResult, values::key_not_found},
    state::app_state::AppState,
};

/// The metadata, `null` if there is none.
pub(super) async fn get(state: &AppState, id: &str, raw_key: &str) -> ApiResult {
    let id = extract::namespace_id(id)?;
    let key = extract::key(raw_key)?;
    let options = GetOptions::default().with_metadata(true);
    let namespace = state.store.namespace(&id);
    // The value comes with it, and goes at once.
    let read = || async {
        let entry = namespace.read(key.as_borrowed(), options).await?.ok_or_else(key_not_found)?;
        Ok::<_, ApiError>((entry.metadata, 0))
    };
    let (metadata, _) = state.memory().reading(limits::MAX_VALUE_BYTES, read).await?;
    let metadata = metadata.as_ref().map(as_written).transpose()?;
    Ok(json_output::respond(StatusCode::OK, envelope::success(metadata)?))
}

/// The metadata, to be carried byte for byte: numbers keep their digits, objects the order of their keys.
pub(super) fn as_written(metadata: &Metadata) -> Result<&RawValue, ApiError> {
    serde_json::from_str(metadata.as_str()).map_err(|_| {
        Error::new(ErrorKind::Corrupt, env!("CARGO_PKG_NAME"), "the store's metadata is not JSON").into()
    })
}
