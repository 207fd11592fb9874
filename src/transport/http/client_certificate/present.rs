//! How TLS shows a certificate, and whether a server has asked for it.

use super::ClientCertificate;
use rustls::{ClientConfig, SignatureScheme, client::ResolvesClientCert, sign::CertifiedKey};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Whether the server of a connection has asked for the certificate in its handshake.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Asked(Arc<AtomicBool>);

impl Asked {
    pub(in super::super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl ClientCertificate {
    /// Shows it to the server of one connection, if that asks.
    pub(in super::super) fn present(&self, config: &mut ClientConfig) -> Asked {
        let asked = Asked::default();
        let presenter = Presenter { certified: Arc::clone(&self.certified), asked: asked.clone() };
        config.client_auth_cert_resolver = Arc::new(presenter);
        asked
    }
}

struct Presenter {
    certified: Arc<CertifiedKey>,
    asked: Asked,
}

impl ResolvesClientCert for Presenter {
    /// Whatever issuers the server names: Windows names none, or all that it trusts, and maps others too.
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.0.store(true, Ordering::Release);
        Some(Arc::clone(&self.certified))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl fmt::Debug for Presenter {
    /// Without the certificate, which names somebody.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presenter").field("asked", &self.asked).finish_non_exhaustive()
    }
}
