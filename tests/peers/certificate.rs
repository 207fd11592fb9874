//! Client certificates against Apache's `mod_ssl` (OpenSSL): every form of file, both versions of TLS, and each way to
//! refuse. Files are made by `openssl` (`tests/rig/run.sh`).

use crate::{
    rig::Rig,
    way::{self, RIGHT, WRONG, send, shown, text, transport},
};
use hyperv_wsman::transport::{
    AuthMechanism, ClientCertificate, ClientCertificateError, HttpSettings, Phase, Secret, TransportErrorKind,
};
use insta::{allow_duplicates, assert_snapshot};

const VERSIONS: [&str; 2] = ["12", "13"];

fn read(
    rig: &Rig,
    file: &str,
    key: Option<&str>,
    password: &str,
) -> Result<ClientCertificate, ClientCertificateError> {
    let key = key.map(|key| rig.read(&format!("clients/{key}")));
    let password = Secret::new(password.to_owned());
    ClientCertificate::read(&rig.read(&format!("clients/{file}")), key.as_deref(), Some(&password))
}

fn settings(rig: &Rig, listener: &str, certificate: ClientCertificate) -> HttpSettings {
    let mut settings = way::settings(rig, listener, "/wsman");
    settings.mechanism = AuthMechanism::Certificate;
    settings.certificate = Some(certificate);
    settings
}

/// A refusal before any message has left.
async fn refused(rig: &Rig, listener: &str, certificate: ClientCertificate) -> String {
    let error = send(&transport(settings(rig, listener, certificate)), "<a/>").await.unwrap_err();
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Auth, Phase::NotSent), "{error:?}");
    let shown = shown(&error, rig, listener);
    assert!(!shown.contains("alice") && !shown.contains("mallory"), "{shown}");
    shown
}

#[tokio::test]
async fn every_form_of_file_logs_in_over_each_version_of_tls() {
    let Some(rig) = Rig::find() else { return };
    for (file, key) in [
        ("ec.crt", Some("ec.key")),
        ("ec.crt", Some("sec1.key")),
        ("ec.crt", Some("encrypted.key")),
        ("rsa.crt", Some("rsa.key")),
        ("rsa.crt", Some("pkcs1.key")),
        ("aes.p12", None),
        ("3des.p12", None),
        ("rc2.p12", None),
    ] {
        let certificate = read(&rig, file, key, RIGHT).unwrap();
        for version in VERSIONS {
            for ask in ["REQUIRED", "OPTIONAL"] {
                let listener = format!("CLIENT_{ask}_{version}");
                let transport = transport(settings(&rig, &listener, certificate.clone()));
                for _ in 0..2 {
                    let answer = send(&transport, "<a/>").await.unwrap();
                    assert!(
                        answer.status == 200 && text(&answer).contains("alice"),
                        "{file} {listener}: {answer:?}"
                    );
                    assert_eq!((answer.peer.mechanism.as_str(), answer.peer.handshakes), ("certificate", 1));
                }
            }
        }
    }
}

#[test]
fn a_wrong_password_opens_nothing() {
    let Some(rig) = Rig::find() else { return };
    for (file, key) in
        [("ec.crt", Some("encrypted.key")), ("aes.p12", None), ("3des.p12", None), ("rc2.p12", None)]
    {
        let error = read(&rig, file, key, WRONG).unwrap_err();
        assert!(matches!(error, ClientCertificateError::WrongPassword), "{file}: {error}");
    }
}

#[tokio::test]
async fn an_unknown_issuer_is_refused_in_the_handshake() {
    let Some(rig) = Rig::find() else { return };
    for version in VERSIONS {
        let unknown = read(&rig, "unknown.crt", Some("unknown.key"), RIGHT).unwrap();
        let listener = format!("CLIENT_REQUIRED_{version}");
        let shown = refused(&rig, &listener, unknown).await;
        allow_duplicates! {
            assert_snapshot!(shown, @r"
                Auth NotSent: failed to log in to `localhost:PORT` by client certificate: the host refuses it in the TLS handshake: it does not know the issuer: received fatal alert: UnknownCA
                  hint: the host has to trust the issuer (Cert:\LocalMachine\Root), the certificate has to be for client authentication, and a mapping has to lead to a local user: `New-Item -Path WSMan:\localhost\ClientCertificate -Subject NAME -URI * -Issuer THUMBPRINT -Credential (Get-Credential)`, with the user principal name in the certificate and the thumbprint of its issuer. This one is self-signed: it has to be there itself, in Root and in TrustedPeople
            ");
        }
    }
}

#[tokio::test]
async fn a_certificate_that_maps_to_nobody_is_refused_by_status() {
    let Some(rig) = Rig::find() else { return };
    for version in VERSIONS {
        let unknown = read(&rig, "unknown.crt", Some("unknown.key"), RIGHT).unwrap();
        let shown = refused(&rig, &format!("CLIENT_OPTIONAL_{version}"), unknown).await;
        assert!(shown.contains("by client certificate: the host refuses it (HTTP 40"), "{shown}");
    }
}

/// As http.sys does with `Negotiate Client Certificate: Disabled`: by renegotiation, or after the handshake.
#[tokio::test]
async fn a_server_that_asks_only_after_the_request_is_told_with_the_hosts_setting() {
    let Some(rig) = Rig::find() else { return };
    for version in VERSIONS {
        let certificate = read(&rig, "ec.crt", Some("ec.key"), RIGHT).unwrap();
        let shown = refused(&rig, &format!("CLIENT_LATER_{version}"), certificate).await;
        assert!(shown.contains("did not ask for it in the TLS handshake"), "{version}: {shown}");
        assert!(shown.contains("clientcertnegotiation=enable"), "{shown}");
    }
}
