//! Listing as a stream of keys, page after page.

use std::borrow::Borrow;

use futures_core::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::{
    contract::namespace::KvNamespace,
    types::{
        error::{BACKEND, Error, ErrorKind, Result},
        invalid_input::InvalidInput,
        key::Key,
        list::{cursor::Cursor, options::ListOptions, page::KeyInfo},
    },
};

/// Streams every key of every page, from the page that `options` start with.
pub(crate) fn follow<'a, N: KvNamespace + ?Sized>(
    namespace: impl Borrow<N> + Send + Sync + 'a,
    options: Result<ListOptions, InvalidInput>,
) -> BoxStream<'a, Result<KeyInfo>> {
    let start = options.map(Some).map_err(Error::from);
    let state = (namespace, start, Progress::default());
    stream::try_unfold(state, async |(namespace, next, mut progress)| -> Result<_> {
        let Some(options) = next? else { return Ok(None) };
        let page = namespace.borrow().list_page(options.clone()).await?;
        progress.check_keys(&page.keys)?;
        let next = match page.next {
            // The keys of this page are correct, so they come before the error.
            Some(cursor) => {
                progress.check_cursor(&options, &cursor).map(|()| Some(options.with_cursor(cursor)))
            }
            None => Ok(None),
        };
        Ok(Some((stream::iter(page.keys.into_iter().map(Ok)), (namespace, next, progress))))
    })
    .try_flatten()
    .boxed()
}

/// Guard against a backend whose cursors run in a circle, which would make the listing endless.
#[derive(Debug, Default)]
struct Progress {
    last_key: Option<Key<'static>>,
    /// Cursor that has been seen. If the cursors run in a circle, it comes again (Brent's algorithm).
    landmark: Option<Cursor>,
    /// Number of cursors since the landmark.
    steps: usize,
    /// Number of steps at which the newest cursor becomes the landmark.
    stride: usize,
}

impl Progress {
    /// Rejects keys that do not ascend, within the page or after the last one of the pages before.
    fn check_keys(&mut self, keys: &[KeyInfo]) -> Result<()> {
        let Some(last) = keys.last() else { return Ok(()) };
        let before = self.last_key.iter().chain(keys.iter().map(|key| &key.name));
        if before.zip(keys.iter().skip(usize::from(self.last_key.is_none()))).any(|(a, b)| *a >= b.name) {
            return Err(corrupt("listing is corrupt: its keys do not ascend"));
        }
        self.last_key = Some(last.name.clone());
        Ok(())
    }

    /// Rejects a cursor that has led to a page before.
    fn check_cursor(&mut self, current: &ListOptions, next: &Cursor) -> Result<()> {
        if current.cursor() == Some(next) || self.landmark.as_ref() == Some(next) {
            return Err(corrupt("listing is corrupt: its cursor does not advance"));
        }
        if self.steps == self.stride {
            self.landmark = Some(next.clone());
            self.stride = 2 * self.stride + 1;
            self.steps = 0;
        }
        self.steps += 1;
        Ok(())
    }
}

fn corrupt(message: &'static str) -> Error {
    Error::new(ErrorKind::Corrupt, BACKEND, message).with_operation("list")
}
