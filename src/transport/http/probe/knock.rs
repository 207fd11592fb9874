//! Whether anybody listens at a port: a TCP connection that is closed again, over which nothing is sent.

use super::super::{
    Proxy,
    dial::{bare_host, deadline_in, dial},
    endpoint, failure,
    proxy::{ProxyFailure, Reason},
    trust::Leaf,
};
use crate::transport::TransportError;
use std::{io, time::Duration};
use tokio::{
    io::AsyncReadExt as _,
    net::TcpStream,
    task::JoinSet,
    time::{Instant, timeout, timeout_at},
};
use url::Url;

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

/// Tries all addresses of the URL's host at once, for `limit` at most; or asks the proxy to.
pub async fn knock(url: &Url, proxy: Option<&Proxy>, limit: Duration) -> Door {
    if let Some(proxy) = proxy {
        return knock_through(proxy, url, limit).await;
    }
    let port = url.port_or_known_default().unwrap_or_default();
    let deadline = deadline_in(limit);
    match addresses(tokio::net::lookup_host((bare_host(url), port)), deadline).await {
        Some(addresses) => by(deadline, addresses.map(TcpStream::connect).collect()).await,
        None => Door::Unknown,
    }
}

/// What a name stands for. A name server that does not answer says nothing of the host's ports.
async fn addresses<T>(look_up: impl Future<Output = io::Result<T>>, deadline: Instant) -> Option<T> {
    timeout_at(deadline, look_up).await.ok()?.ok()
}

/// As [`knock`], and says what is the matter as a connection would: the step of TCP alone.
///
/// # Errors
/// As [`Transport::exchange`](crate::transport::Transport::exchange) has them before anything is sent.
pub async fn reach(url: &Url, proxy: Option<&Proxy>, limit: Duration) -> Result<(), TransportError> {
    endpoint::check(url)?;
    let leaf = (url.scheme() == "https").then(Leaf::default);
    match dial(url, proxy, deadline_in(limit)).await {
        Ok(_) => Ok(()),
        Err(error) => Err(failure::not_connected(&*error, &endpoint::host_and_port(url), leaf.as_ref())),
    }
}

async fn knock_through(proxy: &Proxy, url: &Url, limit: Duration) -> Door {
    let deadline = deadline_in(limit);
    match proxy.connect(url, deadline).await {
        Ok(_) if proxy.speaks_http() => Door::Open,
        Ok(stream) => stays_open(stream, deadline).await,
        Err(ProxyFailure { reason, .. }) => match reason {
            Reason::Reply(PORT_CLOSED) => Door::Closed,
            Reason::Reply(TTL_EXPIRED) => Door::Silent,
            Reason::Asked(error) if error.kind() == io::ErrorKind::TimedOut => Door::Silent,
            _ => Door::Unknown,
        },
    }
}

/// Some SOCKS proxies, `ssh -D` among them, say that they are connected before they are, and close where they
/// cannot be.
async fn stays_open(mut stream: TcpStream, deadline: Instant) -> Door {
    let closes = timeout_at(deadline, timeout(SECOND_THOUGHT, stream.read_u8()));
    match closes.await {
        Ok(Ok(Err(_))) => Door::Closed,
        _ => Door::Open,
    }
}

/// How long such a proxy has for it.
const SECOND_THOUGHT: Duration = Duration::from_secs(1);
/// Replies of SOCKS (RFC 1928, 6).
const PORT_CLOSED: u8 = 5;
const TTL_EXPIRED: u8 = 6;

async fn by(deadline: Instant, mut attempts: JoinSet<io::Result<TcpStream>>) -> Door {
    timeout_at(deadline, first(&mut attempts)).await.unwrap_or(Door::Silent)
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
        assert_eq!(knock(&url(port), None, Duration::from_secs(5)).await, Door::Open);
        drop(listener);
        assert_eq!(knock(&url(port), None, Duration::from_secs(5)).await, Door::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn no_answer_in_time_is_silence() {
        let mut attempts = JoinSet::new();
        attempts.spawn(std::future::pending());
        assert_eq!(by(Instant::now() + Duration::from_secs(3), attempts).await, Door::Silent);
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_server_is_not_waited_for_any_longer() {
        let begin = Instant::now();
        let never = std::future::pending::<io::Result<()>>();
        assert_eq!(addresses(never, begin + Duration::from_secs(3)).await, None);
        assert_eq!(begin.elapsed(), Duration::from_secs(3));
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
