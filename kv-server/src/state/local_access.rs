//! Requests that a server without a token answers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::{HeaderMap, HeaderName, header::ORIGIN};

use crate::http::request_head;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// The host that the Workers runtime gives in every request of its own protocol.
const RUNTIME_HOST: &str = "fake-host";

/// The hosts under which a server without a token may be asked.
///
/// It listens on the loopback interface, but a browser of the machine reaches that too, on behalf of any page: one whose
/// host's name was made to mean this machine (DNS rebinding), one that posts a form, one that loads a value as a script.
/// The first names its host, the others are another site's.
#[derive(Debug, Clone, Default)]
pub(crate) struct LocalAccess {
    /// Beside those of the loopback interface.
    hosts: Vec<String>,
}

/// RuntimeError of a request that is not this machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ForeignError {
    /// It is for another host.
    #[error(
        "the Host header names another host, and without a token only localhost is answered: set a token, or allow the host (--allow-host)"
    )]
    Host,
    /// It is from a page of another site.
    #[error("this is a page of another site, and without a token only this machine is answered: set a token")]
    Site,
}

impl LocalAccess {
    /// `None` if one of the hosts is malformed: each is a name or an address, without a port.
    pub(crate) fn new(hosts: &[String]) -> Option<Self> {
        let is_host = |host: &String| !host.is_empty() && request_head::without_port(host) == Some(host);
        hosts.iter().all(is_host).then(|| Self { hosts: hosts.to_vec() })
    }

    /// Fails unless a program of this machine asks, or a page that it serves.
    pub(crate) fn check(
        &self,
        host: Option<&str>,
        headers: &HeaderMap,
        is_runtime: bool,
    ) -> Result<(), ForeignError> {
        // Every browser names the host.
        let is_ours = host.is_none_or(|host| {
            // No page can be at the runtime's host, unless a single label is somebody's to resolve.
            self.has(host) || (is_runtime && host.eq_ignore_ascii_case(RUNTIME_HOST))
        });
        if !is_ours {
            return Err(ForeignError::Host);
        }
        let mut origins = headers.get_all(ORIGIN).iter();
        let is_foreign = match (origins.next(), origins.next()) {
            // Not every request of a page has an origin, such as one for a script.
            (None, _) => headers.get_all(FETCH_SITE).iter().any(|site| site == "cross-site"),
            (Some(origin), None) => !origin.to_str().is_ok_and(|origin| self.has_origin(origin)),
            (Some(_), Some(_)) => true,
        };
        if is_foreign { Err(ForeignError::Site) } else { Ok(()) }
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

/// Hosts of the loopback interface, however names are resolved: `localhost` and what ends in it are, by
/// RFC 6761, section 6.3.
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

    use super::{ForeignError, LocalAccess};

    fn check(
        host: &str,
        headers: &[(&'static str, &'static str)],
        is_runtime: bool,
    ) -> Result<(), ForeignError> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let access = LocalAccess::new(&["dev.test".to_owned(), "[fd00::1]".to_owned()]).unwrap();
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
            assert_eq!(check(host, &[], false), Err(ForeignError::Host), "{host}");
        }
        // The runtime has a host of its own, and programs of HTTP/1.0 may have none.
        assert_eq!(check("fake-host", &[], true), Ok(()));
        assert_eq!(check("evil.example", &[], true), Err(ForeignError::Host));
        assert_eq!(LocalAccess::default().check(None, &HeaderMap::new(), false), Ok(()));
        assert_eq!(
            LocalAccess::default().check(Some("dev.test"), &HeaderMap::new(), false),
            Err(ForeignError::Host)
        );
    }

    #[test]
    fn a_page_is_of_this_machine() {
        let local: [&[(&str, &str)]; 8] = [
            &[("origin", "http://localhost:3000")],
            &[("origin", "https://app.localhost")],
            &[("origin", "http://[::1]:8788")],
            &[("origin", "http://dev.test")],
            // Another port is another site to a browser where the hosts differ.
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
                assert_eq!(check("localhost", headers, is_runtime), Err(ForeignError::Site), "{headers:?}");
            }
        }
    }

    #[test]
    fn what_is_allowed_has_to_be_a_host() {
        for host in ["", "dev.test:80", "http://dev.test", "a b", "[::1"] {
            assert!(LocalAccess::new(&[host.to_owned()]).is_none(), "{host}");
        }
    }
}
