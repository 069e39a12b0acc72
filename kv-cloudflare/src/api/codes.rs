//! Codes of Cloudflare's API: the numbers in an envelope's `errors`, and their meaning to callers.
//!
//! Cloudflare publishes no complete list. The comment on each group of the table names its source.

use kv_core::ErrorKind;
use reqwest::StatusCode;

use crate::api::attempt_error::Reason;

/// Known code.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) number: u32,
    /// The service's own words, shortened. They may be shown where the service's text may not.
    pub(crate) name: &'static str,
    /// `None` where the response's status says more than the code.
    pub(crate) meaning: Option<Meaning>,
}

/// Meaning of an error response: the kind of the error, advice to callers, and the reason that the client
/// acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meaning {
    pub(crate) kind: ErrorKind,
    pub(crate) advice: &'static str,
    pub(crate) reason: Reason,
}

const fn meaning(kind: ErrorKind, advice: &'static str) -> Meaning {
    Meaning { kind, advice, reason: Reason::Other }
}

const CREDENTIALS_MALFORMED: Meaning = meaning(
    ErrorKind::Unauthorized,
    "the service cannot read the credentials: copy the API token again, without quotes, spaces or line \
     breaks; a global API key is not a token, and needs its e-mail address",
);
const CREDENTIALS_MISSING: Meaning = meaning(
    ErrorKind::Unauthorized,
    "no credentials reached the service: check `base_url`, and that no proxy removes headers",
);
const CREDENTIALS_UNKNOWN: Meaning = meaning(
    ErrorKind::Unauthorized,
    "the service does not know these credentials: make an API token with the permission Workers KV Storage, \
     or check the global API key and its e-mail address",
);
const UNAUTHORIZED: Meaning = meaning(
    ErrorKind::Unauthorized,
    "the token is not valid for this account or operation: check `account_id`, and give the token the \
     permission Workers KV Storage (Read or Write)",
);
const RATE_LIMITED: Meaning = meaning(
    ErrorKind::RateLimited,
    "too many requests, or too many writes to one key: send less, and try again later",
);
const UNAVAILABLE: Meaning = meaning(ErrorKind::Unavailable, "the service is unavailable: try again later");
const TOO_SLOW: Meaning = Meaning {
    kind: ErrorKind::Unavailable,
    advice: "the service took too long: try again later",
    reason: Reason::TooSlow,
};
const NO_ROUTE: Meaning = meaning(
    ErrorKind::Other,
    "the API has no such path: check `base_url`, `account_id` and the namespace's id",
);
const REDIRECT: Meaning = meaning(
    ErrorKind::Other,
    "the service redirects, which would send the token elsewhere: check `base_url`",
);
const REFUSED: Meaning = meaning(ErrorKind::Other, "the service refused the request");
const INVALID_REQUEST: Meaning = Meaning { reason: Reason::InvalidRequest, ..REFUSED };
const KEY_NOT_FOUND: Meaning =
    Meaning { kind: ErrorKind::Other, advice: "key not found", reason: Reason::KeyNotFound };
pub(crate) const NAMESPACE_NOT_FOUND: Meaning = meaning(
    ErrorKind::NamespaceNotFound,
    "the account has no namespace with this id: create one, or check the id",
);
const NAMESPACE_EXISTS: Meaning = meaning(
    ErrorKind::NamespaceExists,
    "another namespace of the account has this title: open it, or choose another title",
);
const QUOTA_EXCEEDED: Meaning = meaning(
    ErrorKind::QuotaExceeded,
    "a quota of the account is used up: wait for its next period, or raise the quota",
);
const TOO_LARGE: Meaning = Meaning {
    kind: ErrorKind::InvalidInput,
    advice: "the request or its response is too large for the service",
    reason: Reason::PayloadTooLarge,
};
const KEY_INVALID: Meaning = meaning(ErrorKind::InvalidInput, "the service refuses the key");
const EXPIRATION_INVALID: Meaning = meaning(
    ErrorKind::InvalidInput,
    "the service refuses the expiration: it has to be at least 60 s away by the service's clock",
);
const TITLE_INVALID: Meaning = meaning(ErrorKind::InvalidInput, "the service refuses the title");
const CURSOR_INVALID: Meaning =
    meaning(ErrorKind::InvalidInput, "the service refuses the cursor: list from the start");
const METADATA_INVALID: Meaning = meaning(ErrorKind::InvalidInput, "the service refuses the metadata");

const fn code(number: u32, name: &'static str, meaning: Meaning) -> Code {
    Code { number, name, meaning: Some(meaning) }
}

const fn as_its_status(number: u32, name: &'static str) -> Code {
    Code { number, name, meaning: None }
}

/// All known codes, in ascending order.
const CODES: &[Code] = &[
    // Codes of the whole API. Source of 971, 6003, 6103, 6111, 7000, 7003, 9103, 9106, 9109 and 10000:
    // responses of production in published bug reports (jeessy2/ddns-go 916, cloudflare/cloudflare-typescript
    // 161, libdns/cloudflare 12 and many more). Source of 1000, 1001, 6102 and 9107: the code of other
    // clients.
    code(971, "too many requests", RATE_LIMITED),
    code(1000, "invalid API token", CREDENTIALS_UNKNOWN),
    code(1001, "invalid API token", CREDENTIALS_UNKNOWN),
    code(6003, "invalid request headers", CREDENTIALS_MALFORMED),
    code(6102, "invalid format of the header X-Auth-Email", CREDENTIALS_MALFORMED),
    code(6103, "invalid format of the header X-Auth-Key", CREDENTIALS_MALFORMED),
    code(6111, "invalid format of the header Authorization", CREDENTIALS_MALFORMED),
    code(7000, "no route", NO_ROUTE),
    code(7003, "could not route", NO_ROUTE),
    code(9103, "unknown X-Auth-Key or X-Auth-Email", CREDENTIALS_UNKNOWN),
    code(9106, "missing credentials", CREDENTIALS_MISSING),
    code(9107, "missing credentials", CREDENTIALS_MISSING),
    code(9109, "invalid access token", UNAUTHORIZED),
    code(10000, "authentication error", UNAUTHORIZED),
    // Codes of Workers KV. Source: a former table of Cloudflare's own, of which public repositories keep
    // copies. Compared with published probes and reports of today's service: 10009, 10011, 10012, 10013,
    // 10014, 10029, 10034, 10405, 10429.
    code(10001, "service temporarily unavailable", UNAVAILABLE),
    as_its_status(10002, "missing CF-Ray header"),
    code(10003, "missing account id", NO_ROUTE),
    code(10004, "missing account id", NO_ROUTE),
    code(10005, "account ids differ", NO_ROUTE),
    code(10006, "malformed account id", NO_ROUTE),
    as_its_status(10007, "invalid page"),
    as_its_status(10008, "invalid per_page"),
    code(10009, "key not found", KEY_NOT_FOUND),
    code(10010, "malformed namespace", NAMESPACE_NOT_FOUND),
    code(10011, "malformed namespace id", NAMESPACE_NOT_FOUND),
    as_its_status(10012, "malformed value or body"),
    code(10013, "namespace not found", NAMESPACE_NOT_FOUND),
    code(10014, "namespace already exists", NAMESPACE_EXISTS),
    as_its_status(10015, "missing internal account id"),
    as_its_status(10016, "malformed internal account id"),
    code(10017, "not entitled", UNAUTHORIZED),
    code(10018, "too many namespaces", QUOTA_EXCEEDED),
    code(10019, "missing title", TITLE_INVALID),
    code(10020, "too many values", QUOTA_EXCEEDED),
    as_its_status(10021, "namespace cannot list keys"),
    code(10022, "too many requests", RATE_LIMITED),
    code(10023, "illegal key name", KEY_INVALID),
    code(10024, "payload too large", TOO_LARGE),
    as_its_status(10025, "endpoint does not exist"),
    code(10026, "not entitled", UNAUTHORIZED),
    as_its_status(10028, "invalid limit"),
    code(10029, "invalid request", INVALID_REQUEST),
    code(10030, "key too long", KEY_INVALID),
    code(10033, "invalid expiration", EXPIRATION_INVALID),
    code(10034, "invalid expiration_ttl", EXPIRATION_INVALID),
    as_its_status(10035, "namespace takes no bulk requests"),
    code(10037, "missing permission", UNAUTHORIZED),
    as_its_status(10038, "namespace cannot list by prefix"),
    code(10041, "invalid list cursor", CURSOR_INVALID),
    code(10042, "illegal key name", KEY_INVALID),
    as_its_status(10043, "invalid order"),
    as_its_status(10044, "invalid direction"),
    as_its_status(10045, "deprecated endpoint"),
    code(10046, "too many bulk requests", RATE_LIMITED),
    code(10047, "invalid metadata", METADATA_INVALID),
    code(10048, "limit of the free plan reached", QUOTA_EXCEEDED),
    as_its_status(10405, "method not allowed"),
    code(10429, "too many requests", RATE_LIMITED),
];

/// Returns the row of a code, if it is known.
pub(crate) fn find(number: u32) -> Option<&'static Code> {
    let place = CODES.binary_search_by_key(&number, |code| code.number);
    place.ok().and_then(|place| CODES.get(place))
}

/// Returns the meaning of a response with this status and code.
pub(crate) fn meaning_of(status: StatusCode, code: Option<u32>) -> Meaning {
    // The codes of a server in trouble are not relied on.
    if status.is_server_error() {
        return if is_too_slow(status) { TOO_SLOW } else { UNAVAILABLE };
    }
    if let Some(meaning) = code.and_then(find).and_then(|code| code.meaning) {
        return meaning;
    }
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => UNAUTHORIZED,
        StatusCode::TOO_MANY_REQUESTS => RATE_LIMITED,
        StatusCode::PAYLOAD_TOO_LARGE => TOO_LARGE,
        StatusCode::REQUEST_TIMEOUT => TOO_SLOW,
        StatusCode::NOT_FOUND => NO_ROUTE,
        status if status.is_redirection() => REDIRECT,
        _ => REFUSED,
    }
}

/// `true` for the statuses of a time-out: a gateway's 504, and Cloudflare's own 524, for a server behind it
/// that takes longer than 100 s.
fn is_too_slow(status: StatusCode) -> bool {
    status == StatusCode::GATEWAY_TIMEOUT || status.as_u16() == 524
}

#[cfg(test)]
mod tests {
    use kv_core::ErrorKind;
    use reqwest::StatusCode;

    use super::{CODES, find, meaning_of};

    /// The order that the search relies on.
    #[test]
    fn numbers_ascend() {
        assert!(CODES.windows(2).all(|pair| pair[0].number < pair[1].number));
        assert!(CODES.iter().all(|code| find(code.number).is_some_and(|found| found.name == code.name)));
        assert!(find(0).is_none() && find(10_010_010).is_none());
    }

    /// A code with a meaning decides, for every status below 500; any other code leaves it to the status.
    #[test]
    fn codes_go_before_statuses() {
        for status in [200, 400, 401, 403, 404, 413, 418, 429] {
            let status = StatusCode::from_u16(status).unwrap();
            for code in CODES {
                let expected = code.meaning.unwrap_or_else(|| meaning_of(status, None));
                assert_eq!(meaning_of(status, Some(code.number)), expected, "{status} {}", code.number);
            }
        }
        for status in [500, 502, 503, 504, 522, 524] {
            let status = StatusCode::from_u16(status).unwrap();
            for code in CODES {
                assert_eq!(meaning_of(status, Some(code.number)).kind, ErrorKind::Unavailable);
            }
        }
    }

    /// Refused credentials come with advice.
    #[test]
    fn refused_credentials_come_with_advice() {
        let refused = CODES.iter().filter_map(|code| Some((code.number, code.meaning?)));
        let refused: Vec<_> =
            refused.filter(|(_, meaning)| meaning.kind == ErrorKind::Unauthorized).collect();
        assert_eq!(refused.len(), 14);
        for (number, meaning) in refused {
            let advice = meaning.advice.split_once(": ").map(|(_, advice)| advice).unwrap();
            assert!(
                ["check", "copy", "make"].iter().any(|verb| advice.starts_with(verb)),
                "{number}: {advice}"
            );
        }
    }
}
