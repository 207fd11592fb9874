//! A TCP proxy on loopback that cuts a connection after a chosen number of bytes.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    ToHost,
    ToClient,
}

#[derive(Debug, Default)]
struct State {
    /// Bytes passed on so far, by way.
    passed: [AtomicU64; 2],
    /// At how many bytes of which way the connection is cut; once.
    cut: Mutex<Option<(Way, u64)>>,
    done: Notify,
}

/// The proxy; it serves until the runtime ends.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

impl Proxy {
    pub(crate) async fn start(host: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                tokio::spawn(async move {
                    let Ok(host) = TcpStream::connect(host).await else { return };
                    let (client_in, client_out) = client.into_split();
                    let (host_in, host_out) = host.into_split();
                    let stop = Arc::new(Notify::new());
                    tokio::join!(
                        pump(client_in, host_out, Way::ToHost, &state, &stop),
                        pump(host_in, client_out, Way::ToClient, &state, &stop),
                    );
                });
            }
        });
        Self { address, state }
    }

    pub(crate) fn passed(&self, way: Way) -> u64 {
        self.state.passed[index(way)].load(Ordering::SeqCst)
    }

    /// Cuts the connection that carries it when `bytes` more have passed that way.
    pub(crate) fn cut_after(&self, way: Way, bytes: u64) {
        *self.state.cut.lock().unwrap() = Some((way, self.passed(way) + bytes));
    }

    pub(crate) fn disarm(&self) {
        *self.state.cut.lock().unwrap() = None;
    }
}

fn index(way: Way) -> usize {
    match way {
        Way::ToHost => 0,
        Way::ToClient => 1,
    }
}

async fn pump(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    way: Way,
    state: &State,
    stop: &Notify,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = tokio::select! {
            read = from.read(&mut buffer) => match read { Ok(0) | Err(_) => break, Ok(count) => count },
            () = stop.notified() => return,
        };
        let passed = state.passed[index(way)].load(Ordering::SeqCst);
        let allowed = {
            let mut cut = state.cut.lock().unwrap();
            match *cut {
                Some((cut_way, at)) if cut_way == way && passed + u64::try_from(count).unwrap() >= at => {
                    *cut = None;
                    Some(usize::try_from(at.saturating_sub(passed)).unwrap())
                }
                _ => None,
            }
        };
        let part = &buffer[..allowed.unwrap_or(count)];
        if to.write_all(part).await.is_err() {
            break;
        }
        state.passed[index(way)].fetch_add(u64::try_from(part.len()).unwrap(), Ordering::SeqCst);
        if allowed.is_some() {
            let _ = to.shutdown().await;
            stop.notify_waiters();
            stop.notify_one();
            state.done.notify_waiters();
            return;
        }
    }
    let _ = to.shutdown().await;
    stop.notify_one();
}
