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
    stream::try_unfold((namespace, start), async |(namespace, next)| -> Result<_> {
        let Some(options) = next? else { return Ok(None) };
        let page = namespace.borrow().list_page(options.clone()).await?;
        let next = match page.next {
            Some(cursor) if options.cursor() == Some(&cursor) => Err(stuck()),
            next => Ok(next.map(|cursor| options.with_cursor(cursor))),
        };
        Ok(Some((stream::iter(page.keys.into_iter().map(Ok)), (namespace, next))))
    })
    .try_flatten()
    .boxed()
}

/// A backend that gives the cursor that it was asked with would be asked for ever.
fn stuck() -> Error {
    let message = "the listing does not advance: a page gave its own cursor as the next one";
    Error::new(ErrorKind::Other, env!("CARGO_PKG_NAME"), message).with_operation("list")
}
