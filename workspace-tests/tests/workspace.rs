//! Checks of this workspace's own files. Each check's rule, and the proof that it finds a breach, is in
//! `src`.

use std::path::Path;

use workspace_tests::{
    prose, readme, sources,
    storeys::{self, Storeys},
};

/// Storeys of each crate, from top to bottom, below the root of its `src`.
const CRATES: &[(&str, Storeys<'_>)] = &[
    ("bench", &[&["workloads"], &["stores"], &["harness"]]),
    ("kv-cloudflare", &[&["calls"], &["http"], &["rate_limit"], &["api"]]),
    ("kv-core", &[&["calls"], &["contract"], &["types"]]),
    ("kv-memory", &[&["table"], &["base"]]),
    ("kv-redb", &[&["write", "repair"], &["read"], &["file"], &["pages"]]),
    ("kv-server", &[&["rest", "runtime"], &["state", "protocol"], &["http"]]),
    ("kv-testkit", &[&["cases", "history", "model", "vectors"], &["support"]]),
    ("workspace-tests", &[]),
];

fn top() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn every_crate_has_its_storeys_in_the_table() {
    let files = sources::paths(top(), "");
    let crates = files.iter().filter_map(|path| path.strip_suffix("/src/lib.rs"));
    let listed: Vec<_> = CRATES.iter().map(|(name, _)| *name).collect();
    assert_eq!(crates.collect::<Vec<_>>(), listed);
}

#[test]
fn imports_go_downwards() {
    let mut complaints = Vec::new();
    for (name, storeys) in CRATES {
        let mut files = sources::read(&top().join(name).join("src"), "", ".rs");
        // A program is a crate of its own.
        files.retain(|file| !file.path.starts_with("bin/") && file.path != "main.rs");
        assert!(!files.is_empty(), "{name} has no sources");
        complaints.extend(storeys::check(&files, storeys).into_iter().map(|line| format!("{name}: {line}")));
    }
    assert!(complaints.is_empty(), "{}\n{} complaints", complaints.join("\n"), complaints.len());
}

#[test]
fn documentation_begins_with_a_noun_and_a_let_stands_alone() {
    let sources = sources::read(top(), "", ".rs");
    assert!(!sources.is_empty(), "there are no sources");
    let complaints: Vec<_> = sources.iter().flat_map(prose::check).collect();
    assert!(complaints.is_empty(), "{}\n{} complaints", complaints.join("\n"), complaints.len());
}

#[test]
fn readmes_read_well_on_a_forge() {
    let readmes = sources::read(top(), "", ".md");
    assert!(!readmes.is_empty(), "there are no READMEs");
    let files = sources::paths(top(), "");
    let complaints: Vec<_> = readmes.iter().flat_map(|source| readme::check(source, &files)).collect();
    assert!(complaints.is_empty(), "{}\n{} complaints", complaints.join("\n"), complaints.len());
}
