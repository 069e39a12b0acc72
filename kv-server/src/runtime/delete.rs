//! `DELETE /<key>`: removes an entry, if there is one.

use axum::{
    http::Uri,
    response::{IntoResponse, Response},
};

use crate::runtime::{key, namespaces::Namespace, runtime_error::RuntimeError};

/// Removes the entry under the key of the path.
pub(super) async fn delete(namespace: Namespace<'_>, uri: &Uri) -> Result<Response, RuntimeError> {
    let key = key::of(uri)?;
    namespace.count_write(&key)?;
    namespace.handle.remove(key).await?;
    Ok(().into_response())
}
