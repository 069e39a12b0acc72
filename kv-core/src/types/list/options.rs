//! Options of a listing, and the types that convert into them.

use std::ops::Bound;

use crate::types::{
    invalid_input::InvalidInput,
    limits,
    list::{cursor::Cursor, prefix::Prefix},
};

/// Prefix, page size and start of a listing. The default lists every key, 1,000 per page.
///
/// ```
/// use kv_core::{InvalidInput, ListOptions, Prefix};
///
/// let options = ListOptions::from(Prefix::new("session:")?).with_limit(100)?;
/// assert_eq!((options.prefix().as_str(), options.limit()), ("session:", 100));
/// assert_eq!(options.with_limit(0), Err(InvalidInput::ListLimitOutOfRange { limit: 0 }));
/// # Ok::<(), InvalidInput>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListOptions {
    prefix: Prefix,
    limit: usize,
    cursor: Option<Cursor>,
}

impl Default for ListOptions {
    fn default() -> Self {
        Self { prefix: Prefix::default(), limit: limits::MAX_LIST_LIMIT, cursor: None }
    }
}

impl ListOptions {
    /// Lists only keys that start with `prefix`. A cursor is valid for its own prefix alone.
    #[must_use]
    pub fn with_prefix(mut self, prefix: Prefix) -> Self {
        self.prefix = prefix;
        self
    }

    /// Sets the maximum number of keys per page. [`KvNamespaceExt::list`](crate::KvNamespaceExt::list)
    /// follows every page, so there it bounds the size of a request and not the number of keys.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::ListLimitOutOfRange`] unless it is 1 to 1,000.
    pub fn with_limit(mut self, limit: usize) -> Result<Self, InvalidInput> {
        if limit == 0 || limit > limits::MAX_LIST_LIMIT {
            return Err(InvalidInput::ListLimitOutOfRange { limit });
        }
        self.limit = limit;
        Ok(self)
    }

    /// Starts after the page that returned `cursor`; `None` starts with the first page.
    #[must_use]
    pub fn with_cursor(mut self, cursor: impl Into<Option<Cursor>>) -> Self {
        self.cursor = cursor.into();
        self
    }

    /// Returns the prefix.
    #[must_use]
    pub const fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// Returns the maximum number of keys in the page, 1 to 1,000.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// Returns the cursor, if there is one.
    #[must_use]
    pub const fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    /// Returns the start of the page, for backends: the token that the backend passed to
    /// [`Cursor::issue`](crate::Cursor::issue) (for [`Cursor::after`](crate::Cursor::after) the key), or
    /// `None` for the first page. It is the only way to a cursor's token, so the check cannot be left out.
    /// Cursors can be forged: the token may be no key, or a key outside the prefix.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::CursorForOtherPrefix`] if the cursor was not issued for this prefix.
    pub fn start(&self) -> Result<Option<&str>, InvalidInput> {
        self.cursor.as_ref().map(|cursor| cursor.token(&self.prefix)).transpose()
    }

    /// Returns the range of keys that the page may hold, for ordered backends whose cursors are those of
    /// [`Cursor::after`](crate::Cursor::after). `None` if the range is empty, so its start lies before its
    /// end. A forged cursor cannot leave the prefix.
    ///
    /// ```
    /// use std::ops::Bound;
    /// use kv_core::{Cursor, Key, ListOptions, Prefix};
    ///
    /// let prefix = Prefix::new("b")?;
    /// let next = Cursor::after(&prefix, &Key::new("b7")?);
    /// let options = ListOptions::from(prefix).with_cursor(next);
    /// let range = options.key_range()?.unwrap();
    /// assert_eq!((range.start, range.end.as_deref()), (Bound::Excluded("b7"), Some("c")));
    /// # Ok::<(), kv_core::InvalidInput>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`start`](ListOptions::start).
    pub fn key_range(&self) -> Result<Option<KeyRange<'_>>, InvalidInput> {
        let prefix = self.prefix.as_str();
        let (first, start) = match self.start()?.filter(|start| *start >= prefix) {
            Some(start) => (start, Bound::Excluded(start)),
            None => (prefix, Bound::Included(prefix)),
        };
        let end = self.prefix.upper_bound();
        let is_empty = end.as_ref().is_some_and(|end| first >= end.as_str());
        Ok((!is_empty).then_some(KeyRange { start, end }))
    }
}

impl From<Prefix> for ListOptions {
    fn from(prefix: Prefix) -> Self {
        Self::default().with_prefix(prefix)
    }
}

/// Types that callers may pass to list: [`ListOptions`], or a prefix alone as [`Prefix`] or text. Sealed.
pub trait IntoListOptions: sealed::Sealed {
    /// Converts into options.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::PrefixTooLong`].
    fn into_list_options(self) -> Result<ListOptions, InvalidInput>;
}

impl IntoListOptions for ListOptions {
    fn into_list_options(self) -> Result<ListOptions, InvalidInput> {
        Ok(self)
    }
}

impl IntoListOptions for Prefix {
    fn into_list_options(self) -> Result<ListOptions, InvalidInput> {
        Ok(self.into())
    }
}

impl IntoListOptions for &Prefix {
    fn into_list_options(self) -> Result<ListOptions, InvalidInput> {
        Ok(self.clone().into())
    }
}

impl IntoListOptions for &str {
    fn into_list_options(self) -> Result<ListOptions, InvalidInput> {
        Prefix::new(self).map(ListOptions::from)
    }
}

impl IntoListOptions for String {
    fn into_list_options(self) -> Result<ListOptions, InvalidInput> {
        Prefix::new(self).map(ListOptions::from)
    }
}

impl IntoListOptions for &String {
    fn into_list_options(self) -> Result<ListOptions, InvalidInput> {
        self.as_str().into_list_options()
    }
}

mod sealed {
    use crate::types::list::{options::ListOptions, prefix::Prefix};

    pub trait Sealed {}
    impl Sealed for ListOptions {}
    impl Sealed for Prefix {}
    impl Sealed for &Prefix {}
    impl Sealed for &str {}
    impl Sealed for String {}
    impl Sealed for &String {}
}

/// Range of keys that a page of an ordered backend may hold; see [`ListOptions::key_range`].
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRange<'a> {
    /// Start of the range.
    pub start: Bound<&'a str>,
    /// Exclusive end of the range; `None` for the end of the namespace.
    pub end: Option<String>,
}

impl std::fmt::Debug for KeyRange<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The bounds are keys, which are not shown.
        f.debug_struct("KeyRange").finish_non_exhaustive()
    }
}
