//! The server's certificate: self-signed, made anew for each server.

use crate::{sim::inventory::ClientCertificates, transport::hex};
use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::CryptoProvider,
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest as _, Sha256};
use std::{fmt, io, net::IpAddr, sync::Arc};

/// A certificate with its key.
pub(super) struct Identity {
    der: Vec<u8>,
    pem: String,
    tls: Arc<ServerConfig>,
}

impl Identity {
    /// One for `localhost`, 127.0.0.1, and this address; not a CA, as webpki refuses those as
    /// leaves. `clients` are asked for their certificates.
    pub(super) fn new(address: IpAddr, clients: Option<&ClientCertificates>) -> io::Result<Self> {
        let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let address = address.to_string();
        if !names.contains(&address) {
            names.push(address);
        }
        let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "hyperv-wsman simulator");
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        let secret = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        let builder = match clients {
            Some(clients) => builder.with_client_cert_verifier(verifier(clients, provider)?),
            None => builder.with_no_client_auth(),
        };
        let tls =
            builder.with_single_cert(vec![certificate.der().clone()], secret).map_err(io::Error::other)?;
        Ok(Self { der: certificate.der().to_vec(), pem: certificate.pem(), tls: Arc::new(tls) })
    }

    pub(super) fn der(&self) -> &[u8] {
        &self.der
    }

    pub(super) fn pem(&self) -> &str {
        &self.pem
    }

    pub(super) fn tls(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.tls)
    }

    /// `sha256:` and the digest of the certificate.
    pub(super) fn fingerprint(&self) -> String {
        format!("sha256:{}", hex(&Sha256::digest(&self.der)))
    }
}

fn verifier(
    clients: &ClientCertificates,
    provider: Arc<CryptoProvider>,
) -> io::Result<Arc<dyn ClientCertVerifier>> {
    let mut roots = RootCertStore::empty();
    for issuer in &clients.issuers {
        roots.add(issuer.clone()).map_err(io::Error::other)?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = if clients.required { builder } else { builder.allow_unauthenticated() };
    builder.build().map_err(io::Error::other)
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("fingerprint", &self.fingerprint()).finish_non_exhaustive()
    }
}
