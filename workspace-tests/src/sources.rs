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

/// Reads all files below `folder` of `top` whose names end in `suffix`, in the order of their paths, which
/// are from `top`. Hidden folders, folders that cargo builds into and installed packages are left out.
/// `folder` may be a file.
///
/// # Panics
///
/// If a file or a folder cannot be read.
#[must_use]
pub fn read(top: &Path, folder: &str, suffix: &str) -> Vec<Source> {
    let mut paths = paths(top, folder);
    paths.retain(|path| path.ends_with(suffix));
    let source = |path: String| {
        let text = fs::read_to_string(top.join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        Source { path, text }
    };
    paths.into_iter().map(source).collect()
}

/// Returns the paths of all files below `folder` of `top`, as [`read`] finds them.
///
/// # Panics
///
/// If a folder cannot be read.
#[must_use]
pub fn paths(top: &Path, folder: &str) -> Vec<String> {
    let is_ours = |entry: &DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0 || !(name.starts_with('.') || name == "target" || name == "node_modules")
    };
    let mut paths = Vec::new();
    for entry in WalkDir::new(top.join(folder)).sort_by_file_name().into_iter().filter_entry(is_ours) {
        let entry = entry.unwrap_or_else(|error| panic!("{error}"));
        if !entry.file_type().is_dir() {
            let path = entry.path().strip_prefix(top).unwrap_or(entry.path());
            let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
            paths.push(parts.join("/"));
        }
    }
    paths
}
