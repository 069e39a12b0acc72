#![doc = include_str!("../README.md")]

mod account;
mod api;
mod builder;
mod calls;
mod credentials;
mod from_env;
mod http;
mod namespace;
mod rate_limit;
mod settings;

pub use secrecy::SecretString;

pub use crate::{
    account::CloudflareAccount,
    builder::{CloudflareAccountBuilder, CloudflareNamespaceBuilder},
    http::body::{value_source::ValueSource, value_stream::ValueStream},
    namespace::CloudflareNamespace,
    rate_limit::{budget::Budget, usage::Usage},
};
