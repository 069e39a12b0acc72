//! The parameters behind the `?`, and the numbers in them.

use std::{borrow::Cow, num::IntErrorKind};

use axum::http::Uri;

use super::refusal::Refusal;
use crate::query::Query;

/// The first parameter of that name, decoded.
pub(super) fn text<'a>(uri: &'a Uri, name: &str) -> Result<Option<Cow<'a, str>>, Refusal> {
    Query::of(uri).get(name).map_err(|_| Refusal::not_decodable(name))
}

/// The integer in `text`, the largest one that fits if it is too large; `None` if it is none or below zero.
pub(super) fn integer(text: &str) -> Option<u64> {
    match text.parse() {
        Ok(integer) => Some(integer),
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => Some(u64::MAX),
        Err(_) => None,
    }
}
