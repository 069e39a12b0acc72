//! Habits of writing that can be counted: documentation that begins with a riddle, and tuples of `let`.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::sources::Source;

/// First words after which a reader does not know what the thing is.
const RIDDLES: &[&str] = &[
    "How", "That", "There", "What", "Whatever", "When", "Where", "Whether", "Who", "Whoever", "Whom",
    "Whose", "Why",
];

/// Returns a line for each documentation text in a Rust source that begins with a riddle instead of a noun,
/// and for each
/// `let (a, b) = (x, y);`, which is two statements in one.
///
/// # Panics
///
/// If the source is not Rust.
#[must_use]
pub fn check(source: &Source) -> Vec<String> {
    let tokens: TokenStream = source.text.parse().unwrap_or_else(|error| panic!("{}: {error}", source.path));
    let mut complaints = Vec::new();
    check_tokens(tokens, &mut |line, complaint| {
        complaints.push(format!("{}:{line}: {complaint}", source.path));
    });
    complaints
}

fn check_tokens(tokens: TokenStream, complain: &mut impl FnMut(usize, &str)) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut is_in_docs = false;
    let mut index = 0;
    while let Some(rest) = tokens.get(index..).filter(|rest| !rest.is_empty()) {
        if let Some((len, line, text)) = doc(rest) {
            if !is_in_docs && let Some(riddle) = riddle(&text) {
                complain(line, &format!("the documentation begins with `{riddle}`: begin with a noun"));
            }
            is_in_docs = true;
            index += len;
            continue;
        }
        is_in_docs = false;
        if is_tuple_of_lets(rest) {
            let line = rest.first().map_or(0, |first| first.span().start().line);
            complain(line, "`let (a, b) = (x, y);`: write one `let` per line");
        }
        if let Some(TokenTree::Group(group)) = rest.first() {
            check_tokens(group.stream(), complain);
        }
        index += 1;
    }
}

/// Returns how many tokens a line of documentation takes, its line, and its text, if `tokens` begin with one.
fn doc(tokens: &[TokenTree]) -> Option<(usize, usize, String)> {
    let TokenTree::Punct(hash) = tokens.first()? else { return None };
    if hash.as_char() != '#' {
        return None;
    }
    let is_inner = matches!(tokens.get(1)?, TokenTree::Punct(punct) if punct.as_char() == '!');
    let len = if is_inner { 3 } else { 2 };
    let TokenTree::Group(group) = tokens.get(len - 1)? else { return None };
    let mut attribute = group.stream().into_iter();
    if !matches!(attribute.next()?, TokenTree::Ident(name) if name == "doc") {
        return None;
    }
    let text = attribute.nth(1).map(|text| text.to_string()).unwrap_or_default();
    Some((len, hash.span().start().line, text))
}

/// Returns the first word of a documentation line, as a literal of Rust, if it is a riddle.
fn riddle(literal: &str) -> Option<&'static str> {
    let text = literal.trim_start_matches(['r', '#']).trim_start_matches('"').trim_start();
    let word = text.split(|character: char| !character.is_alphanumeric()).next()?;
    RIDDLES.iter().copied().find(|riddle| *riddle == word)
}

fn is_tuple_of_lets(tokens: &[TokenTree]) -> bool {
    let is_tuple = |token: &TokenTree| {
        let TokenTree::Group(group) = token else { return false };
        let has_comma = group
            .stream()
            .into_iter()
            .any(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','));
        group.delimiter() == Delimiter::Parenthesis && has_comma
    };
    let [TokenTree::Ident(first), pattern, TokenTree::Punct(equals), value, TokenTree::Punct(end), ..] =
        tokens
    else {
        return false;
    };
    first == "let" && is_tuple(pattern) && equals.as_char() == '=' && is_tuple(value) && end.as_char() == ';'
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::sources::Source;

    fn complaints(text: &str) -> usize {
        check(&Source::new("a.rs", text)).len()
    }

    #[test]
    fn riddles_are_found_wherever_documentation_stands() {
        for text in [
            "//! What goes wrong here.\n",
            "/// Whether it is open.\nfn f() {}",
            "mod a { struct S {\n/// Who may ask.\nfield: u8 } }",
            "#[doc = \"When it ends.\"]\nfn f() {}",
            "proptest! { /// How it ends.\n fn f() {} }",
        ] {
            assert_eq!(complaints(text), 1, "{text}");
        }
    }

    #[test]
    fn nouns_and_verbs_are_fine_and_only_the_first_line_counts() {
        for text in [
            "//! Retry loop for API requests.\n//! What it counts are tries.\n",
            "/// Returns the key.\n///\n/// When it is absent: `None`.\nfn f() {}",
            "/// Whatsoever is a word of its own.\nfn f() {}",
            "// What a plain comment says.\nfn f() {}",
        ] {
            assert_eq!(complaints(text), 0, "{text}");
        }
    }

    #[test]
    fn tuples_of_lets_are_found_and_calls_are_fine() {
        for (text, expected) in [
            ("fn f() { let (a, b) = (x, y); }", 1),
            ("fn f() { check!({ let (mut a, b) = (x(1), y(2)); }) }", 1),
            ("fn f() { let (a, b) = pair(x, y); }", 0),
            ("fn f() { let (a, b) = (pair(x)); }", 0),
            ("fn f() { let (a, b) = pair.await?; }", 0),
            ("fn f() { let Some((a, b)) = (x, y) else { return }; }", 0),
            ("fn f() { match (x, y) { (a, b) => a } }", 0),
        ] {
            assert_eq!(complaints(text), expected, "{text}");
        }
    }
}
