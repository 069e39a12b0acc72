//! The examples are beside this file; run one with `cargo run --example NAME`.
//!
//! The README of the repository is part of this page, so that its code is compiled.
#![doc = include_str!("../README.md")]
