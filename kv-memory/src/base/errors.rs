//! Errors of this crate.

use std::borrow::Cow;

use kv_core::{Error, ErrorKind, NamespaceTitle};

/// Name of this backend in its errors.
const BACKEND: &str = "kv-memory";

pub(crate) fn closed() -> Error {
    error(ErrorKind::Closed, "store is closed, and its entries are gone: create a new store")
}

pub(crate) fn not_found() -> Error {
    error(ErrorKind::NamespaceNotFound, "store has no namespace with this id: create one, or check the id")
}

pub(crate) fn exists(title: &NamespaceTitle) -> Error {
    let chars = title.as_str().chars().count();
    let message =
        format!("another namespace has this title of {chars} characters: open it, or choose another title");
    error(ErrorKind::NamespaceExists, message)
}

fn error(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(kind, BACKEND, message)
}

#[cfg(test)]
mod tests {
    use kv_core::{ErrorKind, NamespaceTitle};

    use super::{closed, exists, not_found};

    #[test]
    fn every_error_has_its_kind_and_message() {
        let title = NamespaceTitle::new("sessions").unwrap();
        for (error, kind, message) in [
            (closed(), ErrorKind::Closed, "store is closed, and its entries are gone: create a new store"),
            (
                not_found(),
                ErrorKind::NamespaceNotFound,
                "store has no namespace with this id: create one, or check the id",
            ),
            (
                exists(&title),
                ErrorKind::NamespaceExists,
                "another namespace has this title of 8 characters: open it, or choose another title",
            ),
        ] {
            assert_eq!((error.kind(), error.backend()), (kind, "kv-memory"));
            assert_eq!(error.to_string(), message);
        }
    }
}
