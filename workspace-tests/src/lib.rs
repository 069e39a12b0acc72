//! Checks of the workspace's own sources. Each takes the text of files and returns complaints, one line
//! each, so that its tests can hand it sources that break the rule. `tests/workspace.rs` runs all of them
//! over the files of this workspace.

pub mod imports;
pub mod prose;
pub mod readme;
pub mod sources;
pub mod storeys;
