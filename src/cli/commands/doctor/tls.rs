//! The handshake and the certificate.

use super::{Patient, advice, report::Finding};
use crate::{
    cli::port,
    transport::{
        CertificateContent, CertificateInfo, HttpSettings, TransportError, TransportErrorKind, greet,
        probe_certificate,
    },
};
use jiff::Timestamp;
use std::io;

/// A certificate is renewed before it has less than this left.
const SOON: i64 = 30;
const DAY: i64 = 24 * 60 * 60;

pub(super) async fn tls(patient: &Patient<'_>, http: &HttpSettings) -> Finding {
    if http.url.scheme() != "https" {
        return Finding::skipped("plain HTTP: messages are sealed instead");
    }
    let host = http.url.host_str().unwrap_or_default();
    match probe_certificate(&http.url, &http.trust, http.proxy.as_ref(), http.connect_timeout).await {
        Ok(look) => judge(http, patient.host, &look),
        Err(error) => {
            let (kind, is_cut) = (error.kind, is_cut(&error));
            let finding = Finding::failed(error);
            match kind {
                TransportErrorKind::Protocol if speaks_http(http).await => {
                    finding.advise(advice::plain_behind_tls_port(host, port::of(&http.url)))
                }
                // What is wrong with the proxy, or behind it, the error says.
                _ if http.proxy.is_some() => finding,
                TransportErrorKind::Connection if is_cut => {
                    finding.advise(advice::listener_without_certificate(host))
                }
                TransportErrorKind::Protocol | TransportErrorKind::Connection => {
                    finding.advise(advice::silent_listener())
                }
                _ => finding,
            }
        }
    }
}

/// Whether the host closed the connection in the midst of the handshake.
fn is_cut(error: &TransportError) -> bool {
    matches!(&error.source, Some(source) if source.is::<io::Error>())
}

/// Whether HTTP without TLS answers at the port.
async fn speaks_http(http: &HttpSettings) -> bool {
    let mut plain = http.clone();
    plain.url = port::with_scheme(&http.url, "http", port::of(&http.url));
    greet(&plain).await.is_ok()
}

/// Whether TLS answers at the port of a URL without.
pub(super) async fn speaks_tls(http: &HttpSettings) -> bool {
    let url = port::with_scheme(&http.url, "https", port::of(&http.url));
    probe_certificate(&url, &http.trust, http.proxy.as_ref(), http.connect_timeout).await.is_ok()
}

fn judge(http: &HttpSettings, typed: &str, look: &CertificateInfo) -> Finding {
    let trust = &http.trust;
    let pinned = trust.fingerprint.is_some();
    let days = look
        .content
        .as_ref()
        .map(|content| content.not_after.saturating_sub(Timestamp::now().as_second()) / DAY);
    let finding = match (look.distrust(&http.url), days) {
        (Some(error), _) => {
            let cause = cause(look, error.hint.as_deref(), pinned);
            Finding::failed(error).advise(advice::not_trusted(typed, &look.fingerprint, &cause))
        }
        (None, Some(days)) if days < SOON => {
            let told = if days < 0 { "has expired".to_owned() } else { format!("expires in {days} days") };
            let host = http.url.host_str().unwrap_or_default();
            Finding::warning(format!("the certificate {told}"))
                .advise(advice::renew(host, is_self_signed(look)))
        }
        (None, _) => Finding::ok(match (pinned, &trust.ca_pem) {
            (true, None) => "the pinned certificate",
            (true, Some(_)) => "the pinned certificate, issued by the given CA",
            (false, Some(_)) => "a certificate of the given CA",
            (false, None) => "a certificate that this machine trusts",
        }),
    };
    described(finding, look)
}

/// Why a certificate is not trusted.
fn cause(look: &CertificateInfo, hint: Option<&str>, pinned: bool) -> String {
    let cause = match hint {
        _ if pinned => {
            "the host's certificate was renewed since it was pinned, or something is between here and the host"
        }
        _ if is_self_signed(look) => {
            "the certificate is self-signed, as those of WinRM often are: compare it, and pin it"
        }
        Some(hint) => return format!("{hint}; or compare it, and pin it"),
        None => "no authority that this machine trusts has issued the certificate",
    };
    cause.to_owned()
}

fn is_self_signed(look: &CertificateInfo) -> bool {
    look.content.as_ref().is_some_and(|content| content.issuer == content.subject)
}

/// With what the handshake has shown.
fn described(finding: Finding, look: &CertificateInfo) -> Finding {
    let mut finding = finding;
    if let Some((version, cipher)) = &look.session {
        finding = finding
            .line(format!("{version}, {cipher}"))
            .fact("version", version.as_str())
            .fact("cipher", cipher.as_str());
    }
    if let Some(content) = &look.content {
        let (from, to) = (time(content.not_before), time(content.not_after));
        finding = finding
            .line(format!("{}, for {}", content.subject, names(content)))
            .line(format!("issued by {}", chain(content, &look.issuers)))
            .line(format!("valid {from} to {to}, key {}", content.key))
            .fact("subject", content.subject.as_str())
            .fact("issuer", content.issuer.as_str())
            .fact("names", content.names.clone())
            .fact("chain", look.issuers.iter().map(|one| one.subject.clone()).collect::<Vec<_>>())
            .fact("not_before", from)
            .fact("not_after", to)
            .fact("key", content.key.as_str());
    }
    let binding = look.channel_binding.as_deref();
    finding
        .line(format!("fingerprint {}", look.fingerprint))
        .line(format!("logins are bound to {}", binding.unwrap_or("nothing: the certificate cannot be read")))
        .fact("fingerprint", look.fingerprint.to_string())
        .fact("channel_binding", binding)
}

fn names(content: &CertificateContent) -> String {
    if content.names.is_empty() { "no name".to_owned() } else { content.names.join(", ") }
}

/// The issuer, and those that came with the certificate.
fn chain(content: &CertificateContent, issuers: &[CertificateContent]) -> String {
    if content.issuer == content.subject {
        return "itself".to_owned();
    }
    let sent = match issuers.len() {
        0 => "whose certificate the host does not send".to_owned(),
        1 => "whose certificate the host sends".to_owned(),
        more => format!("with {more} certificates of issuers sent"),
    };
    format!("{} ({sent})", content.issuer)
}

fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| format!("second {seconds}"), |time| time.to_string())
}
