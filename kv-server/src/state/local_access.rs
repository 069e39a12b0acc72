//! Protection of a server without a token against web pages of other sites.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::{HeaderMap, HeaderName, header::ORIGIN};

use crate::http::request_head::{self, HeadError};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Host in every request of the Workers runtime's protocol.
const RUNTIME_HOST: &str = "fake-host";

/// Hosts under which a server without a token answers.
///
/// It listens on the loopback interface, but a browser on the machine reaches that on behalf of any page: by
/// DNS rebinding, a form, or a script tag. The first is recognised by its `Host`, the others by `Origin` or
/// `Sec-Fetch-Site`.
#[derive(Debug, Clone, Default)]
pub(crate) struct LocalAccess {
    /// Allowed beside those of the loopback interface.
    hosts: Vec<String>,
}

/// Error of a request that is refused before its protocol sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AccessError {
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The request is for another host.
    #[error("host is not allowed: set a token, or allow the host (--allow-host)")]
    ForeignHost,
    /// The request is from a page of another site.
    #[error("cross-site request is not allowed: set a token")]
    ForeignSite,
}

impl LocalAccess {
    /// Parses the allowed hosts: names or addresses, without a port. Returns the first malformed one as the
    /// error.
    pub(crate) fn new(hosts: Vec<String>) -> Result<Self, String> {
        let is_host = |host: &String| !host.is_empty() && request_head::without_port(host) == Some(host);
        match hosts.iter().find(|host| !is_host(host)) {
            Some(malformed) => Err(malformed.clone()),
            None => Ok(Self { hosts }),
        }
    }

    /// Checks that a request comes from a program on this machine, or from a page that this machine serves.
    pub(crate) fn check(
        &self,
        host: Option<&str>,
        headers: &HeaderMap,
        is_runtime: bool,
    ) -> Result<(), AccessError> {
        // Every browser sends a host.
        let is_ours = host.is_none_or(|host| {
            // No page is served under the runtime's host, unless the network's DNS resolves that single
            // label.
            self.has(host) || (is_runtime && host.eq_ignore_ascii_case(RUNTIME_HOST))
        });
        if !is_ours {
            return Err(AccessError::ForeignHost);
        }
        let mut origins = headers.get_all(ORIGIN).iter();
        let is_foreign = match (origins.next(), origins.next()) {
            // Not every request of a page has an `Origin`: one for a script has none.
            (None, _) => headers.get_all(FETCH_SITE).iter().any(|site| site == "cross-site"),
            (Some(origin), None) => !origin.to_str().is_ok_and(|origin| self.has_origin(origin)),
            (Some(_), Some(_)) => true,
        };
        if is_foreign { Err(AccessError::ForeignSite) } else { Ok(()) }
    }

    fn has_origin(&self, origin: &str) -> bool {
        let host = origin.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"));
        host.and_then(|(_, authority)| request_head::without_port(authority))
            .is_some_and(|host| self.has(host))
    }

    fn has(&self, host: &str) -> bool {
        is_loopback(host) || self.hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host))
    }
}

/// `true` for loopback addresses, `localhost` and names that end in it, which always resolve to the loopback
/// interface (RFC 6761, section 6.3).
fn is_loopback(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address
            .parse::<Ipv6Addr>()
            .is_ok_and(|address| IpAddr::V6(address).to_canonical().is_loopback());
    }
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return address.is_loopback();
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    name.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case("localhost"))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};

    use super::{AccessError, LocalAccess};

    fn check(
        host: &str,
        headers: &[(&'static str, &'static str)],
        is_runtime: bool,
    ) -> Result<(), AccessError> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let access = LocalAccess::new(vec!["dev.test".to_owned(), "[fd00::1]".to_owned()]).unwrap();
        access.check(Some(host), &map, is_runtime)
    }

    #[test]
    fn a_host_is_of_the_loopback_interface_or_allowed() {
        let local = [
            "localhost",
            "LocalHost",
            "localhost.",
            "app.localhost",
            "a.b.localhost.",
            "127.0.0.1",
            "127.9.9.9",
            "[::1]",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]",
            "dev.test",
            "Dev.Test",
            "[fd00::1]",
        ];
        for host in local {
            assert_eq!(check(host, &[], false), Ok(()), "{host}");
        }
        let foreign = [
            "",
            "evil.example",
            "localhost.evil.example",
            "notlocalhost",
            "127.0.0.1.evil.example",
            "0.0.0.0",
            "192.0.2.1",
            "[::]",
            "[::2]",
            "[127.0.0.1]",
            "127.1",
            "2130706433",
            "a.dev.test",
            "fake-host",
            ".",
        ];
        for host in foreign {
            assert_eq!(check(host, &[], false), Err(AccessError::ForeignHost), "{host}");
        }
        // The runtime has a constant host, and HTTP/1.0 may have none.
        assert_eq!(check("fake-host", &[], true), Ok(()));
        assert_eq!(check("evil.example", &[], true), Err(AccessError::ForeignHost));
        assert_eq!(LocalAccess::default().check(None, &HeaderMap::new(), false), Ok(()));
        assert_eq!(
            LocalAccess::default().check(Some("dev.test"), &HeaderMap::new(), false),
            Err(AccessError::ForeignHost)
        );
    }

    #[test]
    fn a_page_has_to_be_served_by_this_machine() {
        let local: [&[(&str, &str)]; 8] = [
            &[("origin", "http://localhost:3000")],
            &[("origin", "https://app.localhost")],
            &[("origin", "http://[::1]:8788")],
            &[("origin", "http://dev.test")],
            // Different loopback hosts are different sites to a browser.
            &[("origin", "http://127.0.0.1:3000"), ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "same-site")],
        ];
        for headers in local {
            assert_eq!(check("localhost", headers, false), Ok(()), "{headers:?}");
        }
        let foreign: [&[(&str, &str)]; 9] = [
            &[("origin", "http://evil.example")],
            &[("origin", "http://evil.example:8788"), ("sec-fetch-site", "same-origin")],
            &[("origin", "null")],
            &[("origin", "")],
            &[("origin", "file://localhost")],
            &[("origin", "chrome-extension://localhost")],
            &[("origin", "http://localhost@evil.example")],
            &[("origin", "http://localhost"), ("origin", "http://evil.example")],
            &[("sec-fetch-site", "cross-site")],
        ];
        for headers in foreign {
            for is_runtime in [false, true] {
                assert_eq!(
                    check("localhost", headers, is_runtime),
                    Err(AccessError::ForeignSite),
                    "{headers:?}"
                );
            }
        }
    }

    #[test]
    fn an_allowed_host_is_a_name_or_an_address() {
        for host in ["", "dev.test:80", "http://dev.test", "a b", "[::1"] {
            assert_eq!(LocalAccess::new(vec!["dev.test".to_owned(), host.to_owned()]).unwrap_err(), host);
        }
    }
}
