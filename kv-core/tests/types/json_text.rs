//! JSON as text, token by token, with numbers and escapes that a parsed form would not keep.

use proptest::{collection::vec, prelude::*};

/// JSON of a few levels: numbers of many digits, escapes of every kind, keys in any order and twice.
pub(crate) fn tokens() -> impl Strategy<Value = Vec<String>> {
    let scalar = prop_oneof![
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
        prop::sample::select(vec!["null", "true", "false"]).prop_map(str::to_owned),
        string(),
    ];
    scalar.prop_map(|scalar| vec![scalar]).prop_recursive(4, 24, 4, |inner| {
        let array = vec(inner.clone(), 0..4).prop_map(|items| enclose("[", items, "]"));
        let member = (string(), inner).prop_map(|(key, value)| {
            let mut member = vec![key, ":".to_owned()];
            member.extend(value);
            member
        });
        let object = vec(member, 0..4).prop_map(|members| enclose("{", members, "}"));
        prop_oneof![array, object]
    })
}

/// A string in its quotes, with white space, brackets and quotes in it.
fn string() -> impl Strategy<Value = String> {
    let escapes = "\"(\\\\[\"\\\\/bfnrt]|\\\\u[0-9a-fA-F]{4}|[ a-c,:\\[\\]{}é😀])*\"";
    prop_oneof![escapes, any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap())]
}

fn enclose(open: &str, items: Vec<Vec<String>>, close: &str) -> Vec<String> {
    let mut tokens = vec![open.to_owned()];
    for (index, item) in items.into_iter().enumerate() {
        tokens.extend((index > 0).then(|| ",".to_owned()));
        tokens.extend(item);
    }
    tokens.push(close.to_owned());
    tokens
}

/// The tokens with white space before, between and behind them.
pub(crate) fn spread(tokens: &[String], gaps: &[&str]) -> String {
    let mut gaps = gaps.iter().copied().cycle();
    let mut text = gaps.next().unwrap_or_default().to_owned();
    for token in tokens {
        text.push_str(token);
        text.push_str(gaps.next().unwrap_or_default());
    }
    text
}

/// White space as JSON has it.
pub(crate) fn gaps() -> impl Strategy<Value = Vec<&'static str>> {
    vec(prop::sample::select(vec!["", "", " ", "\n", "\t", "\r\n", " \t\n\r "]), 1..8)
}
