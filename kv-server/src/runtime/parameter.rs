//! Parameters behind the `?`.

use std::borrow::Cow;

use axum::http::Uri;

use crate::{protocol::query::Query, runtime::runtime_error::RuntimeError};

/// The first parameter of that name, decoded.
pub(super) fn text<'a>(uri: &'a Uri, name: &str) -> Result<Option<Cow<'a, str>>, RuntimeError> {
    Query::from_uri(uri).get(name).map_err(|_| RuntimeError::not_decodable(name))
}
