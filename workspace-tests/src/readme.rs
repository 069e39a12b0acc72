//! Links, names of files and examples in READMEs, which a forge shows without rustdoc's help.

use std::cell::RefCell;

use pulldown_cmark::{BrokenLink, CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::sources::Source;

/// Returns a line for each link that leads nowhere on a forge, for each Rust file that is named and does
/// not exist, and for each line of an example that rustdoc alone hides. `files` are the paths of all files
/// of the workspace.
#[must_use]
pub fn check(source: &Source, files: &[String]) -> Vec<String> {
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
                if let Some(complaint) = broken(&source.path, &dest_url, files) {
                    complain(span.start, complaint);
                }
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                is_rust = language.starts_with("rust");
            }
            Event::End(TagEnd::CodeBlock) => is_rust = false,
            Event::Code(name) if is_missing(&name, files) => {
                complain(span.start, format!("there is no file {name}"));
            }
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

/// Returns `true` if a text is the name of a Rust file, or the end of its path, and no such file exists.
fn is_missing(name: &str, files: &[String]) -> bool {
    let is_path = |character: char| character.is_ascii_alphanumeric() || "_-./".contains(character);
    let is_it = |file: &String| {
        file.strip_suffix(name).is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
    };
    let is_rust = name.strip_suffix(".rs").is_some_and(|stem| !stem.is_empty());
    is_rust && name.chars().all(is_path) && !files.iter().any(is_it)
}

/// Returns a complaint about a link that leads nowhere.
fn broken(readme: &str, link: &str, files: &[String]) -> Option<String> {
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
    let is_there =
        |file: &String| file.strip_prefix(&path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    (!files.iter().any(is_there)).then(|| format!("{link} leads to {path}, which is not there"))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::sources::Source;

    fn complaints(text: &str) -> usize {
        let files = ["kv-core/src/key.rs".to_owned()];
        check(&Source::new("kv-core/README.md", text), &files).len()
    }

    #[test]
    fn links_and_lines_for_rustdoc_alone_are_found() {
        for text in [
            "A [`Key`].",
            "A [`Key`](kv_core::Key).",
            "A [key](src/keys.rs).",
            "`keys.rs`",
            "`ore/src/key.rs`",
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
            "[Sources](src), `src/key.rs`, `key.rs`, `.rs`.",
            "An [x] and `[`.\n\n# Heading",
            "```console\n# whoami\n```",
            "```rust\n#[tokio::main]\nasync fn main() {}\n```",
        ] {
            assert_eq!(complaints(text), 0, "{text}");
        }
    }
}
