//! What the system says of a host's name: its addresses, and the names that Kerberos may take instead.

use super::super::{dial::LookupFailed, endpoint, failure};
use crate::transport::TransportError;
use std::{io, net::IpAddr, time::Duration};
use url::{Host, Url};

/// What the system says of a host's name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostNames {
    /// Its addresses, each once.
    pub addresses: Vec<IpAddr>,
    /// What the name stands for: at the end of its aliases (DNS `CNAME`), where that is another name. A library
    /// of Kerberos asks for a ticket for this one unless told otherwise (`dns_canonicalize_hostname`).
    pub canonical: Option<String>,
    /// What the first address is called (DNS `PTR`), which a library of Kerberos may ask for instead (`rdns`).
    /// `None` for loopback, where the name says nothing.
    pub reverse: Option<String>,
}

/// Looks the name of a URL's host up, for `limit` at most.
///
/// # Errors
/// Kind `Connection` for a name without an address, and for no answer in time.
pub async fn look_up(url: &Url, limit: Duration) -> Result<HostNames, TransportError> {
    let (name, given) = match url.host() {
        Some(Host::Domain(name)) => (name.to_owned(), None),
        Some(Host::Ipv4(address)) => (address.to_string(), Some(IpAddr::from(address))),
        Some(Host::Ipv6(address)) => (address.to_string(), Some(IpAddr::from(address))),
        None => return Err(TransportError::config("failed to look up the host: the URL names none")),
    };
    let failed = |error: io::Error| {
        failure::not_connected(&LookupFailed::from(error), &endpoint::host_and_port(url), None)
    };
    let forward = async {
        match given {
            Some(address) => Ok((vec![address], None)),
            None => aside(move || forward(&name)).await,
        }
    };
    let found = tokio::time::timeout(limit, forward).await;
    let (addresses, canonical) =
        found.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(failed)?;
    let first = addresses.first().copied().filter(|address| !address.is_loopback());
    let reverse = match first {
        Some(address) => {
            let name = tokio::time::timeout(
                limit,
                aside(move || dns_lookup::lookup_addr(&address).map_err(io::Error::from)),
            )
            .await;
            name.ok().and_then(Result::ok)
        }
        None => None,
    };
    Ok(HostNames { addresses, canonical, reverse })
}

/// Addresses, and the canonical name where it is another one.
fn forward(name: &str) -> io::Result<(Vec<IpAddr>, Option<String>)> {
    let hints = dns_lookup::AddrInfoHints {
        socktype: dns_lookup::SockType::Stream.into(),
        flags: CANONICAL_NAME,
        ..dns_lookup::AddrInfoHints::default()
    };
    let found = dns_lookup::getaddrinfo(Some(name), None, Some(hints))?.collect::<io::Result<Vec<_>>>()?;
    let mut addresses = Vec::new();
    for address in found.iter().map(|found| found.sockaddr.ip()) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    let canonical = found.into_iter().find_map(|found| found.canonname);
    Ok((addresses, canonical.filter(|canonical| !canonical.eq_ignore_ascii_case(name.trim_end_matches('.')))))
}

/// `AI_CANONNAME`: the same on Linux, the BSDs, macOS and Windows.
const CANONICAL_NAME: i32 = 2;

/// Runs what blocks in a thread that nobody has to wait for, as the runtime would at its end.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    let (done, result) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().name("look-up".to_owned()).spawn(move || {
        // Nobody listens any more after the time limit.
        let _ = done.send(work());
    })?;
    result.await.unwrap_or_else(|closed| Err(io::Error::other(closed)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::TransportErrorKind;

    async fn of(url: &str) -> Result<HostNames, TransportError> {
        look_up(&url.parse().unwrap(), Duration::from_secs(10)).await
    }

    #[tokio::test]
    async fn an_address_is_its_own_answer() {
        let names = of("https://[::1]:5986/wsman").await.unwrap();
        assert_eq!(names.addresses, ["::1".parse::<IpAddr>().unwrap()]);
        assert_eq!((names.canonical, names.reverse), (None, None));
    }

    #[tokio::test]
    async fn a_name_has_its_addresses_once_each() {
        let names = of("https://localhost:5986/wsman").await.unwrap();
        assert!(!names.addresses.is_empty());
        assert!(names.addresses.iter().all(IpAddr::is_loopback), "{names:?}");
        let mut sorted = names.addresses.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), names.addresses.len());
    }

    #[tokio::test]
    async fn a_name_without_an_address_is_an_error_of_the_way() {
        let error = of("https://no-such-host.invalid:5986/wsman").await.unwrap_err();
        assert_eq!(error.kind, TransportErrorKind::Connection);
        insta::assert_snapshot!(error, @"failed to connect to `no-such-host.invalid:5986`: its name has no address");
    }

    #[tokio::test]
    async fn what_takes_too_long_is_left() {
        let (_open, wait) = std::sync::mpsc::channel::<()>();
        let slow = aside(move || wait.recv().map_err(io::Error::other));
        assert!(tokio::time::timeout(Duration::from_millis(1), slow).await.is_err());
    }
}
