//! Name of a user.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest name in bytes of UTF-8. Names go into metadata, which holds 1,024 bytes of JSON.
const MAX_BYTES: usize = 64;

/// A name of 1 to 64 bytes, checked when JSON is parsed, so that handlers never see an invalid one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct UserName(String);

impl TryFrom<String> for UserName {
    type Error = UserNameError;

    fn try_from(name: String) -> Result<Self, UserNameError> {
        let fits = (1..=MAX_BYTES).contains(&name.len());
        if fits && name.trim() == name && !name.contains(char::is_control) {
            Ok(Self(name))
        } else {
            Err(UserNameError { len: name.len() })
        }
    }
}

/// Error of an invalid user name.
#[derive(Debug)]
pub(crate) struct UserNameError {
    len: usize,
}

impl fmt::Display for UserNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "user name is invalid: {} bytes (1 to {MAX_BYTES}, without control characters or white space around it)",
            self.len
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_and_clean() {
        for name in ["ada", "Ada Lovelace", "Łukasz", "a", &"x".repeat(64)] {
            assert!(UserName::try_from(name.to_owned()).is_ok(), "{name:?}");
        }
        for name in ["", " ", " ada", "ada\n", "a\0b", &"x".repeat(65), &"é".repeat(33)] {
            assert!(UserName::try_from(name.to_owned()).is_err(), "{name:?}");
        }
    }
}
