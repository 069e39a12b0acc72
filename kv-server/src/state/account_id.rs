//! The name of an account.

use std::fmt;

/// The name of an account: 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccountId(String);

impl AccountId {
    /// What a server has that is given none.
    pub(crate) const DEFAULT: &str = "0123456789abcdef0123456789abcdef";

    /// `None` unless it is 32 hexadecimal digits.
    pub(crate) fn new(text: &str) -> Option<Self> {
        is_well_formed(text).then(|| Self(text.to_ascii_lowercase()))
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        self.0.eq_ignore_ascii_case(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Form of Cloudflare's ids, of accounts and of namespaces: 32 hexadecimal digits.
pub(crate) fn is_well_formed(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
