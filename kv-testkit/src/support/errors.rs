//! Checks of errors.

use kv_core::{ErrorKind, InvalidInput, Result};

/// Fails unless `outcome` is an error of `kind`, because of the rule `why`.
pub(crate) fn assert_kind<T>(outcome: Result<T>, kind: ErrorKind, why: &str) {
    assert_eq!(outcome.map(drop).map_err(|error| error.kind()), Err(kind), "{why}");
}

/// Fails unless `outcome` is an error that says which limit was broken: `limit`.
pub(crate) fn assert_rejected<T>(outcome: Result<T>, limit: InvalidInput) {
    let error = outcome.map(drop).expect_err("input that breaks a limit is rejected");
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "input that breaks a limit is `InvalidInput`");
    assert_eq!(error.as_invalid_input(), Some(&limit), "the error says which limit was broken");
}
