//! Files of the workspace, read into memory.

use std::{fs, path::Path};

use walkdir::{DirEntry, WalkDir};

/// A file of the workspace.
#[derive(Debug, Clone)]
pub struct Source {
    /// Path from a folder that the reader named, with `/` between its parts.
    pub path: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// Returns a source that lies in memory alone.
    #[must_use]
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }
}

/// Reads all files below `folder` of `top` whose names end in `suffix`, in the order of their paths, which are from `top`.
/// Hidden folders, folders that cargo builds into and installed packages are left out.
///
/// # Panics
///
/// If a file or a folder cannot be read.
#[must_use]
pub fn read(top: &Path, folder: &str, suffix: &str) -> Vec<Source> {
    let is_ours = |entry: &DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0 || !(name.starts_with('.') || name == "target" || name == "node_modules")
    };
    let mut sources = Vec::new();
    for entry in WalkDir::new(top.join(folder)).sort_by_file_name().into_iter().filter_entry(is_ours) {
        let entry = entry.unwrap_or_else(|error| panic!("{error}"));
        let path = entry.path();
        let name = entry.file_name().to_string_lossy();
        if !entry.file_type().is_file() || !name.ends_with(suffix) {
            continue;
        }
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let relative = path.strip_prefix(top).unwrap_or(path);
        let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
        sources.push(Source { path: parts.join("/"), text });
    }
    sources
}
