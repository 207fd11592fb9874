//! A simulated host in the process of the test.

use hyperv_wsman::sim::{Host, PlainServer, Server, Settings};
use std::ops::Deref;

/// Serves until this is dropped, and expects that no enumeration was left open on it then.
#[derive(Debug)]
pub(crate) struct LocalHost<S> {
    pub(crate) host: Host,
    server: S,
}

/// With jobs that take no time.
fn host() -> Host {
    let mut settings = Settings::default();
    settings.time_scale = Some(0.0);
    Host::new(settings)
}

impl LocalHost<Server> {
    /// Over HTTPS.
    pub(crate) async fn serve(address: &str) -> Self {
        let host = host();
        Self { server: host.serve(address.parse().unwrap()).await.unwrap(), host }
    }
}

impl LocalHost<PlainServer> {
    /// Over plain HTTP, sealed.
    pub(crate) async fn serve_plain(address: &str) -> Self {
        let host = host();
        Self { server: host.serve_plain(address.parse().unwrap()).await.unwrap(), host }
    }
}

impl<S> Deref for LocalHost<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.server
    }
}

impl<S> Drop for LocalHost<S> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.host.open_contexts(), 0, "enumerations left open");
        }
    }
}
