//! A listing as a stream of keys.

use std::borrow::Borrow;

use futures_core::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::{Error, ErrorKind, InvalidInput, KeyInfo, KvNamespace, ListOptions, Result};

/// Every key of every page, from the page that `options` start with.
pub(crate) fn follow<'a, N: KvNamespace + ?Sized>(
    namespace: impl Borrow<N> + Send + Sync + 'a,
    options: Result<ListOptions, InvalidInput>,
) -> BoxStream<'a, Result<KeyInfo>> {
    let start = options.map(Some).map_err(Error::from);
    stream::try_unfold((namespace, start), |(namespace, state)| async move {
        let Some(options) = state? else { return Ok(None) };
        let page = namespace.borrow().list_page(options.clone()).await?;
        if page.next.is_some() && page.next.as_ref() == options.cursor() {
            return Err(Error::new(
                ErrorKind::Other,
                env!("CARGO_PKG_NAME"),
                "the listing does not advance: a page gave its own cursor as the next one",
            )
            .with_operation("list"));
        }
        let rest = page.next.map(|cursor| options.with_cursor(cursor));
        Ok(Some((
            stream::iter(page.keys.into_iter().map(Ok)),
            (namespace, Ok(rest)),
        )))
    })
    .try_flatten()
    .boxed()
}
