#![doc = include_str!("../README.md")]

mod builder;
mod dispatch;
mod http;
mod protocol;
mod rest;
mod runtime;
mod server;
mod state;

pub use crate::{builder::KvServerBuilder, server::KvServer};
