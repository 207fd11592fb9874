//! Login by client certificate (DSP0226, security profile `https/mutual`): TLS proves it in its handshake, and each
//! request says that it counts.
//!
//! With TLS 1.3 a server refuses a certificate only after the handshake is over for the client. So an empty request
//! goes first: whatever becomes of it, no message was with it.

use super::{
    super::{
        AuthMechanism, ClientCertificate, HttpSettings,
        connection::{Connection, Content, Reply, Request},
        failure::Stage,
    },
    Failure, LoggedIn, Login, Site, errors,
};
use crate::{
    auth::Secret,
    transport::{Phase, TransportError, TransportErrorKind},
};
use hyper::StatusCode;
use jiff::Timestamp;
use rustls::AlertDescription;

/// `Authorization` of each request.
const PROFILE: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual";
/// Name of the mechanism.
const CERTIFICATE: &str = "certificate";

/// Whether certificate, mechanism and URL go together.
pub(super) fn check(settings: &HttpSettings) -> Result<(), TransportError> {
    let is_meant = settings.mechanism == AuthMechanism::Certificate;
    let problem = match &settings.certificate {
        None if is_meant => Some(("none is given", "name its file by `--client-cert`")),
        Some(_) if !is_meant => {
            Some(("another mechanism is chosen", "choose it by `--auth certificate`, or leave it out"))
        }
        Some(_) if settings.credentials.is_some() => Some((
            "a user with a password is given too",
            "the host maps the certificate to a user: leave out `--user` and the password, or the certificate",
        )),
        Some(_) if settings.url.scheme() != "https" => {
            Some(("there is none without TLS", "use the HTTPS listener, `https://HOST:5986/wsman`"))
        }
        Some(_) if settings.always_seal => {
            Some(("messages have to be sealed, for which it has no keys", "use another mechanism"))
        }
        _ => None,
    };
    problem.map_or(Ok(()), |(reason, hint)| {
        let message = format!("failed to use the client certificate: {reason}");
        Err(TransportError::config(message).with_hint(hint))
    })
}

/// Logs a connection in.
pub(super) async fn log_in(
    site: Site<'_>,
    connection: &mut Connection,
    message: Content,
) -> Result<LoggedIn, Failure> {
    let host = site.host;
    let certificate = site.settings.certificate.as_ref().ok_or_else(|| errors::no_user(host))?;
    certificate.expect_valid(Timestamp::now())?;
    let is_empty = matches!(message, Content::Nothing);
    let phase = if is_empty { Phase::NotSent } else { Phase::MaybeSent };
    if !is_empty {
        site.stage.set(Stage::Sent);
    }
    let authorization = Some(Secret::new(PROFILE.to_owned()));
    let request = Request { content: message, authorization: authorization.clone(), anonymous: false };
    let reply = match connection.post(request, phase).await {
        Ok(reply) => reply,
        Err(error) if connection.has_been_asked() => return Err(refused_by_tls(host, certificate, error)),
        // A server asks, if it does, right after it has shown its own.
        Err(error) if connection.certificate().is_some() => return Err(ended_unasked(host, error).into()),
        Err(error) => return Err(error.into()),
    };
    match reply.status {
        StatusCode::UNAUTHORIZED if !connection.has_been_asked() => {
            return Err(not_asked(host, Phase::NotSent).into());
        }
        _ if !connection.has_been_asked() => return Err(not_asked(host, phase).into()),
        StatusCode::UNAUTHORIZED => return Err(Failure::Refused(refused(host, certificate, "HTTP 401"))),
        _ if !is_empty => {}
        StatusCode::FORBIDDEN => return Err(Failure::Refused(refused(host, certificate, "HTTP 403"))),
        status if status.is_redirection() || status == StatusCode::SERVICE_UNAVAILABLE => {
            return Err(errors::unexpected(host, status).into());
        }
        // An empty message is none that the host has to like; it is the next one that counts.
        _ => {}
    }
    connection.authorization = authorization;
    connection.is_closing = !reply.keeps_open;
    let user = format!("the certificate {}", certificate.fingerprint());
    let login =
        Login { mechanism: CERTIFICATE, user, why: None, sealed: false, bound: true, delegated: false };
    Ok(LoggedIn { login, reply: (!is_empty).then_some(reply) })
}

/// The message is refused on a connection that seemed to be logged in: some hosts do not look at the empty request.
pub(super) fn refused_later(host: &str, settings: &HttpSettings, reply: &Reply) -> Option<TransportError> {
    let certificate = settings.certificate.as_ref().filter(|_| reply.mechanism == CERTIFICATE)?;
    Some(refused(host, certificate, "HTTP 401"))
}

fn refused(host: &str, certificate: &ClientCertificate, how: &str) -> TransportError {
    failed(host, Phase::NotSent, &format!("the host refuses it ({how})"))
        .with_hint(with_issuer(certificate, MAPPING))
}

fn not_asked(host: &str, phase: Phase) -> TransportError {
    failed(host, phase, "the host did not ask for it in the TLS handshake").with_hint(NOT_ASKED)
}

/// A server that wants to ask later ends the connection when it cannot: with TLS 1.2 it would begin another handshake.
fn ended_unasked(host: &str, error: TransportError) -> TransportError {
    if alert_of(&error).is_some() {
        let phase = error.phase;
        return TransportError { phase, source: error.source, ..not_asked(host, phase) };
    }
    match error.kind {
        TransportErrorKind::Connection => error.with_hint(NOT_ASKED),
        _ => error,
    }
}

/// What the server has said in TLS, if it has.
fn alert_of(error: &TransportError) -> Option<AlertDescription> {
    match error.source.as_ref()?.downcast_ref() {
        Some(rustls::Error::AlertReceived(alert)) => Some(*alert),
        _ => None,
    }
}

/// A handshake, or the first answer after it, that failed when the certificate had been asked for.
fn refused_by_tls(host: &str, certificate: &ClientCertificate, error: TransportError) -> Failure {
    let reason = match alert_of(&error) {
        Some(AlertDescription::CertificateRequired) => "it takes no signature by this kind of key",
        Some(AlertDescription::UnknownCA) => "it does not know the issuer",
        Some(AlertDescription::CertificateExpired) => "it holds it for expired",
        Some(AlertDescription::CertificateRevoked) => "it holds it for revoked",
        Some(AlertDescription::AccessDenied) => "its owner may not come in",
        Some(
            AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::HandshakeFailure
            | AlertDescription::DecryptError,
        ) => "it does not take it",
        _ if error.kind == TransportErrorKind::Connection => {
            let hint = with_issuer(certificate, CUT);
            return Failure::Failed(TransportError { hint: Some(hint), ..error });
        }
        _ => return Failure::Failed(error),
    };
    let refused = failed(host, error.phase, &format!("the host refuses it in the TLS handshake: {reason}"));
    let refused = TransportError { source: error.source, ..refused };
    Failure::Refused(refused.with_hint(with_issuer(certificate, MAPPING)))
}

fn failed(host: &str, phase: Phase, reason: &str) -> TransportError {
    let message = format!("failed to log in to `{host}` by client certificate: {reason}");
    TransportError::new(TransportErrorKind::Auth, phase, message)
}

fn with_issuer(certificate: &ClientCertificate, hint: &str) -> String {
    if certificate.is_self_signed() {
        format!("{hint}. This one is self-signed: it has to be there itself, in Root and in TrustedPeople")
    } else {
        hint.to_owned()
    }
}

// What is said of Windows is from its documentation; it has not been tried on a host.
const NOT_ASKED: &str = r#"`netsh http show sslcert` on the host shows `Negotiate Client Certificate` of the listener's port: where it is `Disabled`, bind the listener's certificate anew with `netsh http add sslcert … clientcertnegotiation=enable`; `winrm set winrm/config/service/auth @{Certificate="true"}` switches the mechanism on, which is off by default"#;
const MAPPING: &str = r"the host has to trust the issuer (Cert:\LocalMachine\Root), the certificate has to be for client authentication, and a mapping has to lead to a local user: `New-Item -Path WSMan:\localhost\ClientCertificate -Subject NAME -URI * -Issuer THUMBPRINT -Credential (Get-Credential)`, with the user principal name in the certificate and the thumbprint of its issuer";
const CUT: &str = "a host that does not take the client certificate may close the connection without a word: look at the event log of Schannel there; it has to trust the issuer";
