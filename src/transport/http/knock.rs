//! Whether anybody listens at a port: a TCP connection that is closed again, over which nothing is sent.

use std::{io, time::Duration};
use tokio::{net::TcpStream, task::JoinSet};
use url::{Host, Url};

/// What a knock at a port has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Door {
    /// Somebody listens.
    Open,
    /// Each address refused the connection.
    Closed,
    /// No answer in time.
    Silent,
    /// Something else is the matter: no address, no way there.
    Unknown,
}

/// Tries all addresses of the URL's host at once, for `limit` at most.
pub async fn knock(url: &Url, limit: Duration) -> Door {
    let port = url.port_or_known_default().unwrap_or_default();
    let name = match url.host() {
        Some(Host::Domain(name)) => name.to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => return Door::Unknown,
    };
    let Ok(addresses) = tokio::net::lookup_host((name, port)).await else { return Door::Unknown };
    within(limit, addresses.map(TcpStream::connect).collect()).await
}

async fn within(limit: Duration, mut attempts: JoinSet<io::Result<TcpStream>>) -> Door {
    tokio::time::timeout(limit, first(&mut attempts)).await.unwrap_or(Door::Silent)
}

/// Open as soon as one is; else what was seen, where silence counts more than a refusal.
async fn first(attempts: &mut JoinSet<io::Result<TcpStream>>) -> Door {
    let mut seen = None;
    while let Some(attempt) = attempts.join_next().await {
        let door = match attempt {
            Ok(Ok(_)) => return Door::Open,
            Ok(Err(error)) => match error.kind() {
                io::ErrorKind::ConnectionRefused => Door::Closed,
                io::ErrorKind::TimedOut => Door::Silent,
                _ => Door::Unknown,
            },
            Err(_) => Door::Unknown,
        };
        seen = Some(match seen {
            None | Some(Door::Unknown) => door,
            Some(before) if door == Door::Unknown => before,
            Some(before) if before == door => door,
            Some(_) => Door::Silent,
        });
    }
    seen.unwrap_or(Door::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    fn url(port: u16) -> Url {
        format!("https://127.0.0.1:{port}/wsman").parse().unwrap()
    }

    #[tokio::test]
    async fn a_listener_is_told_from_a_port_that_nobody_uses() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(knock(&url(port), Duration::from_secs(5)).await, Door::Open);
        drop(listener);
        assert_eq!(knock(&url(port), Duration::from_secs(5)).await, Door::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn no_answer_in_time_is_silence() {
        let mut attempts = JoinSet::new();
        attempts.spawn(std::future::pending());
        assert_eq!(within(Duration::from_secs(3), attempts).await, Door::Silent);
    }

    #[tokio::test]
    async fn the_answers_of_several_addresses_are_weighed() {
        let failed = |kind: io::ErrorKind| async move { Err(io::Error::from(kind)) };
        for (kinds, door) in [
            ([io::ErrorKind::ConnectionRefused, io::ErrorKind::ConnectionRefused], Door::Closed),
            ([io::ErrorKind::ConnectionRefused, io::ErrorKind::NetworkUnreachable], Door::Closed),
            ([io::ErrorKind::TimedOut, io::ErrorKind::ConnectionRefused], Door::Silent),
            ([io::ErrorKind::HostUnreachable, io::ErrorKind::NetworkUnreachable], Door::Unknown),
        ] {
            let mut attempts = JoinSet::new();
            for kind in kinds {
                attempts.spawn(failed(kind));
            }
            assert_eq!(first(&mut attempts).await, door, "{kinds:?}");
        }
    }
}
