//! Impls of the contract's traits for `Arc` and `Box`.
//!
//! The impls are written by hand: `#[async_trait]` would put the inner call's boxed future into a second box.

use std::{pin::Pin, sync::Arc};

use crate::{
    contract::{atomic::AtomicKv, namespace::KvNamespace, store::KvStore},
    types::{
        bulk::{BulkReport, PutEntry},
        entry::Entry,
        error::Result,
        jurisdiction::Jurisdiction,
        key::Key,
        list::{options::ListOptions, page::ListPage},
        namespace_info::{NamespaceId, NamespaceInfo, NamespaceTitle},
        options::{GetOptions, PutOptions},
        value::Value,
        version::{Conditional, Expected, Version},
    },
};

/// Methods that pass their arguments on, in the form to which `#[async_trait]` expands the trait's own.
macro_rules! forward {
    ($(fn $name:ident $(<$borrowed:lifetime>)? ($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {$(
        fn $name<'a, $($borrowed,)? 'f>(
            &'a self,
            $($argument: $type),*
        ) -> Pin<Box<dyn Future<Output = $answer> + Send + 'f>>
        where
            'a: 'f,
            $($borrowed: 'f,)?
            Self: 'f,
        {
            (**self).$name($($argument),*)
        }
    )*};
}

macro_rules! forward_pointer {
    ($pointer:ident, $into_atomic:expr) => {
        #[deny(clippy::missing_trait_methods)]
        impl<N: KvNamespace + ?Sized> KvNamespace for $pointer<N> {
            forward! {
                fn read<'k>(key: Key<'k>, options: GetOptions) -> Result<Option<Entry>>;
                fn write<'k>(key: Key<'k>, value: Value, options: PutOptions) -> Result<()>;
                fn remove<'k>(key: Key<'k>) -> Result<()>;
                fn list_page(options: ListOptions) -> Result<ListPage>;
                fn read_many(keys: Vec<Key<'static>>, options: GetOptions) -> Result<Vec<Option<Entry>>>;
                fn write_many(entries: Vec<PutEntry>) -> Result<BulkReport>;
                fn remove_many(keys: Vec<Key<'static>>) -> Result<BulkReport>;
            }

            fn into_atomic(self: Arc<Self>) -> Option<Arc<dyn AtomicKv>> {
                $into_atomic(self)
            }
        }

        #[deny(clippy::missing_trait_methods)]
        impl<N: AtomicKv + ?Sized> AtomicKv for $pointer<N> {
            forward! {
                fn read_versioned<'k>(key: Key<'k>) -> Result<Option<(Entry, Version)>>;
                fn write_if<'k>(
                    key: Key<'k>,
                    expected: Expected,
                    value: Value,
                    options: PutOptions
                ) -> Result<Conditional>;
                fn remove_if<'k>(key: Key<'k>, expected: Version) -> Result<Conditional>;
            }
        }

        #[deny(clippy::missing_trait_methods)]
        impl<S: KvStore + ?Sized> KvStore for $pointer<S> {
            forward! {
                fn create_namespace(title: NamespaceTitle) -> Result<NamespaceInfo>;
                fn create_namespace_in(title: NamespaceTitle, jurisdiction: Jurisdiction) -> Result<NamespaceInfo>;
                fn list_namespaces() -> Result<Vec<NamespaceInfo>>;
                fn namespace_info<'k>(id: &'k NamespaceId) -> Result<NamespaceInfo>;
                fn rename_namespace<'k>(id: &'k NamespaceId, title: NamespaceTitle) -> Result<NamespaceInfo>;
                fn delete_namespace<'k>(id: &'k NamespaceId) -> Result<()>;
                fn check_ready() -> Result<()>;
                fn close() -> Result<()>;
            }

            fn namespace(&self, id: &NamespaceId) -> Arc<dyn KvNamespace> {
                (**self).namespace(id)
            }
        }
    };
}

forward_pointer!(Arc, |shared: Arc<Self>| Arc::unwrap_or_clone(shared).into_atomic());
// A box cannot be shared: it has to be taken out of its `Arc`.
forward_pointer!(Box, |shared: Arc<Self>| Arc::<N>::from(Arc::into_inner(shared)?).into_atomic());
