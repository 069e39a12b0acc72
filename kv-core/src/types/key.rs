//! Key of an entry, and the types that convert into one.

use std::{borrow::Cow, fmt};

use crate::types::{invalid_input::InvalidInput, limits};

/// Key of an entry: 1 to 512 bytes of UTF-8, and neither `.` nor `..`.
///
/// Every other text is a key and comes back as it was given: `/`, `%`, `+`, a space, a newline, NUL, an
/// emoji. Keys differ if their bytes differ; they are not folded, trimmed, decoded or normalised. They sort
/// by their bytes. The rule is Workers KV's own: its
/// [documentation](https://developers.cloudflare.com/kv/api/write-key-value-pairs/) and its runtime.
///
/// `Display` shows the key. `Debug` shows its length alone, since keys such as session ids do not belong in
/// logs.
///
/// ```
/// use kv_core::Key;
///
/// const SETTINGS: Key<'static> = Key::from_static("settings/theme");
/// assert_eq!(SETTINGS, Key::new("settings/theme")?);
/// assert!(Key::new("").is_err() && Key::new(".").is_err() && Key::new("..").is_err());
/// assert!(Key::new("...").is_ok());
/// # Ok::<(), kv_core::InvalidInput>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key<'a>(Cow<'a, str>);

const fn check(key: &str) -> Result<(), InvalidInput> {
    match key.as_bytes() {
        [] => Err(InvalidInput::KeyEmpty),
        b"." => Err(InvalidInput::KeyReserved { key: "." }),
        b".." => Err(InvalidInput::KeyReserved { key: ".." }),
        bytes if bytes.len() > limits::MAX_KEY_BYTES => Err(InvalidInput::KeyTooLong { len: bytes.len() }),
        _ => Ok(()),
    }
}

impl<'a> Key<'a> {
    /// Checks `key` and takes it unchanged.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::KeyEmpty`], [`KeyReserved`](InvalidInput::KeyReserved) or
    /// [`KeyTooLong`](InvalidInput::KeyTooLong).
    pub fn new(key: impl Into<Cow<'a, str>>) -> Result<Self, InvalidInput> {
        let key = key.into();
        check(&key)?;
        Ok(Self(key))
    }

    /// Returns the same key, borrowed.
    #[must_use]
    pub fn as_borrowed(&self) -> Key<'_> {
        Key(Cow::Borrowed(&self.0))
    }

    /// Returns the same key, owned: copies the text if it was borrowed.
    #[must_use]
    pub fn into_owned(self) -> Key<'static> {
        Key(Cow::Owned(self.0.into_owned()))
    }

    /// Returns the text, owned: copies it if it was borrowed.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0.into_owned()
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the length in bytes, 1 to 512.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a key is never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl Key<'static> {
    /// Returns the key of a literal. In a `const` it is checked at compile time.
    ///
    /// # Panics
    ///
    /// If [`Key::new`] would reject it.
    #[must_use]
    pub const fn from_static(key: &'static str) -> Self {
        assert!(check(key).is_ok(), "a key has 1 to 512 bytes of UTF-8 and is neither \".\" nor \"..\"");
        Self(Cow::Borrowed(key))
    }
}

impl AsRef<str> for Key<'_> {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({} bytes)", self.len())
    }
}

/// Text that callers may pass as a key: `&str`, `String`, `Cow<str>`, [`Key`], and references to them.
///
/// Borrowed text stays borrowed. The trait is sealed.
pub trait IntoKey<'a>: sealed::Sealed {
    /// Converts into a key.
    ///
    /// # Errors
    ///
    /// As [`Key::new`].
    fn into_key(self) -> Result<Key<'a>, InvalidInput>;
}

impl<'a> IntoKey<'a> for &'a str {
    fn into_key(self) -> Result<Key<'a>, InvalidInput> {
        Key::new(self)
    }
}

impl<'a> IntoKey<'a> for &&'a str {
    fn into_key(self) -> Result<Key<'a>, InvalidInput> {
        Key::new(*self)
    }
}

impl<'a> IntoKey<'a> for String {
    fn into_key(self) -> Result<Key<'a>, InvalidInput> {
        Key::new(self)
    }
}

impl<'a> IntoKey<'a> for &'a String {
    fn into_key(self) -> Result<Key<'a>, InvalidInput> {
        Key::new(self)
    }
}

impl<'a> IntoKey<'a> for Cow<'a, str> {
    fn into_key(self) -> Result<Key<'a>, InvalidInput> {
        Key::new(self)
    }
}

impl<'a> IntoKey<'a> for Key<'a> {
    fn into_key(self) -> Result<Key<'a>, InvalidInput> {
        Ok(self)
    }
}

impl<'a> IntoKey<'a> for &'a Key<'_> {
    fn into_key(self) -> Result<Key<'a>, InvalidInput> {
        Ok(self.as_borrowed())
    }
}

mod sealed {
    use std::borrow::Cow;

    use crate::types::key::Key;

    pub trait Sealed {}
    impl Sealed for &str {}
    impl Sealed for &&str {}
    impl Sealed for String {}
    impl Sealed for &String {}
    impl Sealed for Cow<'_, str> {}
    impl Sealed for Key<'_> {}
    impl Sealed for &Key<'_> {}
}
