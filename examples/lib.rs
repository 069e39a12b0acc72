//! Home of the examples, which lie beside this file: `cargo run --example session`, `cargo run --release
//! --example cost`.

/// Examples of the repository's README, compiled as they stand.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
