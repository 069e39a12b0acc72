//! Id of an account.

/// Id of an account: 32 hexadecimal digits, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccountId(String);

impl AccountId {
    /// Id of a server's account by default.
    pub(crate) const DEFAULT: &str = "0123456789abcdef0123456789abcdef";

    /// Length in characters.
    pub(crate) const LEN: usize = 32;

    /// Parses an id; `None` unless it is 32 hexadecimal digits.
    pub(crate) fn new(text: &str) -> Option<Self> {
        is_well_formed(text).then(|| Self(text.to_ascii_lowercase()))
    }

    /// Compares with a text, in any case.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.0.eq_ignore_ascii_case(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// `true` for the form of Cloudflare's ids, of accounts and of namespaces: 32 hexadecimal digits.
pub(crate) fn is_well_formed(text: &str) -> bool {
    text.len() == AccountId::LEN && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::AccountId;

    #[test]
    fn an_id_is_kept_in_lower_case_and_compared_in_any() {
        let id = AccountId::new("0123456789ABCDEF0123456789abcdef").unwrap();
        assert_eq!(id.as_str(), AccountId::DEFAULT);
        assert!(id.matches("0123456789abcdef0123456789ABCDEF"));
        assert!(!id.matches("0123456789abcdef0123456789abcdee"));
        for malformed in
            ["", "0123", "0123456789abcdef0123456789abcdeg", "0123456789abcdef0123456789abcde\u{e9}"]
        {
            assert_eq!(AccountId::new(malformed), None, "{malformed}");
        }
    }
}
