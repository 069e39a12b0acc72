//! How a call ended.

use kv_core::{ErrorKind, Result};

/// Checks that `outcome` is an error of `kind`, for the reason `why`.
pub(crate) fn assert_kind<T>(outcome: Result<T>, kind: ErrorKind, why: &str) {
    assert_eq!(outcome.map(drop).map_err(|error| error.kind()), Err(kind), "{why}");
}
