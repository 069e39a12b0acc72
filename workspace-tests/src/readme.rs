//! Links and examples of READMEs, which a forge shows without rustdoc's help.

use std::cell::RefCell;

use pulldown_cmark::{BrokenLink, CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::sources::Source;

/// Returns a line for each link that leads nowhere on a forge, and for each line of an example that rustdoc alone hides.
/// `exists` says if a path from the top of the workspace is there.
pub fn check(source: &Source, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let complaints = RefCell::new(Vec::new());
    let complain = |offset: usize, complaint: String| {
        let line = source.text.get(..offset).unwrap_or_default().matches('\n').count() + 1;
        complaints.borrow_mut().push(format!("{}:{line}: {complaint}", source.path));
    };
    let on_broken = |link: BrokenLink<'_>| {
        // `[x]` alone is text, but code in brackets is a link of rustdoc's.
        if link.reference.starts_with('`') {
            complain(link.span.start, format!("[{}] is a link in rustdoc alone", link.reference));
        }
        None
    };
    let mut is_rust = false;
    let parser = Parser::new_with_broken_link_callback(&source.text, Options::ENABLE_TABLES, Some(on_broken));
    for (event, span) in parser.into_offset_iter() {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                if let Some(complaint) = broken(&source.path, &dest_url, &exists) {
                    complain(span.start, complaint);
                }
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                is_rust = language.starts_with("rust");
            }
            Event::End(TagEnd::CodeBlock) => is_rust = false,
            Event::Text(text) if is_rust => {
                let is_hidden = |line: &&str| line.trim_start() == "#" || line.trim_start().starts_with("# ");
                if let Some(line) = text.lines().find(is_hidden) {
                    complain(span.start, format!("rustdoc alone hides `{line}`"));
                }
            }
            _ => {}
        }
    }
    complaints.into_inner()
}

/// Returns a complaint about a link that leads nowhere.
fn broken(readme: &str, link: &str, exists: impl Fn(&str) -> bool) -> Option<String> {
    if link.starts_with("https://") || link.starts_with('#') {
        return None;
    }
    if link.contains("::") {
        return Some(format!("{link} is a link in rustdoc alone"));
    }
    let mut parts: Vec<&str> = readme.split('/').collect();
    parts.pop();
    let file = link.split('#').next().unwrap_or_default();
    for part in file.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    (!exists(&path)).then(|| format!("{link} leads to {path}, which is not there"))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::sources::Source;

    fn complaints(text: &str) -> usize {
        check(&Source::new("kv-core/README.md", text), |path| path == "kv-core/src/key.rs").len()
    }

    #[test]
    fn links_and_lines_for_rustdoc_alone_are_found() {
        for text in [
            "A [`Key`].",
            "A [`Key`](kv_core::Key).",
            "A [key](src/keys.rs).",
            "```rust\n# fn main() {}\n```",
            "```rust,no_run\nf();\n#\n```",
        ] {
            assert_eq!(complaints(text), 1, "{text}");
        }
    }

    #[test]
    fn what_a_forge_shows_is_fine() {
        for text in [
            "A [key](src/key.rs), [the same](../kv-core/src/key.rs#L1), [a page](https://example.com), [below](#below).",
            "An [x] and `[`.\n\n# Heading",
            "```console\n# whoami\n```",
            "```rust\n#[tokio::main]\nasync fn main() {}\n```",
        ] {
            assert_eq!(complaints(text), 0, "{text}");
        }
    }
}
