//! Traits whose methods a service calls: `use kv_core::prelude::*;`.

pub use crate::{
    calls::{atomic_ext::AtomicKvExt, namespace_ext::KvNamespaceExt},
    contract::{atomic::AtomicKv, namespace::KvNamespace},
};
