//! What a caller may pass as a key.

use std::borrow::Cow;

use crate::types::{invalid_input::InvalidInput, key::Key};

/// Text that a caller may pass as a key: `&str`, `String`, `Cow<str>`, [`Key`], and references to them.
///
/// Borrowed text stays borrowed. The trait is sealed.
pub trait IntoKey<'a>: sealed::Sealed {
    /// The key.
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
