//! Who is logged in.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest name, in bytes of UTF-8. It goes into metadata, which has room for 1,024 bytes of JSON.
const MAX_BYTES: usize = 64;

/// A name of 1 to 64 bytes, checked where JSON becomes one, so that a request with another never reaches a handler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct UserName(String);

impl TryFrom<String> for UserName {
    type Error = Refused;

    fn try_from(name: String) -> Result<Self, Refused> {
        let fits = (1..=MAX_BYTES).contains(&name.len());
        if fits && name.trim() == name && !name.contains(char::is_control) {
            Ok(Self(name))
        } else {
            Err(Refused { len: name.len() })
        }
    }
}

/// A text that is no user name.
#[derive(Debug)]
pub(crate) struct Refused {
    len: usize,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a user name has 1 to {MAX_BYTES} bytes of UTF-8, no control characters and no white space around it \
             (this one has {} bytes)",
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
