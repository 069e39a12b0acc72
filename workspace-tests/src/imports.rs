//! Imports of a crate's modules from each other, by `use` and by paths in the code, macros' arguments
//! included.

use std::collections::BTreeMap;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::{
    Item, ItemMod, Path, UseTree, VisRestricted,
    visit::{self, Visit},
};

use crate::sources::Source;

/// A path in one file that leads to another file of the same crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Path of the file that imports.
    pub from: String,
    /// Path of the file that is imported from.
    pub to: String,
    /// Line of the import, from 1.
    pub line: usize,
    /// The path as written, made absolute: `crate::types::key::Key`.
    pub path: String,
}

/// Collects the imports between the files of a crate. `sources` are all files of its `src`, with paths from
/// there.
///
/// # Panics
///
/// If a source is not Rust.
#[must_use]
pub fn collect(sources: &[Source]) -> Vec<Import> {
    let modules: BTreeMap<Vec<String>, &str> =
        sources.iter().map(|source| (module(&source.path), source.path.as_str())).collect();
    let mut imports = Vec::new();
    for source in sources {
        let file = syn::parse_file(&source.text).unwrap_or_else(|error| panic!("{}: {error}", source.path));
        let mut collector = Collector { module: module(&source.path), paths: Vec::new() };
        collector.visit_file(&file);
        for (path, line) in collector.paths {
            let known = (0..=path.len()).rev().find_map(|len| modules.get(path.get(..len)?));
            let Some(to) = known.filter(|to| **to != source.path) else { continue };
            let path = format!("crate::{}", path.join("::"));
            imports.push(Import { from: source.path.clone(), to: (*to).to_owned(), line, path });
        }
    }
    imports
}

/// Returns the module that a file holds: `types/key.rs` and `types/key/mod.rs` are `["types", "key"]`.
fn module(path: &str) -> Vec<String> {
    let path = path.trim_end_matches(".rs");
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    let is_folders_own = parts.last().is_some_and(|last| last == "mod");
    if is_folders_own || parts == ["lib"] || parts == ["main"] {
        parts.pop();
    }
    parts
}

/// Visitor that collects absolute paths with their lines.
struct Collector {
    /// Module of the place that is visited.
    module: Vec<String>,
    paths: Vec<(Vec<String>, usize)>,
}

impl Collector {
    /// Notes a path, if it begins in this crate.
    fn note<'a>(&mut self, segments: impl IntoIterator<Item = &'a Ident>) {
        let mut segments = segments.into_iter().peekable();
        let Some(first) = segments.peek().copied() else { return };
        let mut path = self.module.clone();
        let mut is_ours = false;
        while let Some(segment) = segments.peek() {
            match segment.to_string().as_str() {
                "crate" => path.clear(),
                "self" => {}
                "super" => {
                    path.pop();
                }
                _ => break,
            }
            is_ours = true;
            segments.next();
        }
        path.extend(segments.map(Ident::to_string));
        if is_ours {
            self.paths.push((path, line(first.span())));
        }
    }

    fn note_use(&mut self, prefix: &[Ident], tree: &UseTree) {
        let joined = |ident: &Ident| {
            let mut path = prefix.to_vec();
            path.push(ident.clone());
            path
        };
        match tree {
            UseTree::Path(path) => self.note_use(&joined(&path.ident), &path.tree),
            UseTree::Name(name) if name.ident == "self" => self.note(prefix),
            UseTree::Name(name) => self.note(&joined(&name.ident)),
            UseTree::Rename(rename) => self.note(&joined(&rename.ident)),
            UseTree::Glob(_) => self.note(prefix),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.note_use(prefix, tree)),
        }
    }

    /// Notes the paths in a macro's arguments. `$crate` is left out: a caller's crate is meant.
    fn note_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<Ident> = Vec::new();
        // `self` and `pub(super)` alone import nothing.
        let mut note = |path: &mut Vec<Ident>| {
            let path = std::mem::take(path);
            if path.len() > 1 {
                self.note(&path);
            }
        };
        let mut is_open = false;
        let mut is_callers = false;
        let mut groups = Vec::new();
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if !is_open {
                        note(&mut path);
                    }
                    if !is_callers {
                        path.push(ident);
                    }
                    is_open = false;
                    is_callers = false;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => is_open = true,
                other => {
                    note(&mut path);
                    is_open = false;
                    is_callers = matches!(&other, TokenTree::Punct(punct) if punct.as_char() == '$');
                    if let TokenTree::Group(group) = other {
                        groups.push(group.stream());
                    }
                }
            }
        }
        note(&mut path);
        for group in groups {
            self.note_tokens(group);
        }
    }
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_item(&mut self, item: &'ast Item) {
        if let Item::Use(used) = item {
            self.note_use(&[], &used.tree);
        }
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.leading_colon.is_none() && path.segments.len() > 1 {
            self.note(path.segments.iter().map(|segment| &segment.ident));
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.note_tokens(called.tokens.clone());
        visit::visit_macro(self, called);
    }

    /// `pub(super)` imports nothing.
    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}
}

fn line(span: Span) -> usize {
    span.start().line
}

#[cfg(test)]
mod tests {
    use super::collect;
    use crate::sources::Source;

    fn imports(path: &str, text: &str) -> Vec<(String, String)> {
        let others = ["lib.rs", "types/mod.rs", "types/key.rs", "calls/mod.rs", "calls/list.rs"];
        let mut sources: Vec<_> =
            others.into_iter().filter(|other| *other != path).map(|other| Source::new(other, "")).collect();
        sources.push(Source::new(path, text));
        collect(&sources).into_iter().map(|import| (import.to, import.path)).collect()
    }

    #[test]
    fn every_way_to_import_is_found() {
        for text in [
            "use crate::types::key::Key;",
            "use crate::types::{key::{self, Key as K}};",
            "use super::super::types::key::*;",
            "fn f() -> crate::types::key::Key { todo!() }",
            "fn f() { assert!(vec![crate::types::key::Key::new()].is_empty()); }",
            "mod tests { use super::super::super::types::key::Key; }",
            "macro_rules! m { () => { crate::types::key::Key } }",
        ] {
            let found = imports("calls/list.rs", text);
            assert!(!found.is_empty(), "{text}");
            assert!(found.iter().all(|(to, _)| to == "types/key.rs"), "{text}: {found:?}");
        }
    }

    #[test]
    fn re_exports_lead_to_the_file_that_re_exports() {
        assert_eq!(
            imports("calls/list.rs", "use crate::{Key, types::Value};"),
            [
                ("lib.rs".to_owned(), "crate::Key".to_owned()),
                ("types/mod.rs".to_owned(), "crate::types::Value".to_owned())
            ]
        );
    }

    #[test]
    fn what_leads_nowhere_else_is_left_out() {
        for text in [
            "use std::fmt; use kv_core::Key; use ::types::key::Key;",
            "pub(super) fn f() { g(); self.x(); Self::y(); }",
            "mod tests { use super::*; }",
            "macro_rules! m { () => { $crate::types::key::Key } }",
            "proptest! { pub(super) fn f(&self) { self.x() } }",
            "pub(crate) mod list;",
        ] {
            assert_eq!(imports("calls/list.rs", text), [], "{text}");
        }
    }
}
