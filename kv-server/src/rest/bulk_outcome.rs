//! Outcome of a bulk write or delete.

use axum::http::StatusCode;
use kv_core::{BulkReport, ErrorKind, NamespaceId};
use serde::Serialize;

use crate::{
    protocol::json_output,
    rest::{api_error::ApiError, code::Code, envelope, extract::MAX_BULK_ITEMS, response::ApiResult},
    state::app_state::AppState,
};

#[derive(Serialize)]
struct Outcome<'a> {
    successful_key_count: usize,
    unsuccessful_keys: Vec<&'a str>,
}

/// Fails unless the namespace exists, so that nobody sends 100 MB for nothing.
pub(super) async fn check_namespace(state: &AppState, id: &NamespaceId) -> Result<(), ApiError> {
    state.store.namespace_info(id).await?;
    Ok(())
}

pub(super) fn check_count(given: usize) -> Result<(), ApiError> {
    if given > MAX_BULK_ITEMS {
        let reason = format!("{given} items are too many: the limit is {MAX_BULK_ITEMS}");
        return Err(ApiError::new(Code::TooManyItems, reason));
    }
    Ok(())
}

/// The answer for a report and the keys that were not tried, because they were written less than a second ago.
///
/// A request that got nothing done fails as its first item did; else the keys that failed are named, to be tried again.
pub(super) fn answer(report: &BulkReport, limited: &[String]) -> ApiResult {
    if let Some(failure) = report.failed.first() {
        tracing::warn!(failed = report.failed.len(), error = ?failure.error, "a bulk call failed in part");
        if report.succeeded == 0 || failure.error.kind() == ErrorKind::NamespaceNotFound {
            return Err(failure.error.clone().into());
        }
    }
    let failed = report.failed.iter().map(|failure| failure.key.as_str());
    let outcome = Outcome {
        successful_key_count: report.succeeded,
        unsuccessful_keys: failed.chain(limited.iter().map(String::as_str)).collect(),
    };
    Ok(json_output::respond(StatusCode::OK, envelope::success(outcome)?))
}

/// Takes out the items whose key may not be written yet, and gives their keys.
pub(super) fn take_limited<T>(
    state: &AppState,
    id: &NamespaceId,
    items: &mut Vec<T>,
    key: impl Fn(&T) -> &str,
) -> Vec<String> {
    let Some(limits) = &state.rate_limits else { return Vec::new() };
    let limited = items.extract_if(.., |item| limits.write(id.as_str(), key(item)).is_err());
    limited.map(|item| key(&item).to_owned()).collect()
}
