//! Checks of this workspace's own files. Each check's rule, and the proof that it finds a breach, is in
//! `src`.

use std::path::Path;

use workspace_tests::{
    prose, readme, sources,
    storeys::{self, Storeys},
};

/// Storeys of each crate whose folders are checked, from top to bottom, below the root of its `src`.
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

/// Folders whose documentation and statements are checked.
const PROSE: &[&str] = &[
    "bench",
    "examples",
    "fuzz",
    "kv-cloudflare",
    "kv-core",
    "kv-memory",
    "kv-redb",
    "kv-server",
    "kv-testkit",
    "workspace-tests",
];

/// Folders and files whose Markdown is checked.
const READMES: &[&str] = &[
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "docs",
    "bench",
    "kv-cloudflare",
    "kv-core",
    "kv-memory",
    "kv-redb",
    "kv-server",
    "kv-testkit",
    "workspace-tests",
];

fn top() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
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
    let sources: Vec<_> = PROSE.iter().flat_map(|folder| sources::read(top(), folder, ".rs")).collect();
    assert!(!sources.is_empty(), "there are no sources");
    let complaints: Vec<_> = sources.iter().flat_map(prose::check).collect();
    assert!(complaints.is_empty(), "{}\n{} complaints", complaints.join("\n"), complaints.len());
}

#[test]
fn readmes_read_well_on_a_forge() {
    let readmes: Vec<_> = READMES.iter().flat_map(|folder| sources::read(top(), folder, ".md")).collect();
    assert!(!readmes.is_empty(), "there are no READMEs");
    let files = sources::paths(top(), "");
    let complaints: Vec<_> = readmes.iter().flat_map(|source| readme::check(source, &files)).collect();
    assert!(complaints.is_empty(), "{}\n{} complaints", complaints.join("\n"), complaints.len());
}
