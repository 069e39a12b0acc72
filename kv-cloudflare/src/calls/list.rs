//! Lists the keys of a namespace.

use kv_core::{Cursor, InvalidInput, Key, KeyInfo, ListOptions, ListPage, Prefix, Result};
use reqwest::Method;

use crate::{
    api::{
        attempt_error::{AttemptError, Reason},
        errors,
        model::{self, ListedKey},
        redact::Redaction,
    },
    calls::split_retry::SplitRetry,
    http::request::Request,
    namespace::CloudflareNamespace,
    rate_limit::deadline::Deadline,
};

/// The smallest page that the service gives.
const MIN_PAGE: usize = 10;

/// The largest envelope with a page: 1,000 keys of 512 bytes with 1,024 bytes of metadata, each of them escaped.
const PAGE_ENVELOPE_BYTES: usize = 16 * 1024 * 1024;

/// How many pages without a new key are passed over before an empty one is given to the caller, who goes on from there.
const MAX_EMPTY_PAGES: usize = 10;

/// Where a page starts: the service's own cursor, and the last key behind it that was given already.
///
/// The service gives ten keys or more, so a smaller page is the part of one. A key says better than a number where that part
/// ends: keys may come and go before the next one.
#[derive(Debug, Default)]
struct Start<'a> {
    cursor: &'a str,
    behind: &'a str,
}

impl<'a> Start<'a> {
    /// Reads a token: the cursor's length, the cursor, the key.
    fn parse(token: &'a str) -> Option<Self> {
        let (length, rest) = token.split_once(':')?;
        let (cursor, behind) = rest.split_at_checked(length.parse().ok()?)?;
        Some(Self { cursor, behind })
    }

    fn issue(&self, prefix: &Prefix) -> Cursor {
        Cursor::issue(prefix, format!("{}:{}{}", self.cursor.len(), self.cursor, self.behind))
    }
}

impl CloudflareNamespace {
    pub(crate) async fn list(&self, options: &ListOptions, deadline: &Deadline) -> Result<ListPage> {
        let start = options.start()?.map(|token| Start::parse(token).ok_or(InvalidInput::CursorMalformed));
        let Start { cursor, behind } = start.transpose()?.unwrap_or_default();
        let (mut cursor, mut empty) = (cursor.to_owned(), 0);
        let mut limit = options.limit().max(MIN_PAGE);
        let mut patience = SplitRetry::until(*deadline, self.client());
        loop {
            let page = self.page(options.prefix(), limit, &cursor, deadline).await;
            let (mut keys, following) = match page {
                Ok(page) => page,
                // A page may be smaller than it is asked for.
                Err(failure) if failure.reason == Reason::TooSlow && limit > MIN_PAGE => {
                    if !patience.pause(&failure).await {
                        return Err(failure.error);
                    }
                    self.client().counters.count_retried();
                    limit = limit.div_ceil(2).max(MIN_PAGE);
                    continue;
                }
                Err(failure) => return Err(failure.error),
            };
            keys.retain(|key| key.name.as_str() > behind);
            let next = if keys.len() > options.limit() {
                keys.truncate(options.limit());
                let behind = keys.last().map_or(behind, |last| last.name.as_str());
                Some(Start { cursor: &cursor, behind }.issue(options.prefix()))
            } else if following.is_empty() {
                None
            } else {
                Some(Start { cursor: &following, behind }.issue(options.prefix()))
            };
            empty += 1;
            if !keys.is_empty() || next.is_none() || empty > MAX_EMPTY_PAGES {
                return Ok(ListPage::new(keys, next));
            }
            cursor = following;
        }
    }

    /// A page of the service's: `limit` keys at most, and the cursor behind them, which is empty on the last one.
    async fn page(
        &self,
        prefix: &Prefix,
        limit: usize,
        cursor: &str,
        deadline: &Deadline,
    ) -> Result<(Vec<KeyInfo>, String), AttemptError> {
        let url = self.address().map_err(AttemptError::new)?.keys(prefix.as_str(), limit, cursor);
        let request = Request::new("list_page", Method::GET, url).with_redaction(Redaction::Prefix(prefix));
        // The smallest page cannot be halved.
        let request = request.for_items(limit + 1 - MIN_PAGE);
        let reply =
            self.client().send_for_json::<Vec<ListedKey>>(&request, deadline, PAGE_ENVELOPE_BYTES).await?;
        let keys = reply.result.unwrap_or_default().into_iter().map(key_info).collect::<Result<_>>();
        Ok((keys.map_err(AttemptError::new)?, reply.info.cursor.unwrap_or_default()))
    }
}

fn key_info(listed: ListedKey) -> Result<KeyInfo> {
    let name = Key::new(listed.name).map_err(|_| errors::unexpected_response("a key that none may be"))?;
    let info = KeyInfo::new(name).with_expires_at(model::expires_at(listed.expiration)?);
    Ok(info.with_metadata(model::metadata(listed.metadata.as_deref())?))
}

#[cfg(test)]
mod tests {
    use super::Start;

    #[test]
    fn tokens_are_read_as_they_were_issued() {
        for (cursor, behind) in [("", ""), ("c", ""), ("", "k"), ("1:é", "2:ü"), (":", ":")] {
            let token = format!("{}:{cursor}{behind}", cursor.len());
            let start = Start::parse(&token).unwrap();
            assert_eq!((start.cursor, start.behind), (cursor, behind));
        }
    }

    #[test]
    fn other_text_is_no_token() {
        for token in ["", "0", "x:y", "-1:", "2:a", "1:é", "99999999999999999999:"] {
            assert!(Start::parse(token).is_none(), "{token:?}");
        }
    }
}
