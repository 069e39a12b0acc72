//! The start of the keys that a listing is about.

use std::{borrow::Cow, fmt};

use crate::types::{invalid_input::InvalidInput, limits};

/// The start of the keys that a listing is about: 0 to 512 bytes of UTF-8, taken literally.
///
/// The empty prefix, which is the default, is that of every key. `%`, `_` and `*` are characters, not patterns.
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
    /// Takes `prefix` as it is.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::PrefixTooLong`].
    pub fn new(prefix: impl Into<String>) -> Result<Self, InvalidInput> {
        let prefix = prefix.into();
        check(&prefix)?;
        Ok(Self(Cow::Owned(prefix)))
    }

    /// A prefix that the program's text holds, checked when the program is compiled if it is in a `const`.
    ///
    /// # Panics
    ///
    /// If [`Prefix::new`] would refuse it.
    #[must_use]
    pub const fn from_static(prefix: &'static str) -> Self {
        assert!(check(prefix).is_ok(), "a prefix has at most 512 bytes of UTF-8");
        Self(Cow::Borrowed(prefix))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `key` starts with it.
    #[must_use]
    pub fn matches(&self, key: &str) -> bool {
        key.starts_with(self.as_str())
    }

    /// The first text after every text that starts with this prefix, in the byte order of UTF-8: the exclusive
    /// end of a range scan. `None` if there is no such text, as for the empty prefix. It may be longer than a
    /// prefix may be.
    #[must_use]
    pub fn upper_bound(&self) -> Option<String> {
        let mut bound = self.as_str().to_owned();
        while let Some(last) = bound.pop() {
            // A range of characters steps over the surrogates, which no text holds.
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
