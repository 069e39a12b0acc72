//! What goes wrong here.

use std::borrow::Cow;

use kv_core::{Error, ErrorKind, NamespaceTitle};

/// Name of this backend in its errors.
const BACKEND: &str = "kv-memory";

pub(crate) fn closed() -> Error {
    error(ErrorKind::Closed, "the store is closed, and what it held is gone: make a new one")
}

pub(crate) fn not_found() -> Error {
    error(
        ErrorKind::NamespaceNotFound,
        "the store has no namespace with this id, which was deleted or never was: create one, or mend the id",
    )
}

pub(crate) fn exists(title: &NamespaceTitle) -> Error {
    let chars = title.as_str().chars().count();
    error(
        ErrorKind::NamespaceExists,
        format!("another namespace has this title of {chars} characters: open it, or choose another title"),
    )
}

fn error(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(kind, BACKEND, message)
}
