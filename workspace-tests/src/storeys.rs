//! Storeys of a crate: its folders from top to bottom. A file may import from its own folder and from lower
//! ones.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    imports::{self, Import},
    sources::Source,
};

/// Most files that lie directly in a crate's `src`.
pub const MAX_ROOT_FILES: usize = 12;

/// Folders of a crate's `src` from top to bottom, below the root itself. Those in one row do not import
/// each other.
pub type Storeys<'a> = &'a [&'a [&'a str]];

/// Returns a line for each breach: an import upwards or sideways, a circle between folders, a folder that
/// has no storey or says nothing of itself, too many files in the root. `sources` are all files of the
/// crate's `src`.
#[must_use]
pub fn check(sources: &[Source], storeys: Storeys<'_>) -> Vec<String> {
    let mut complaints = Vec::new();
    let in_root = sources.iter().filter(|source| folder(&source.path).is_empty()).count();
    if in_root > MAX_ROOT_FILES {
        complaints.push(format!("{in_root} files lie directly in src (max {MAX_ROOT_FILES})"));
    }
    let folders: BTreeSet<&str> = sources.iter().map(|source| folder(&source.path)).collect();
    for folder in folders.into_iter().filter(|folder| !folder.is_empty()) {
        if rank(folder, storeys).is_none() {
            complaints.push(format!("{folder}/ has no storey"));
        }
        let own = sources.iter().find(|source| source.path == format!("{folder}/mod.rs"));
        if !own.is_some_and(|own| own.text.starts_with("//!")) {
            complaints.push(format!("{folder}/mod.rs has to say what lives there and what it may import"));
        }
    }
    let imports = imports::collect(sources);
    for import in &imports {
        let from = folder(&import.from);
        let to = folder(&import.to);
        let (Some(rank_from), Some(rank_to)) = (rank(from, storeys), rank(to, storeys)) else { continue };
        if rank_to < rank_from {
            complaints.push(format!("upwards: {}", told(import)));
        } else if rank_to == rank_from && storey(from) != storey(to) {
            complaints.push(format!("sideways: {}", told(import)));
        }
    }
    complaints.extend(circles(&imports));
    complaints
}

/// Returns the folder of a file, the root being empty.
fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Returns the storey that a folder belongs to: the first of its parts.
fn storey(folder: &str) -> &str {
    folder.split('/').next().unwrap_or_default()
}

/// Returns the place of a folder from the top, the root being 0.
fn rank(folder: &str, storeys: Storeys<'_>) -> Option<usize> {
    if folder.is_empty() {
        return Some(0);
    }
    let index = storeys.iter().position(|row| row.contains(&storey(folder)))?;
    Some(index + 1)
}

fn told(import: &Import) -> String {
    format!("{}:{} imports {} from {}", import.from, import.line, import.path, import.to)
}

/// Returns a line for each pair of folders that import each other, directly or through others.
fn circles(imports: &[Import]) -> Vec<String> {
    let mut arrows: BTreeMap<&str, BTreeMap<&str, &Import>> = BTreeMap::new();
    for import in imports {
        let from = folder(&import.from);
        let to = folder(&import.to);
        if from != to {
            arrows.entry(from).or_default().entry(to).or_insert(import);
        }
    }
    let reaches = |start: &str, end: &str| {
        let mut seen = BTreeSet::from([start]);
        let mut next = vec![start];
        while let Some(folder) = next.pop() {
            for to in arrows.get(folder).into_iter().flat_map(BTreeMap::keys) {
                if *to == end {
                    return true;
                }
                if seen.insert(to) {
                    next.push(to);
                }
            }
        }
        false
    };
    let mut complaints = Vec::new();
    for (from, targets) in &arrows {
        for (to, import) in targets {
            if reaches(to, from) {
                complaints.push(format!("circle: {}", told(import)));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::{MAX_ROOT_FILES, check};
    use crate::sources::Source;

    const STOREYS: &[&[&str]] = &[&["calls", "rest"], &["types"]];

    fn complaints(files: &[(&str, &str)]) -> Vec<String> {
        let folders = ["calls/mod.rs", "rest/mod.rs", "types/mod.rs", "types/list/mod.rs"];
        let given = files.iter().map(|(path, text)| Source::new(path, text));
        let sources: Vec<_> =
            folders.iter().map(|path| Source::new(path, "//! A folder.")).chain(given).collect();
        check(&sources, STOREYS)
    }

    #[test]
    fn imports_downwards_are_fine() {
        let files = [
            ("lib.rs", "use crate::{calls::get::Get, types::key::Key};"),
            ("calls/get.rs", "use crate::{calls::list, types::key::Key};"),
            ("calls/list.rs", "use crate::calls::get::Get;"),
            ("types/key.rs", "use crate::types::list::cursor::Cursor;"),
            ("types/list/cursor.rs", ""),
        ];
        assert_eq!(complaints(&files), [""; 0]);
    }

    #[test]
    fn imports_upwards_are_not() {
        let files = [("lib.rs", ""), ("calls/get.rs", ""), ("types/key.rs", "\nuse crate::calls::get::Get;")];
        assert_eq!(
            complaints(&files),
            ["upwards: types/key.rs:2 imports crate::calls::get::Get from calls/get.rs"]
        );
        let files = [("lib.rs", ""), ("types/key.rs", "use crate::Get;")];
        assert_eq!(complaints(&files), ["upwards: types/key.rs:1 imports crate::Get from lib.rs"]);
    }

    #[test]
    fn imports_sideways_are_not() {
        let files = [("calls/get.rs", "use crate::rest::put;"), ("rest/put.rs", "")];
        assert_eq!(
            complaints(&files),
            ["sideways: calls/get.rs:1 imports crate::rest::put from rest/put.rs"]
        );
    }

    #[test]
    fn circles_between_a_folder_and_its_parent_are_found() {
        let files = [
            ("types/key.rs", "use crate::types::list::cursor::Cursor;"),
            ("types/list/cursor.rs", "use crate::types::key::Key;"),
        ];
        let found = complaints(&files);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().all(|line| line.starts_with("circle: ")), "{found:?}");
    }

    #[test]
    fn folders_have_a_storey_and_a_header() {
        assert_eq!(
            complaints(&[("other/mod.rs", "pub(crate) mod a;"), ("other/a.rs", "")]),
            ["other/ has no storey", "other/mod.rs has to say what lives there and what it may import"]
        );
    }

    #[test]
    fn a_root_is_no_hall() {
        let names: Vec<_> = (0..=MAX_ROOT_FILES).map(|number| format!("file{number}.rs")).collect();
        let files: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
        assert_eq!(complaints(&files), ["13 files lie directly in src (max 12)"]);
    }
}
