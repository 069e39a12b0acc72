//! Pages of a listing.

use kv_core::{Cursor, InvalidInput, Key, KeyInfo, ListOptions, ListPage, Prefix, Result};
use reqwest::Method;

use crate::{
    api::{
        attempt_error::{AttemptError, Reason},
        errors,
        model::{self, ListedKey},
        redact::Redaction,
    },
    calls::{namespace_client::NamespaceClient, split_retry::SplitRetry},
    http::request::Request,
    rate_limit::deadline::Deadline,
};

/// Smallest page that the service gives.
const MIN_PAGE: usize = 10;

/// Largest envelope with a page: 1,000 keys of 512 bytes with 1,024 bytes of metadata, each of them escaped.
const PAGE_ENVELOPE_BYTES: usize = 16 * 1024 * 1024;

/// Maximum number of pages without a new key that one call follows. After them it returns an empty page with
/// a cursor.
const MAX_EMPTY_PAGES: usize = 10;

/// Start of a page: the service's own cursor, and the last key after it that the caller already has.
///
/// The service gives at least ten keys, so a smaller page is a part of one. A key marks the end of that part
/// better than a number would: keys may come and go before the next page.
#[derive(Debug, Default)]
struct Start<'a> {
    cursor: &'a str,
    after: &'a str,
}

impl<'a> Start<'a> {
    /// Parses a token: the cursor's length in bytes, a colon, the cursor, the key.
    fn parse(token: &'a str) -> Option<Self> {
        let (length, rest) = token.split_once(':')?;
        let (cursor, after) = rest.split_at_checked(length.parse().ok()?)?;
        Some(Self { cursor, after })
    }

    fn issue(&self, prefix: &Prefix) -> Cursor {
        Cursor::issue(prefix, format!("{}:{}{}", self.cursor.len(), self.cursor, self.after))
    }
}

/// Lists one page of keys.
pub(crate) async fn list_page(
    namespace: &NamespaceClient,
    options: &ListOptions,
    deadline: &Deadline,
) -> Result<ListPage> {
    let start = options.start()?.map(|token| Start::parse(token).ok_or(InvalidInput::CursorMalformed));
    let Start { cursor, after } = start.transpose()?.unwrap_or_default();
    let mut cursor = cursor.to_owned();
    let mut empty_pages = 0;
    let mut limit = options.limit().max(MIN_PAGE);
    let mut retry = SplitRetry::until(*deadline, &namespace.client);
    loop {
        let page = request_page(namespace, options.prefix(), limit, &cursor, deadline).await;
        let (mut keys, next_cursor) = match page {
            Ok(page) => page,
            // A page may be smaller than requested.
            Err(failure) if failure.reason == Reason::TooSlow && limit > MIN_PAGE => {
                if !retry.pause(&failure).await {
                    return Err(failure.error);
                }
                namespace.client.counters.count_retried();
                limit = limit.div_ceil(2).max(MIN_PAGE);
                continue;
            }
            Err(failure) => return Err(failure.error),
        };
        keys.retain(|key| key.name.as_str() > after);
        let next = if keys.len() > options.limit() {
            keys.truncate(options.limit());
            let after = keys.last().map_or(after, |last| last.name.as_str());
            Some(Start { cursor: &cursor, after }.issue(options.prefix()))
        } else if next_cursor.is_empty() {
            None
        } else {
            Some(Start { cursor: &next_cursor, after }.issue(options.prefix()))
        };
        empty_pages += 1;
        if !keys.is_empty() || next.is_none() || empty_pages > MAX_EMPTY_PAGES {
            return Ok(ListPage::new(keys, next));
        }
        cursor = next_cursor;
    }
}

/// Requests a page of at most `limit` keys. Returns them with the cursor of the next page, which is empty on
/// the last page.
async fn request_page(
    namespace: &NamespaceClient,
    prefix: &Prefix,
    limit: usize,
    cursor: &str,
    deadline: &Deadline,
) -> Result<(Vec<KeyInfo>, String), AttemptError> {
    let url = namespace.urls().map_err(AttemptError::new)?.keys(prefix.as_str(), limit, cursor);
    let request = Request::new("list_page", Method::GET, url)
        .with_redaction(Redaction::Prefix(prefix))
        // The smallest page cannot be halved.
        .for_items(limit + 1 - MIN_PAGE);
    let response =
        namespace.client.send_for_json::<Vec<ListedKey>>(&request, deadline, PAGE_ENVELOPE_BYTES).await?;
    let keys: Result<_> = response.result.unwrap_or_default().into_iter().map(key_info).collect();
    Ok((keys.map_err(AttemptError::new)?, response.info.cursor.unwrap_or_default()))
}

fn key_info(listed: ListedKey) -> Result<KeyInfo> {
    let name =
        Key::new(listed.name).map_err(|_| errors::unexpected_response("a listed key that is not valid"))?;
    let info = KeyInfo::new(name).with_expires_at(model::expires_at(listed.expiration)?);
    Ok(info.with_metadata(model::metadata(listed.metadata.as_deref())?))
}

#[cfg(test)]
mod tests {
    use super::Start;

    #[test]
    fn issued_tokens_can_be_parsed() {
        for (cursor, after) in [("", ""), ("c", ""), ("", "k"), ("1:é", "2:ü"), (":", ":")] {
            let token = format!("{}:{cursor}{after}", cursor.len());
            let start = Start::parse(&token).unwrap();
            assert_eq!((start.cursor, start.after), (cursor, after));
        }
    }

    #[test]
    fn malformed_tokens_are_refused() {
        for token in ["", "0", "x:y", "-1:", "2:a", "1:é", "99999999999999999999:"] {
            assert!(Start::parse(token).is_none(), "{token:?}");
        }
    }
}
