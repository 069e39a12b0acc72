//! Address of a listener.

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    str::FromStr,
};

use tokio::net::{TcpListener, lookup_host};

/// Address of a listener: a socket address, or a name to look up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListenAddress {
    Socket(SocketAddr),
    /// Host that is looked up when the listener is bound.
    Name {
        host: String,
        port: u16,
    },
}

impl FromStr for ListenAddress {
    type Err = &'static str;

    /// Parses `HOST:PORT`, or a port alone, which is on the loopback interface.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WANTED: &str = "give HOST:PORT, such as `localhost:8788`, or a port alone for this machine";
        if let Ok(port) = text.parse() {
            return Ok(Self::Socket(SocketAddr::from((Ipv4Addr::LOCALHOST, port))));
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Socket(address));
        }
        let (host, port) = text.rsplit_once(':').ok_or(WANTED)?;
        if host.is_empty() {
            return Err(
                "host is missing: give `0.0.0.0` for every interface, or a port alone for this machine",
            );
        }
        let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        // Without a letter it is a malformed address.
        let is_name = is_name && host.bytes().any(|byte| byte.is_ascii_alphabetic());
        let port = port.parse().ok().filter(|_| is_name).ok_or(WANTED)?;
        Ok(Self::Name { host: host.to_owned(), port })
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(address) => write!(f, "{address}"),
            Self::Name { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

impl ListenAddress {
    /// Returns the name of the host; `None` for a socket address.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Socket(_) => None,
            Self::Name { host, .. } => Some(host),
        }
    }

    /// Binds to the first address that passes `check` and is free, and returns it. IPv4 comes before IPv6,
    /// since some clients try IPv4 alone.
    pub(crate) async fn bind(
        &self,
        check: impl Fn(SocketAddr) -> Result<(), String>,
    ) -> Result<(TcpListener, SocketAddr), String> {
        let failed = |error: io::Error| format!("cannot listen on {self}: {error}");
        let mut last_error = format!("cannot listen on {self}: the name has no address");
        for address in self.addresses().await.map_err(failed)? {
            if let Err(refused) = check(address) {
                last_error = refused;
                continue;
            }
            match bind(address).await {
                Ok(bound) => return Ok(bound),
                Err(error) => last_error = failed(error),
            }
        }
        Err(last_error)
    }

    async fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        match self {
            Self::Socket(address) => Ok(vec![*address]),
            Self::Name { host, port } => {
                let mut addresses: Vec<_> = lookup_host((host.as_str(), *port)).await?.collect();
                addresses.sort_by_key(SocketAddr::is_ipv6);
                Ok(addresses)
            }
        }
    }
}

async fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

#[cfg(test)]
mod tests {
    use super::ListenAddress;

    #[test]
    fn an_address_is_a_host_and_a_port_or_a_port() {
        let socket = |text: &str| ListenAddress::Socket(text.parse().unwrap());
        let name = |host: &str, port| ListenAddress::Name { host: host.to_owned(), port };
        let table = [
            ("8788", Some(socket("127.0.0.1:8788"))),
            ("0", Some(socket("127.0.0.1:0"))),
            ("127.0.0.1:8788", Some(socket("127.0.0.1:8788"))),
            ("0.0.0.0:8788", Some(socket("0.0.0.0:8788"))),
            ("[::1]:8788", Some(socket("[::1]:8788"))),
            ("localhost:8788", Some(name("localhost", 8788))),
            ("kv.internal:0", Some(name("kv.internal", 0))),
            ("", None),
            ("localhost", None),
            ("127.0.0.1", None),
            ("::1", None),
            ("[::1]", None),
            ("::1:8788", None),
            (":8788", None),
            ("65536", None),
            ("localhost:65536", None),
            ("localhost:http", None),
            ("http://localhost:8788", None),
            ("127.0.0.256:8788", None),
            ("two words:8788", None),
        ];
        for (text, address) in table {
            assert_eq!(text.parse::<ListenAddress>().ok(), address, "{text}");
        }
    }

    #[tokio::test]
    async fn a_name_is_bound_at_its_first_usable_address() {
        let localhost: ListenAddress = "localhost:0".parse().unwrap();
        let (first, address) = localhost.bind(|_| Ok(())).await.unwrap();
        assert!(address.ip().is_loopback() && address.port() > 0, "{address}");
        assert_eq!(first.local_addr().unwrap(), address);
        let taken: ListenAddress = address.to_string().parse().unwrap();
        let error = taken.bind(|_| Ok(())).await.unwrap_err();
        assert!(error.starts_with(&format!("cannot listen on {address}: ")), "{error}");
        // If every address is refused, the last refusal is the error.
        let error = localhost.bind(|address| Err(format!("{} is refused", address.ip()))).await.unwrap_err();
        assert!(error.ends_with(" is refused"), "{error}");
    }
}
