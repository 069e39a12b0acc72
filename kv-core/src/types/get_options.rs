//! How to read.

/// How to read an entry. The default reads the value and its deadline.
///
/// ```
/// use kv_core::GetOptions;
///
/// let options = GetOptions::default().with_metadata(true);
/// assert!(options.metadata && !options.text);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetOptions {
    /// Whether to fill in [`Entry::metadata`](crate::Entry::metadata).
    pub metadata: bool,
    /// A hint that the values are UTF-8 text, with which some backends answer many keys in one request. It never
    /// changes the bytes that are returned.
    pub text: bool,
}

impl GetOptions {
    /// Sets whether the metadata is wanted.
    #[must_use]
    pub const fn with_metadata(mut self, wanted: bool) -> Self {
        self.metadata = wanted;
        self
    }

    /// Sets the hint that the values are text.
    #[must_use]
    pub const fn with_text(mut self, text: bool) -> Self {
        self.text = text;
        self
    }
}
