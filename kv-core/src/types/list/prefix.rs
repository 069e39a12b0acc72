//! Prefix of the keys that a listing is about.

use std::{borrow::Cow, fmt};

use crate::types::{invalid_input::InvalidInput, limits};

/// Prefix of keys: 0 to 512 bytes of UTF-8, taken literally.
///
/// The empty prefix is the default, and matches every key. `%`, `_` and `*` are characters, not patterns.
///
/// ```
/// use kv_core::Prefix;
///
/// let prefix = Prefix::new("session:")?;
/// assert!(prefix.matches("session:1"));
/// assert_eq!(prefix.upper_bound().as_deref(), Some("session;"));
/// # Ok::<(), kv_core::InvalidInput>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Prefix(Cow<'static, str>);

const fn check(prefix: &str) -> Result<(), InvalidInput> {
    match prefix.len() {
        0..=limits::MAX_PREFIX_BYTES => Ok(()),
        len => Err(InvalidInput::PrefixTooLong { len }),
    }
}

impl Prefix {
    /// Checks `prefix` and takes it unchanged.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::PrefixTooLong`].
    pub fn new(prefix: impl Into<String>) -> Result<Self, InvalidInput> {
        let prefix = prefix.into();
        check(&prefix)?;
        Ok(Self(Cow::Owned(prefix)))
    }

    /// Returns the prefix of a literal. In a `const` it is checked at compile time.
    ///
    /// # Panics
    ///
    /// If [`Prefix::new`] would reject it.
    #[must_use]
    pub const fn from_static(prefix: &'static str) -> Self {
        assert!(check(prefix).is_ok(), "a prefix has at most 512 bytes of UTF-8");
        Self(Cow::Borrowed(prefix))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `true` if `key` starts with this prefix.
    #[must_use]
    pub fn matches(&self, key: &str) -> bool {
        key.starts_with(self.as_str())
    }

    /// Returns the first text after all that start with this prefix, in the byte order of UTF-8: the
    /// exclusive end of a range scan. `None` if there is no such text, as for the empty prefix. It may be
    /// longer than a prefix may be.
    #[must_use]
    pub fn upper_bound(&self) -> Option<String> {
        let mut bound = self.as_str().to_owned();
        while let Some(last) = bound.pop() {
            // A range of characters skips the surrogates, which are not valid in UTF-8.
            if let Some(next) = (last..=char::MAX).nth(1) {
                bound.push(next);
                return Some(bound);
            }
        }
        None
    }
}

impl AsRef<str> for Prefix {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefix({} bytes)", self.as_str().len())
    }
}
