//! Checks and result that bulk writes and deletes share.

use kv_core::{BulkReport, ErrorKind, NamespaceId};
use serde::Serialize;

use crate::{
    rest::{
        api_error::ApiError,
        code::Code,
        extract::MAX_BULK_ITEMS,
        response::{self, ApiResult},
    },
    state::app_state::AppState,
};

#[derive(Serialize)]
struct BulkResult<'a> {
    successful_key_count: usize,
    unsuccessful_keys: Vec<&'a str>,
}

/// Checks that the namespace exists, before 100 MB are sent in vain.
pub(super) async fn check_namespace(state: &AppState, id: &NamespaceId) -> Result<(), ApiError> {
    state.store.namespace_info(id).await?;
    Ok(())
}

/// Checks the number of items.
pub(super) fn check_count(given: usize) -> Result<(), ApiError> {
    if given > MAX_BULK_ITEMS {
        let reason = format!("too many items: {given} (max {MAX_BULK_ITEMS})");
        return Err(ApiError::new(Code::TooManyItems, reason));
    }
    Ok(())
}

/// Removes the items whose keys were written less than a second ago, and returns these keys.
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

/// Returns the response for a report and the rate-limited keys. If nothing succeeded, it is the error of the
/// first item; else the failed keys are listed, for a retry.
pub(super) fn respond(report: &BulkReport, limited: &[String]) -> ApiResult {
    if let Some(failure) = report.failed.first() {
        tracing::warn!(failed = report.failed.len(), error = ?failure.error, "bulk call failed in part");
        if report.succeeded == 0 || failure.error.kind() == ErrorKind::NamespaceNotFound {
            return Err(failure.error.clone().into());
        }
    }
    let failed = report.failed.iter().map(|failure| failure.key.as_str());
    response::success(BulkResult {
        successful_key_count: report.succeeded,
        unsuccessful_keys: failed.chain(limited.iter().map(String::as_str)).collect(),
    })
}
