//! Whom to believe: pins, CAs, and every certificate that is refused, with what to do about it.

use crate::{
    client::{send, settings, shown},
    server::{Identity, Server, logged_in, soap},
};
use hyperv_wsman::transport::{Fingerprint, HttpTransport, Phase, TransportError, TransportErrorKind, Trust};
use insta::assert_snapshot;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio_rustls::rustls::{
    self,
    version::{TLS12, TLS13},
};

/// A CA that issues what a test needs.
struct Ca {
    issuer: Issuer<'static, KeyPair>,
    pem: Vec<u8>,
}

impl Ca {
    fn new() -> Self {
        Self::named("CA of the tests")
    }

    fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem().into_bytes();
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn issue(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        Identity::new(params.signed_by(&key, &self.issuer).unwrap().der().clone(), &key)
    }
}

async fn start(identity: Identity) -> Server {
    Server::with(identity, rustls::ALL_VERSIONS, logged_in(|_| soap("<answer/>"))).await
}

async fn connect(server: &Server, trust: Trust) -> Result<(), TransportError> {
    let mut settings = settings(server);
    settings.trust = trust;
    send(&HttpTransport::new(settings).unwrap(), "<message/>").await.map(drop)
}

/// A refusal: nothing was sent, and it is a matter of trust.
async fn refused(server: &Server, trust: Trust) -> String {
    let error = connect(server, trust).await.unwrap_err();
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Trust, Phase::NotSent), "{error}");
    assert!(server.seen().is_empty());
    shown(&error, server)
}

fn pin(server: &Server) -> Trust {
    Trust::pinned(Fingerprint::of(&server.certificate))
}

fn both(ca: &Ca, fingerprint: Fingerprint) -> Trust {
    let mut trust = Trust::ca(ca.pem.clone());
    trust.fingerprint = Some(fingerprint);
    trust
}

#[tokio::test]
async fn a_pin_replaces_chain_name_and_validity() {
    let ca = Ca::new();
    let expired = ca.issue(&["other.test"], |params| params.not_after = rcgen::date_time_ymd(2001, 1, 1));
    let server = start(expired).await;
    connect(&server, pin(&server)).await.unwrap();
}

#[tokio::test]
async fn a_pin_holds_for_each_version_of_tls_and_kind_of_key() {
    for algorithm in [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519] {
        for version in [&TLS12, &TLS13] {
            let key = KeyPair::generate_for(algorithm).unwrap();
            let certificate = CertificateParams::default().self_signed(&key).unwrap();
            let identity = Identity::new(certificate.der().clone(), &key);
            let server = Server::with(identity, &[version], logged_in(|_| soap("<answer/>"))).await;
            connect(&server, pin(&server)).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_stolen_certificate_without_its_key_is_refused_in_spite_of_the_pin() {
    for version in [&TLS12, &TLS13] {
        let Identity { certificate, .. } = Identity::usual();
        let Identity { key, .. } = Identity::usual();
        let stolen = Identity { certificate, key };
        let server = Server::with(stolen, &[version], logged_in(|_| soap("<answer/>"))).await;
        let error = connect(&server, pin(&server)).await.unwrap_err();
        assert_eq!((error.kind, error.phase), (TransportErrorKind::Trust, Phase::NotSent), "{error}");
        assert!(server.seen().is_empty());
    }
}

#[tokio::test]
async fn another_certificate_than_the_pinned_one_is_refused() {
    let server = start(Identity::usual()).await;
    let shown = refused(&server, Trust::pinned(Fingerprint::of(b"another"))).await;
    assert_snapshot!(shown.replace(&Fingerprint::of(b"another").to_string(), "sha256:PINNED"), @r"
        Trust NotSent: failed to trust the certificate of `127.0.0.1:PORT`: it is not the pinned one: expected sha256:PINNED, got sha256:OURS
          hint: if the host's certificate was renewed, compare the new fingerprint on the host and pin that; otherwise something is between here and the host
    ");
}

#[tokio::test]
async fn certificates_of_a_given_ca_are_trusted_and_others_are_not() {
    let ca = Ca::new();
    let server = start(ca.issue(&["127.0.0.1"], |_| {})).await;
    connect(&server, Trust::ca(ca.pem.clone())).await.unwrap();
    let server = start(ca.issue(&["127.0.0.1"], |_| {})).await;
    let shown = refused(&server, Trust::ca(Ca::new().pem)).await;
    assert!(shown.contains("it is not signed by the CA of that name that is trusted here"), "{shown}");
    assert_snapshot!(refused(&server, Trust::ca(Ca::named("Another").pem)).await, @r"
        Trust NotSent: failed to trust the certificate of `127.0.0.1:PORT`: its issuer is not known here
          hint: name the issuing CA's certificate by `--cacert FILE`; if the host's own certificate has the fingerprint sha256:OURS (compare it there), trust just this one by `--fingerprint sha256:OURS`
    ");
}

#[tokio::test]
async fn with_a_ca_and_a_pin_both_must_hold() {
    let ca = Ca::new();
    let server = start(ca.issue(&["127.0.0.1"], |_| {})).await;
    let fingerprint = Fingerprint::of(&server.certificate);
    refused(&server, both(&Ca::new(), fingerprint)).await;
    refused(&server, both(&ca, Fingerprint::of(b"another"))).await;
    connect(&server, both(&ca, fingerprint)).await.unwrap();
}

#[tokio::test]
async fn a_self_signed_certificate_is_trusted_when_it_is_given_itself() {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
    let server = start(Identity::new(certificate.der().clone(), &key)).await;
    connect(&server, Trust::ca(certificate.pem().into_bytes())).await.unwrap();
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let ca = Ca::new();
    let server =
        start(ca.issue(&["127.0.0.1"], |params| params.not_after = rcgen::date_time_ymd(2001, 1, 1))).await;
    assert_snapshot!(refused(&server, Trust::ca(ca.pem)).await, @r"
        Trust NotSent: failed to trust the certificate of `127.0.0.1:PORT`: it has expired
          hint: renew it on the host, and check the clock of this machine; if the host's own certificate has the fingerprint sha256:OURS (compare it there), trust just this one by `--fingerprint sha256:OURS`
    ");
}

#[tokio::test]
async fn a_certificate_that_is_not_valid_yet_is_refused() {
    let ca = Ca::new();
    let server = start(ca.issue(&["127.0.0.1"], |params| {
        params.not_before = rcgen::date_time_ymd(2999, 1, 1);
        params.not_after = rcgen::date_time_ymd(3000, 1, 1);
    }))
    .await;
    let shown = refused(&server, Trust::ca(ca.pem)).await;
    assert!(shown.contains("it is not valid yet"), "{shown}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused_with_the_names_it_has() {
    let ca = Ca::new();
    let server = start(ca.issue(&["hv1.example.test", "192.0.2.1"], |_| {})).await;
    assert_snapshot!(refused(&server, Trust::ca(ca.pem)).await, @r"
        Trust NotSent: failed to trust the certificate of `127.0.0.1:PORT`: it is not for `127.0.0.1` but for `hv1.example.test`, `192.0.2.1`
          hint: use the name that it is for; if the host's own certificate has the fingerprint sha256:OURS (compare it there), trust just this one by `--fingerprint sha256:OURS`
    ");
}

#[tokio::test]
async fn a_certificate_with_only_a_common_name_is_refused() {
    let ca = Ca::new();
    let server =
        start(ca.issue(&[], |params| params.distinguished_name.push(DnType::CommonName, "127.0.0.1"))).await;
    assert_snapshot!(refused(&server, Trust::ca(ca.pem)).await, @r"
        Trust NotSent: failed to trust the certificate of `127.0.0.1:PORT`: it names its host only by common name, which has no meaning any more
          hint: issue one with a subject alternative name; if the host's own certificate has the fingerprint sha256:OURS (compare it there), trust just this one by `--fingerprint sha256:OURS`
    ");
}

#[tokio::test]
async fn a_ca_used_as_a_server_is_refused_unless_pinned() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).unwrap();
    let server = start(Identity::new(certificate.der().clone(), &key)).await;
    assert_snapshot!(refused(&server, Trust::ca(certificate.pem().into_bytes())).await, @r"
        Trust NotSent: failed to trust the certificate of `127.0.0.1:PORT`: it is a CA's own certificate, used for a server
          hint: issue a certificate for the server; if the host's own certificate has the fingerprint sha256:OURS (compare it there), trust just this one by `--fingerprint sha256:OURS`
    ");
    connect(&server, pin(&server)).await.unwrap();
}

#[tokio::test]
async fn a_certificate_of_version_1_is_refused_unless_pinned() {
    let certificate = pem::<rustls_pki_types::CertificateDer<'static>>("v1.crt");
    let ca = std::fs::read(path("v1.crt")).unwrap();
    let identity = || Identity { certificate: certificate.clone(), key: pem("v1.key") };
    let server = start(identity()).await;
    assert_snapshot!(refused(&server, Trust::ca(ca)).await, @r"
        Trust NotSent: failed to trust the certificate of `127.0.0.1:PORT`: it is of X.509 version 1, and 3 is needed
          hint: issue a certificate of version 3; if the host's own certificate has the fingerprint sha256:OURS (compare it there), trust just this one by `--fingerprint sha256:OURS`
    ");
    for version in [&TLS12, &TLS13] {
        let server = Server::with(identity(), &[version], logged_in(|_| soap("<answer/>"))).await;
        connect(&server, pin(&server)).await.unwrap();
    }
}

fn path(file: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire").join(file)
}

fn pem<T: rustls_pki_types::pem::PemObject>(file: &str) -> T {
    T::from_pem_file(path(file)).unwrap()
}
