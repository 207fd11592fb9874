//! Whom to believe: system roots, a given CA, a pinned certificate, or a given CA and a pin together.

use super::fingerprint::Fingerprint;
use crate::{
    auth::certificate::Certificate,
    transport::{Phase, TransportError, TransportErrorKind},
};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
    client::{
        Resumption, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls13_signature_with_raw_key},
};
use rustls_pki_types::{
    CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
    pem::{self, PemObject as _},
};
use std::{
    fmt,
    sync::{Arc, OnceLock},
};

/// How the server's certificate is trusted.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Trust {
    /// SHA-256 of the leaf certificate: replaces chain, name and validity checks.
    pub fingerprint: Option<Fingerprint>,
    /// PEM bundle of roots, in place of the system's. With a fingerprint too, both must hold.
    pub ca_pem: Option<Vec<u8>>,
}

impl Trust {
    /// The one certificate with this fingerprint.
    #[must_use]
    pub fn pinned(fingerprint: Fingerprint) -> Self {
        Self { fingerprint: Some(fingerprint), ca_pem: None }
    }

    /// Whether anything is asked of the certificate beyond what the system trusts.
    pub(super) fn is_special(&self) -> bool {
        self.fingerprint.is_some() || self.ca_pem.is_some()
    }

    /// Certificates issued by these roots.
    #[must_use]
    pub fn ca(pem: Vec<u8>) -> Self {
        Self { fingerprint: None, ca_pem: Some(pem) }
    }
}

/// The TLS configuration of a transport, made once.
#[derive(Debug)]
pub(super) struct Tls {
    checks: Arc<Checks>,
    template: ClientConfig,
}

/// The leaf certificate of a connection, from the moment the server has shown it.
pub(super) type Leaf = Arc<OnceLock<CertificateDer<'static>>>;
/// All that it has shown, the leaf first.
#[cfg(feature = "probe")]
type Chain = Arc<OnceLock<Vec<CertificateDer<'static>>>>;

impl Tls {
    pub(super) fn new(trust: &Trust) -> Result<Self, TransportError> {
        let provider = Arc::new(ring::default_provider());
        let roots = match (&trust.ca_pem, trust.fingerprint) {
            (Some(pem), _) => Some(given_roots(pem)?),
            (None, Some(_)) => None,
            (None, None) => Some(system_roots()?),
        };
        let chain = roots.map(|roots| chain_verifier(roots, &provider)).transpose()?;
        let algorithms = provider.signature_verification_algorithms;
        let checks = Arc::new(Checks { chain, pin: trust.fingerprint, algorithms });
        let mut template = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TransportError::config("failed to set up TLS").with_source(error))?
            .dangerous()
            .with_custom_certificate_verifier(Verifier::judging(&checks, &Leaf::default()))
            .with_no_client_auth();
        // A resumed session shows no certificate, which channel binding needs.
        template.resumption = Resumption::disabled();
        Ok(Self { checks, template })
    }

    /// The configuration for one connection, and where its leaf certificate will be.
    pub(super) fn for_connection(&self) -> (ClientConfig, Leaf) {
        let leaf = Leaf::default();
        let mut config = self.template.clone();
        config.dangerous().set_certificate_verifier(Verifier::judging(&self.checks, &leaf));
        (config, leaf)
    }
}

/// What reqwest wants for connections that have no TLS: trusts nobody.
#[cfg(feature = "reqwest")]
pub(super) fn no_tls() -> Result<ClientConfig, TransportError> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| TransportError::config("failed to set up TLS").with_source(error))?;
    Ok(config.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// What a look at a server's certificate needs: a configuration that takes any certificate whose owner holds its
/// key, where the certificate will be, and the judgement that a connection would make.
#[cfg(feature = "probe")]
pub(super) struct Look {
    pub(super) config: ClientConfig,
    pub(super) chain: Chain,
    checks: Arc<Checks>,
}

#[cfg(feature = "probe")]
impl Look {
    pub(super) fn new(trust: &Trust) -> Result<Self, TransportError> {
        let Tls { checks, template: mut config } = Tls::new(trust)?;
        let chain = Chain::default();
        let conduct = Conduct::Observe(Arc::clone(&chain));
        let verifier = Verifier { checks: Arc::clone(&checks), conduct };
        config.dangerous().set_certificate_verifier(Arc::new(verifier));
        Ok(Self { config, chain, checks })
    }

    /// Whether a connection would trust these certificates, the leaf first.
    pub(super) fn judge(
        &self,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
    ) -> Result<(), rustls::Error> {
        let Some((leaf, intermediates)) = chain.split_first() else {
            return Err(rustls::Error::NoCertificatesPresented);
        };
        self.checks.judge(leaf, intermediates, name, &[], UnixTime::now()).map(|_| ())
    }
}

/// The certificate is another one than was pinned.
#[derive(Debug)]
pub(super) struct WrongFingerprint {
    pub(super) expected: Fingerprint,
    pub(super) got: Fingerprint,
}

impl fmt::Display for WrongFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, got {}", self.expected, self.got)
    }
}

impl std::error::Error for WrongFingerprint {}

/// What is asked of a certificate.
#[derive(Debug)]
struct Checks {
    chain: Option<Arc<WebPkiServerVerifier>>,
    pin: Option<Fingerprint>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Checks {
    fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(expected) = self.pin {
            let got = Fingerprint::of(leaf);
            if got != expected {
                let wrong = OtherError(Arc::new(WrongFingerprint { expected, got }));
                return Err(CertificateError::Other(wrong).into());
            }
        }
        match &self.chain {
            Some(chain) => chain.verify_server_cert(leaf, intermediates, server_name, ocsp_response, now),
            None => Ok(ServerCertVerified::assertion()),
        }
    }
}

/// Verifies one connection: always that its server holds the certificate's key, the rest by its conduct.
#[derive(Debug)]
struct Verifier {
    checks: Arc<Checks>,
    conduct: Conduct,
}

/// What is done with a certificate.
#[derive(Debug)]
enum Conduct {
    /// It is kept, and refused unless the checks hold.
    Judge(Leaf),
    /// It is kept with the ones below it, and taken.
    #[cfg(feature = "probe")]
    Observe(Chain),
}

impl Verifier {
    fn judging(checks: &Arc<Checks>, leaf: &Leaf) -> Arc<Self> {
        Arc::new(Self { checks: Arc::clone(checks), conduct: Conduct::Judge(Arc::clone(leaf)) })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match &self.conduct {
            Conduct::Judge(leaf) => {
                // Kept even if it is refused: the message about it names its fingerprint.
                if leaf.get_or_init(|| end_entity.clone().into_owned()) != end_entity {
                    return Err(rustls::Error::General("a second certificate on one connection".to_owned()));
                }
                self.checks.judge(end_entity, intermediates, server_name, ocsp_response, now)
            }
            #[cfg(feature = "probe")]
            Conduct::Observe(chain) => {
                let shown = std::iter::once(end_entity).chain(intermediates);
                chain.get_or_init(|| shown.map(|certificate| certificate.clone().into_owned()).collect());
                Ok(ServerCertVerified::assertion())
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12(message, certificate, signature, &self.checks.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let certificate = parse(certificate)?;
        let key = SubjectPublicKeyInfoDer::from(certificate.subject_public_key_info());
        verify_tls13_signature_with_raw_key(message, &key, signature, &self.checks.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.checks.algorithms.supported_schemes()
    }
}

/// As rustls does it, but by the certificate's key alone: a pinned certificate may be of X.509
/// version 1, or hold extensions, that webpki does not read.
fn verify_tls12(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signature: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, rustls::Error> {
    let certificate = parse(certificate)?;
    let (key_algorithm, key) = certificate.public_key().map_err(bad_encoding)?;
    let of_scheme = algorithms.mapping.iter().filter(|(scheme, _)| *scheme == signature.scheme);
    let mut candidates = of_scheme.flat_map(|(_, algorithms)| algorithms.iter());
    let algorithm = candidates
        .find(|algorithm| algorithm.public_key_alg_id().as_ref() == key_algorithm)
        .ok_or(rustls::PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
    match algorithm.verify_signature(key, message, signature.signature()) {
        Ok(()) => Ok(HandshakeSignatureValid::assertion()),
        Err(_) => Err(CertificateError::BadSignature.into()),
    }
}

fn parse<'a>(certificate: &'a CertificateDer<'_>) -> Result<Certificate<'a>, rustls::Error> {
    Certificate::parse(certificate).map_err(bad_encoding)
}

fn bad_encoding(_: crate::auth::AuthError) -> rustls::Error {
    CertificateError::BadEncoding.into()
}

fn chain_verifier(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, TransportError> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| TransportError::config("failed to use the CA certificates").with_source(error))
}

fn given_roots(pem: &[u8]) -> Result<RootCertStore, TransportError> {
    let certificates: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.map_err(|error| {
        TransportError::config("failed to read the CA certificates: expected PEM").with_source(error)
    })?;
    if certificates.is_empty() {
        return Err(TransportError::config(
            "failed to read the CA certificates: expected PEM with `BEGIN CERTIFICATE`, found no certificate",
        )
        .with_hint("a DER file is converted by `openssl x509 -inform der -in FILE -out FILE.pem`"));
    }
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots
            .add(certificate)
            .map_err(|error| TransportError::config("failed to use a CA certificate").with_source(error))?;
    }
    Ok(roots)
}

fn system_roots() -> Result<RootCertStore, TransportError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable > 0 {
        return Ok(roots);
    }
    let error = TransportError::new(
        TransportErrorKind::Trust,
        Phase::NotSent,
        "failed to load the system's root certificates: found none",
    )
    .with_hint("install the package `ca-certificates`, or name a CA by `--cacert` or the certificate by `--fingerprint`");
    Err(match found.errors.into_iter().next() {
        Some(cause) => error.with_source(cause),
        None => error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_refused_with_a_hint() {
        let error = Tls::new(&Trust::ca(b"0\x82\x03\x01".to_vec())).unwrap_err();
        assert_eq!(error.kind, TransportErrorKind::Config);
        assert!(error.hint.unwrap().contains("openssl x509 -inform der"));
    }

    #[test]
    fn broken_pem_is_refused() {
        let pem = b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
        let error = Tls::new(&Trust::ca(pem.to_vec())).unwrap_err();
        insta::assert_snapshot!(error, @"failed to read the CA certificates: expected PEM");
    }

    #[test]
    fn sessions_are_not_resumed_and_each_connection_has_its_own_leaf() {
        let tls = Tls::new(&Trust::pinned(Fingerprint::of(b""))).unwrap();
        let (_, first) = tls.for_connection();
        let (_, second) = tls.for_connection();
        first.set(CertificateDer::from(vec![1])).unwrap();
        assert!(second.get().is_none());
    }
}
