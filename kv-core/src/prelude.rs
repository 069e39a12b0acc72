//! The traits whose methods a service calls: `use kv_core::prelude::*;`.

pub use crate::{AtomicKv, AtomicKvExt, KvNamespace, KvNamespaceExt};
