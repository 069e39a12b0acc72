//! Odd names of keys.

/// Names of keys that some layer on the way to the data may take for syntax, or for another name.
#[rustfmt::skip]
pub(crate) const ODD_NAMES: &[&str] = &[
    "/", "//", "./", "../x", "a/../b", "a/./b", "a//b", "...", "\\", "%", "%%", "%2F", "%2f", "%25", "%zz", "%00", "+",
    "a+b c", "a%2Bb%20c", "?#&=", ";,:@$!", "'", "\"", "`", "<>", "{}", "[]", "|", "^~", "*", "_", "$1", "${a}", " ",
    "  ", "\t", "\n", "\r\n", "\0", "\0\0", "\u{1b}[0m", "\u{7f}", "\u{85}", "\u{a0}", "\u{2028}", "\u{200b}",
    "\u{feff}", "\u{fffd}", "\u{ffee}", "\u{d7ff}", "\u{e000}", "\u{10ffff}", "\u{1f600}", "\u{202e}", "é",
    "e\u{301}", "__proto__", "constructor", "null", "undefined", "0", "1", "01", "-1", "1e3", "true", "CON", "a", "A",
    "ß", "ss", "\u{131}", "\u{130}", "k", "\u{212a}",
];
