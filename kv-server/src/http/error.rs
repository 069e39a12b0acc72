//! Errors of this crate.

use std::borrow::Cow;

use kv_core::{Error, ErrorKind};

/// Name of this crate in its errors, without the prefix of the package's name.
const BACKEND: &str = "kv-server";

/// Returns an error of this crate.
pub(crate) fn error(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(kind, BACKEND, message)
}

/// Returns the error for a fault of the server itself.
pub(crate) fn internal(message: &'static str) -> Error {
    error(ErrorKind::Other, message)
}
