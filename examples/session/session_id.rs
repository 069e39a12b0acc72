//! Id of a session, the secret in the browser's cookie.

use std::fmt;

/// 128 random bits. Knowing them is being logged in, so `Debug` hides them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct SessionId(u128);

impl SessionId {
    pub(crate) fn generate() -> Self {
        // `rand::random` is cryptographically secure: ChaCha, seeded by the operating system.
        Self(rand::random())
    }

    /// Parses 32 lower-case hex digits; `None` for any other text.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        if text.len() != 32 {
            return None;
        }
        let mut digits = text.iter().map(|digit| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        });
        digits.try_fold(0, |id, digit| Some(id << 4 | u128::from(digit?))).map(Self)
    }

    /// Returns 32 lower-case hex digits, which belong only into the cookie and into the key in the store.
    pub(crate) fn secret(self) -> String {
        format!("{:032x}", self.0)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text() {
        let id = SessionId::generate();
        assert_eq!(SessionId::parse(id.secret().as_bytes()), Some(id));
        assert_eq!(SessionId(10).secret(), "0000000000000000000000000000000a");
        assert_ne!(SessionId::generate(), id);
        assert!(!format!("{id:?}").contains(&id.secret()));
    }

    #[test]
    fn other_texts_are_no_id() {
        for text in [
            "",
            "0123456789abcdef0123456789abcde",
            "0123456789abcdef0123456789abcdef0",
            "0123456789ABCDEF0123456789ABCDEF",
            "+123456789abcdef0123456789abcdef",
            "0123456789abcdef0123456789abcdeg",
            "0123456789abcdef0123456789abcdé",
        ] {
            assert_eq!(SessionId::parse(text.as_bytes()), None, "{text}");
        }
    }
}
