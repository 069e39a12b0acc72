//! Cursor of a listing: the start of its next page.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::types::{invalid_input::InvalidInput, key::Key, list::prefix::Prefix};

/// Start of a listing's next page: opaque text that is safe in a URL.
///
/// A cursor belongs to its prefix: with another one, or altered, it is rejected. It stays valid while keys
/// are added and removed, its own key too.
///
/// Its text is the base64 of a version, a hash over prefix and token, and the backend's token. The hash finds
/// mistakes; it is not a signature, so a backend must not trust the token.
///
/// ```
/// use kv_core::{Cursor, InvalidInput, Key, ListOptions, Prefix};
///
/// let prefix = Prefix::new("session:")?;
/// let cursor = Cursor::after(&prefix, &Key::new("session:7")?);
/// let sent: Cursor = cursor.as_str().parse()?;
///
/// let options = ListOptions::from(prefix).with_cursor(sent.clone());
/// assert_eq!(options.start()?, Some("session:7"));
/// let other = ListOptions::default().with_cursor(sent);
/// assert_eq!(other.start(), Err(InvalidInput::CursorForOtherPrefix));
/// # Ok::<(), InvalidInput>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cursor {
    text: String,
    hash: u64,
    token: String,
}

const VERSION: u8 = 1;

impl Cursor {
    /// Returns a cursor for the listing of `prefix` that carries a backend's `token`. For backends.
    #[must_use]
    pub fn issue(prefix: &Prefix, token: impl Into<String>) -> Self {
        let token = token.into();
        let hash = hash(prefix, &token);
        let bytes = [&[VERSION][..], &hash.to_be_bytes(), token.as_bytes()].concat();
        Self { text: URL_SAFE_NO_PAD.encode(bytes), hash, token }
    }

    /// Returns the cursor of an ordered backend: the next page starts after `key`, which may have been
    /// removed.
    #[must_use]
    pub fn after(prefix: &Prefix, key: &Key<'_>) -> Self {
        Self::issue(prefix, key.as_str())
    }

    /// Parses the text of a cursor. [`ListOptions::start`](crate::ListOptions::start) checks that it belongs
    /// to the prefix that it is used with.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::CursorMalformed`].
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidInput> {
        let text = text.into();
        let bytes = URL_SAFE_NO_PAD.decode(&text).map_err(|_| InvalidInput::CursorMalformed)?;
        let Some((&VERSION, bytes)) = bytes.split_first() else {
            return Err(InvalidInput::CursorMalformed);
        };
        let Some((hash, token)) = bytes.split_first_chunk() else {
            return Err(InvalidInput::CursorMalformed);
        };
        let token = std::str::from_utf8(token).map_err(|_| InvalidInput::CursorMalformed)?.to_owned();
        Ok(Self { hash: u64::from_be_bytes(*hash), token, text })
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn token(&self, prefix: &Prefix) -> Result<&str, InvalidInput> {
        if hash(prefix, &self.token) != self.hash {
            return Err(InvalidInput::CursorForOtherPrefix);
        }
        Ok(&self.token)
    }
}

/// FNV-1a hash of 64 bits: the same in every build, unlike the standard library's. It guards against
/// mistakes.
fn hash(prefix: &Prefix, token: &str) -> u64 {
    let length = (prefix.as_str().len() as u64).to_be_bytes();
    let bytes = length.iter().chain(prefix.as_str().as_bytes()).chain(token.as_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

impl FromStr for Cursor {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        Self::parse(text)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text holds a key.
        write!(f, "Cursor({} bytes)", self.text.len())
    }
}
