#![doc = include_str!("../README.md")]

mod account;
mod address;
mod allowance;
mod api;
mod budget;
mod builder;
mod bulk;
mod bulk_delete;
mod bulk_get;
mod bulk_write;
mod client;
mod codes;
mod connection;
mod credentials;
mod deadline;
mod error;
mod extras;
mod failure;
mod from_env;
mod gate;
mod limiter;
mod lines;
mod listing;
mod namespace;
mod off_runtime;
mod patience;
mod quote;
mod read;
mod read_many;
mod recent_writes;
mod request;
mod response;
mod retry_after;
mod send;
mod settings;
mod source_body;
mod upload;
mod usage;
mod value_source;
mod value_stream;
mod wire_expiration;
mod write;

pub use secrecy::SecretString;

pub use crate::{
    account::CloudflareAccount,
    budget::Budget,
    builder::{CloudflareAccountBuilder, CloudflareNamespaceBuilder},
    namespace::CloudflareNamespace,
    usage::Usage,
    value_source::ValueSource,
    value_stream::ValueStream,
};
