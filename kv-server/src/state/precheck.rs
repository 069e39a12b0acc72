//! Checks of a request that come before the choice of its protocol.

use axum::http::HeaderMap;

use crate::{
    http::request_head::HeadError,
    state::{app_state::Shared, local_access::ForeignError},
};

/// Refusal of a request before it is known what it asks for.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub(crate) enum AdmissionError {
    #[error(transparent)]
    Head(#[from] HeadError),
    #[error(transparent)]
    Foreign(#[from] ForeignError),
}

/// Fails if the head of the request is malformed, or anybody may ask and this is a page of another site.
pub(crate) fn check(
    shared: &Shared,
    host: Result<Option<&str>, HeadError>,
    headers: &HeaderMap,
    is_runtime: bool,
) -> Result<(), AdmissionError> {
    let host = host?;
    if shared.credentials.are_open() {
        shared.local_access.check(host, headers, is_runtime)?;
    }
    Ok(())
}
