//! Client certificates: shown in the handshake, named on each request, and what every way to refuse them proves.

use crate::{
    client::{message, send, settings, shown},
    server::{Identity, Seen, Server, Step, http, soap},
};
use hyperv_wsman::transport::{
    AuthMechanism, ClientCertificate, Exchange, Fingerprint, HttpSettings, HttpTransport, Phase,
    Transport as _, TransportError, TransportErrorKind, Trust,
};
use insta::{allow_duplicates, assert_snapshot};
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use std::sync::Arc;
use tokio_rustls::rustls::{
    self, RootCertStore, SupportedProtocolVersion,
    crypto::ring::default_provider,
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
    version::{TLS12, TLS13},
};

const PROFILE: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual";
const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

/// Whoever issues certificates to clients.
struct Ca {
    issuer: Issuer<'static, KeyPair>,
    der: rustls::pki_types::CertificateDer<'static>,
}

impl Ca {
    fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), der }
    }

    fn issue(&self, change: impl FnOnce(&mut CertificateParams)) -> ClientCertificate {
        let mut params = of_client();
        change(&mut params);
        self.issue_for(&params, &KeyPair::generate().unwrap())
    }

    fn issue_for(&self, params: &CertificateParams, key: &KeyPair) -> ClientCertificate {
        let pem = params.signed_by(key, &self.issuer).unwrap().pem() + &key.serialize_pem();
        ClientCertificate::from_pem(pem.as_bytes(), None, None).unwrap()
    }

    /// A server's way to ask for what this one issues.
    fn asks(&self, is_required: bool) -> Arc<dyn ClientCertVerifier> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let builder =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()));
        let builder = if is_required { builder } else { builder.allow_unauthenticated() };
        builder.build().unwrap()
    }
}

fn of_client() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Jane Roe");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

/// One that nobody else has issued.
fn self_signed() -> ClientCertificate {
    let key = KeyPair::generate().unwrap();
    let pem = of_client().self_signed(&key).unwrap().pem() + &key.serialize_pem();
    ClientCertificate::from_pem(pem.as_bytes(), None, None).unwrap()
}

/// A file of `tests/wire/client`.
fn file(name: &str) -> Vec<u8> {
    std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/client").join(name))
        .unwrap()
}

fn with(server: &Server, certificate: ClientCertificate) -> HttpSettings {
    let mut settings = settings(server);
    settings.credentials = None;
    settings.mechanism = AuthMechanism::Certificate;
    settings.certificate = Some(certificate);
    settings
}

fn transport(server: &Server, certificate: ClientCertificate) -> HttpTransport {
    HttpTransport::new(with(server, certificate)).unwrap()
}

async fn start(
    ca: &Ca,
    version: &'static SupportedProtocolVersion,
    script: impl Fn(&Seen) -> Step + Send + Sync + 'static,
) -> Server {
    Server::asking(Identity::usual(), &[version], ca.asks(true), script).await
}

fn accepting(seen: &Seen) -> Step {
    assert!(seen.has_certificate);
    if seen.body.is_empty() { Step::Answer(http(200, "", "")) } else { soap("<answer/>") }
}

/// A refusal of the certificate before any message has left.
async fn refused(server: &Server, certificate: ClientCertificate) -> TransportError {
    let error = send(&transport(server, certificate), "<message/>").await.unwrap_err();
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Auth, Phase::NotSent), "{error}");
    assert!(server.messages().is_empty());
    let text = format!("{error:?}");
    assert!(!text.contains("Jane") && !text.contains("PRIVATE"), "{text}");
    error
}

#[tokio::test]
async fn the_handshake_shows_it_and_each_request_names_the_profile() {
    for version in VERSIONS {
        let ca = Ca::named("CA of clients");
        let server = start(&ca, version, accepting).await;
        let transport = transport(&server, ca.issue(|_| {}));
        for _ in 0..2 {
            let peer = send(&transport, "<message/>").await.unwrap().peer;
            assert_eq!((peer.mechanism.as_str(), peer.sealed, peer.handshakes), ("certificate", false, 1));
        }
        let seen = server.seen();
        let bodies: Vec<_> = seen.iter().map(|seen| (seen.connection, seen.body.as_str())).collect();
        assert_eq!(bodies, [(1, ""), (1, "<message/>"), (1, "<message/>")]);
        assert!(seen.iter().all(|seen| seen.header("authorization") == Some(PROFILE)));
    }
}

#[tokio::test]
async fn each_kind_of_key_signs_the_handshake() {
    let ca = Ca::named("CA of clients");
    let made = [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519].map(
        |algorithm| (ca.der.clone(), ca.issue_for(&of_client(), &KeyPair::generate_for(algorithm).unwrap())),
    );
    let rsa = ClientCertificate::from_pem(&file("rsa.crt"), Some(&file("rsa-pkcs1.key")), None).unwrap();
    let rsa = (rsa.certificate().to_vec().into(), rsa);
    for (root, certificate) in made.into_iter().chain([rsa]) {
        for version in VERSIONS {
            let ca = Ca { der: root.clone(), ..Ca::named("unused") };
            let server = start(&ca, version, accepting).await;
            send(&transport(&server, certificate.clone()), "<message/>").await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_host_that_does_not_ask_is_told_with_its_setting() {
    for version in VERSIONS {
        let server = Server::with(Identity::usual(), &[version], |_| soap("<answer/>")).await;
        let error = refused(&server, self_signed()).await;
        allow_duplicates! {
            assert_snapshot!(shown(&error, &server), @r#"
                Auth NotSent: failed to log in to `127.0.0.1:PORT` by client certificate: the host did not ask for it in the TLS handshake
                  hint: `netsh http show sslcert` on the host shows `Negotiate Client Certificate` of the listener's port: where it is `Disabled`, bind the listener's certificate anew with `netsh http add sslcert … clientcertnegotiation=enable`; `winrm set winrm/config/service/auth @{Certificate="true"}` switches the mechanism on, which is off by default
            "#);
        }
    }
}

#[tokio::test]
async fn a_certificate_of_an_unknown_issuer_is_refused_before_the_message() {
    for version in VERSIONS {
        let server = start(&Ca::named("CA of clients"), version, accepting).await;
        let error = refused(&server, Ca::named("Another CA").issue(|_| {})).await;
        allow_duplicates! {
            assert_snapshot!(shown(&error, &server), @r"
                Auth NotSent: failed to log in to `127.0.0.1:PORT` by client certificate: the host refuses it in the TLS handshake: it does not know the issuer
                  caused by: received fatal alert: UnknownCA
                  hint: the host has to trust the issuer (Cert:\LocalMachine\Root), the certificate has to be for client authentication, and a mapping has to lead to a local user: `New-Item -Path WSMan:\localhost\ClientCertificate -Subject NAME -URI * -Issuer THUMBPRINT -Credential (Get-Credential)`, with the user principal name in the certificate and the thumbprint of its issuer
            ");
        }
        assert!(server.seen().is_empty());
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_for_clients_is_refused_before_the_message() {
    for version in VERSIONS {
        let ca = Ca::named("CA of clients");
        let server = start(&ca, version, accepting).await;
        let wrong = ca.issue(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]);
        let error = refused(&server, wrong).await;
        assert!(error.to_string().contains("refuses it in the TLS handshake"), "{error}");
    }
}

#[tokio::test]
async fn a_self_signed_certificate_that_is_refused_is_told_what_it_needs() {
    let server = start(&Ca::named("CA of clients"), &TLS13, accepting).await;
    let hint = refused(&server, self_signed()).await.hint.unwrap();
    assert!(hint.ends_with("it has to be there itself, in Root and in TrustedPeople"), "{hint}");
}

#[tokio::test]
async fn statuses_that_refuse_it_are_told_with_the_mapping_and_not_tried_again() {
    for status in [401, 403] {
        let ca = Ca::named("CA of clients");
        let server = start(&ca, &TLS13, move |_| Step::Answer(http(status, "", ""))).await;
        let transport = transport(&server, ca.issue(|_| {}));
        for _ in 0..2 {
            let error = send(&transport, "<message/>").await.unwrap_err();
            assert_eq!((error.kind, error.phase), (TransportErrorKind::Auth, Phase::NotSent), "{error}");
            allow_duplicates! {
                assert_snapshot!(shown(&error, &server).replace(&status.to_string(), "STATUS"), @r"
                    Auth NotSent: failed to log in to `127.0.0.1:PORT` by client certificate: the host refuses it (HTTP STATUS)
                      hint: the host has to trust the issuer (Cert:\LocalMachine\Root), the certificate has to be for client authentication, and a mapping has to lead to a local user: `New-Item -Path WSMan:\localhost\ClientCertificate -Subject NAME -URI * -Issuer THUMBPRINT -Credential (Get-Credential)`, with the user principal name in the certificate and the thumbprint of its issuer
                ");
            }
        }
        assert_eq!(server.seen().len(), 1);
        assert!(server.messages().is_empty());
    }
}

#[tokio::test]
async fn a_message_that_is_refused_after_all_has_not_run() {
    let ca = Ca::named("CA of clients");
    let server = start(&ca, &TLS13, |seen| {
        if seen.body.is_empty() { Step::Answer(http(200, "", "")) } else { Step::Answer(http(401, "", "")) }
    })
    .await;
    let error = send(&transport(&server, ca.issue(|_| {})), "<message/>").await.unwrap_err();
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Auth, Phase::NotSent), "{error}");
    assert!(error.to_string().ends_with("by client certificate: the host refuses it (HTTP 401)"), "{error}");
}

#[tokio::test]
async fn a_host_that_closes_behind_the_empty_request_gets_the_message_with_the_login() {
    let ca = Ca::named("CA of clients");
    let server = start(&ca, &TLS13, |seen| match seen.body.as_str() {
        "" => Step::AnswerAndClose(http(400, "Connection: close\r\n", "")),
        _ => soap("<answer/>"),
    })
    .await;
    let transport = transport(&server, ca.issue(|_| {}));
    for _ in 0..2 {
        assert_eq!(send(&transport, "<message/>").await.unwrap().status, 200);
    }
    let seen: Vec<_> = server.seen().into_iter().map(|seen| (seen.connection, seen.body)).collect();
    let (empty, message) = (String::new(), "<message/>".to_owned());
    assert_eq!(seen, [(1, empty), (2, message.clone()), (3, message)]);
}

#[tokio::test]
async fn a_message_that_went_with_the_login_and_got_no_answer_may_have_run() {
    let ca = Ca::named("CA of clients");
    let server = start(&ca, &TLS13, |seen| match seen.body.as_str() {
        "" => Step::AnswerAndClose(http(400, "Connection: close\r\n", "")),
        _ => Step::Close,
    })
    .await;
    let error = send(&transport(&server, ca.issue(|_| {})), "<message/>").await.unwrap_err();
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Connection, Phase::MaybeSent), "{error}");
}

#[tokio::test]
async fn a_host_that_cuts_after_the_handshake_may_mean_the_certificate() {
    let ca = Ca::named("CA of clients");
    let server = start(&ca, &TLS13, |_| Step::Close).await;
    let error = send(&transport(&server, ca.issue(|_| {})), "<message/>").await.unwrap_err();
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Connection, Phase::NotSent), "{error}");
    assert!(error.hint.is_some_and(|hint| hint.contains("Schannel")));
}

#[tokio::test]
async fn a_certificate_that_does_not_hold_now_is_not_sent() {
    let ca = Ca::named("CA of clients");
    let server = start(&ca, &TLS13, accepting).await;
    for (certificate, reason) in [
        (
            ca.issue(|params| params.not_after = rcgen::date_time_ymd(2001, 1, 1)),
            "it has expired at 2001-01-01",
        ),
        (
            ca.issue(|params| {
                params.not_before = rcgen::date_time_ymd(2999, 1, 1);
                params.not_after = rcgen::date_time_ymd(3000, 1, 1);
            }),
            "it is not valid before 2999-01-01",
        ),
    ] {
        let error = send(&transport(&server, certificate), "<message/>").await.unwrap_err();
        assert_eq!((error.kind, error.phase), (TransportErrorKind::Config, Phase::NotSent));
        assert!(error.to_string().contains(reason), "{error}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn an_anonymous_identify_shows_nobody() {
    let ca = Ca::named("CA of clients");
    let server = Server::asking(Identity::usual(), &[&TLS13], ca.asks(false), |_| soap("<answer/>")).await;
    let transport = transport(&server, ca.issue(|_| {}));
    transport.exchange(Exchange { anonymous: true, ..message("<identify/>") }).await.unwrap();
    let seen = server.seen();
    assert!(!seen[0].has_certificate && seen[0].header("authorization").is_none());
}

/// A user who does not know that the host wants a certificate.
#[tokio::test]
async fn a_host_that_demands_a_certificate_is_told_from_one_with_other_faults() {
    let server = start(&Ca::named("CA of clients"), &TLS13, accepting).await;
    let error = send(&crate::client::transport(&server), "<message/>").await.unwrap_err();
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Trust, Phase::NotSent), "{error}");
    assert!(error.hint.is_some_and(|hint| hint.contains("`--client-cert FILE`")));
}

#[tokio::test]
async fn settings_that_contradict_the_certificate_are_refused() {
    let server = Server::start(|_| soap("<answer/>")).await;
    let refusal = |change: &dyn Fn(&mut HttpSettings)| {
        let mut settings = with(&server, self_signed());
        change(&mut settings);
        let error = HttpTransport::new(settings).unwrap_err();
        assert_eq!(error.kind, TransportErrorKind::Config);
        format!("{error}\n  hint: {}", error.hint.as_deref().unwrap())
    };
    let given = settings(&server).credentials;
    assert_snapshot!(refusal(&|settings| settings.credentials.clone_from(&given)), @r"
        failed to use the client certificate: a user with a password is given too
          hint: the host maps the certificate to a user: leave out `--user` and the password, or the certificate
    ");
    assert_snapshot!(refusal(&|settings| settings.mechanism = AuthMechanism::Ntlm), @r"
        failed to use the client certificate: another mechanism is chosen
          hint: choose it by `--auth certificate`, or leave it out
    ");
    assert_snapshot!(refusal(&|settings| settings.certificate = None), @r"
        failed to use the client certificate: none is given
          hint: name its file by `--client-cert`
    ");
    assert_snapshot!(refusal(&|settings| settings.always_seal = true), @r"
        failed to use the client certificate: messages have to be sealed, for which it has no keys
          hint: use another mechanism
    ");
    assert_snapshot!(refusal(&|settings| {
        settings.url = "http://hv1.example.test:5985/wsman".parse().unwrap();
        settings.trust = Trust::default();
    }), @r"
        failed to use the client certificate: there is none without TLS
          hint: use the HTTPS listener, `https://HOST:5986/wsman`
    ");
}

mod simulated {
    use super::*;
    use hyperv_wsman::{
        Client,
        sim::{Host, Inventory, Server, Settings},
    };

    async fn simulate(ask: &str, issuers: &Ca) -> Server {
        let pem = rcgen_pem(&issuers.der);
        let text = format!("[auth]\ncertificate = '{ask}'\ncertificate_issuers = '''\n{pem}'''");
        let mut settings = Settings::default();
        settings.inventory = Inventory::from_toml(&text).unwrap();
        Host::new(settings).serve("127.0.0.1:0".parse().unwrap()).await.unwrap()
    }

    fn rcgen_pem(der: &[u8]) -> String {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(der))
    }

    fn client(server: &Server, certificate: ClientCertificate) -> Client {
        let fingerprint: Fingerprint = server.fingerprint().parse().unwrap();
        Client::builder(server.url())
            .trust(Trust::pinned(fingerprint))
            .certificate(certificate)
            .build()
            .unwrap()
    }

    #[tokio::test]
    async fn the_host_takes_those_that_are_mapped_and_no_others() {
        let ca = Ca::named("CA of clients");
        for ask in ["optional", "required"] {
            let server = simulate(ask, &ca).await;
            client(&server, ca.issue(|_| {})).identify().await.unwrap();
            let error = client(&server, self_signed()).identify().await.unwrap_err();
            assert_eq!(error.kind(), hyperv_wsman::ErrorKind::Auth, "{error}");
        }
    }

    #[tokio::test]
    async fn the_host_as_it_is_by_default_does_not_ask() {
        let ca = Ca::named("CA of clients");
        let server = simulate("never", &ca).await;
        let error = client(&server, ca.issue(|_| {})).identify().await.unwrap_err();
        assert!(error.to_string().contains("did not ask"), "{error}");
    }
}
