//! Checks of a request that come before the choice of its protocol.

use axum::http::HeaderMap;

use crate::{
    http::request_head::HeadError,
    state::{app_state::AppState, local_access::ForeignError},
};

/// RuntimeError of a request before it is known what it asks for.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub(crate) enum PrecheckError {
    #[error(transparent)]
    Head(#[from] HeadError),
    #[error(transparent)]
    Foreign(#[from] ForeignError),
}

/// Fails if the head of the request is malformed, or anybody may ask and this is a page of another site.
pub(crate) fn check(
    state: &AppState,
    host: Result<Option<&str>, HeadError>,
    headers: &HeaderMap,
    is_runtime: bool,
) -> Result<(), PrecheckError> {
    let host = host?;
    if state.credentials.are_open() {
        state.local_access.check(host, headers, is_runtime)?;
    }
    Ok(())
}
