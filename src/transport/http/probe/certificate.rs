//! A look at a host's certificate before it is trusted: a TLS handshake, after which nothing is sent.

use super::super::{
    Fingerprint, Proxy, Trust,
    dial::{BoxError, bare_host, deadline_in, dial_tls},
    endpoint, failure,
    trust::{Leaf, Look},
};
use crate::{
    auth::end_point::server_end_point,
    transport::{TransportError, TransportErrorKind, hex},
};
use rustls_pki_types::{CertificateDer, ServerName};
use std::{io, sync::Arc, time::Duration};
use tokio::time::Instant;
use url::Url;
use x509_parser::{
    certificate::X509Certificate, extensions::GeneralName, parse_x509_certificate, public_key::PublicKey,
    time::ASN1Time, x509::SubjectPublicKeyInfo,
};

/// What a host's certificate says, and what this machine thinks of it.
///
/// All texts are the peer's: escape them before they reach a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateInfo {
    /// SHA-256 of the certificate.
    pub fingerprint: Fingerprint,
    /// The hash that a login is bound to (`tls-server-end-point`, RFC 5929), with its length in bits; `None` if the
    /// certificate cannot be read.
    pub channel_binding: Option<String>,
    /// Version of TLS and cipher of the handshake: `TLS 1.3`, `TLS13_AES_256_GCM_SHA384`.
    pub session: Option<(String, String)>,
    /// The certificates that came with it: its issuer's, and theirs. Those that cannot be read are left out.
    pub issuers: Vec<CertificateContent>,
    /// What it says; `None` if it cannot be read.
    pub content: Option<CertificateContent>,
    /// Why it is not trusted, and what would mend that; `None` if it is.
    pub problem: Option<(String, Option<String>)>,
}

/// The fields of a certificate that people look at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateContent {
    /// Whom it names.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Names and addresses of the host (subject alternative names).
    pub names: Vec<String>,
    /// From when on it holds, in seconds since 1970.
    pub not_before: i64,
    /// Until when it holds, in seconds since 1970.
    pub not_after: i64,
    /// Kind and size of its key: `RSA, 2048 bits`.
    pub key: String,
    /// Version of X.509: 1 or 3.
    pub version: u32,
    /// Whether it is the certificate of a certification authority.
    pub is_ca: bool,
}

impl CertificateInfo {
    /// Why it is not trusted, as the error of the connection to the URL that it comes from; `None` if it is.
    #[must_use]
    pub fn distrust(&self, url: &Url) -> Option<TransportError> {
        let (reason, hint) = self.problem.as_ref()?;
        Some(failure::untrusted(&endpoint::host_and_port(url), reason, hint.clone()))
    }
}

/// Fetches the certificate of the host at an `https://` URL, by a TLS handshake in which the host proves that it
/// holds the certificate's key. No login, no message. `trust` and `proxy` are what a connection would go by.
///
/// # Errors
/// Kind `Config` for another URL or unusable CAs, `Connection`, `Protocol` where something else than TLS answers,
/// `Trust` for a handshake that fails.
pub async fn probe_certificate(
    url: &Url,
    trust: &Trust,
    proxy: Option<&Proxy>,
    connect_timeout: Duration,
) -> Result<CertificateInfo, TransportError> {
    endpoint::check(url)?;
    if url.scheme() != "https" {
        return Err(TransportError::config("failed to look at the certificate: there is none without TLS"));
    }
    let (look, without_roots) = match Look::new(trust) {
        Ok(look) => (look, None),
        // No roots on this machine: then nothing is trusted, and looking is all the more of use.
        Err(error) if error.kind == TransportErrorKind::Trust => {
            (Look::new(&Trust::pinned(Fingerprint::of(&[])))?, Some((error.message, error.hint)))
        }
        Err(error) => return Err(error),
    };
    let host = endpoint::host_and_port(url);
    let name = ServerName::try_from(bare_host(url)).map_err(|error| {
        TransportError::config(format!("failed to use `{host}` as a name in TLS")).with_source(error)
    })?;
    let deadline = deadline_in(connect_timeout);
    let session = shake_hands(url, &look, name.clone(), proxy, deadline)
        .await
        .map_err(|error| failure::not_connected(&*error, &host, Some(&Leaf::default())))?;
    let chain = look.chain.get().map(Vec::as_slice).unwrap_or_default();
    let judged = || look.judge(chain, &name).err().map(|error| failure::distrust(&error));
    let problem = without_roots.or_else(judged);
    let leaf = chain.first().map(CertificateDer::as_ref).unwrap_or_default();
    Ok(CertificateInfo {
        fingerprint: Fingerprint::of(leaf),
        channel_binding: channel_binding(leaf),
        session,
        content: read(leaf),
        issuers: chain.iter().skip(1).filter_map(|certificate| read(certificate)).collect(),
        problem,
    })
}

async fn shake_hands(
    url: &Url,
    look: &Look,
    name: ServerName<'static>,
    proxy: Option<&Proxy>,
    deadline: Instant,
) -> Result<Option<(String, String)>, BoxError> {
    let config = Arc::new(look.config.clone());
    let mut stream = dial_tls(url, proxy, config, name, deadline).await?;
    let session = session(stream.get_ref().1);
    // Whether the host hears the farewell does not matter.
    let _: io::Result<()> = tokio::io::AsyncWriteExt::shutdown(&mut stream).await;
    Ok(session)
}

fn session(connection: &rustls::ClientConnection) -> Option<(String, String)> {
    let version = match connection.protocol_version()? {
        rustls::ProtocolVersion::TLSv1_2 => "TLS 1.2".to_owned(),
        rustls::ProtocolVersion::TLSv1_3 => "TLS 1.3".to_owned(),
        other => format!("{other:?}"),
    };
    Some((version, format!("{:?}", connection.negotiated_cipher_suite()?.suite())))
}

fn channel_binding(certificate: &[u8]) -> Option<String> {
    let hash = server_end_point(certificate).ok()?;
    Some(format!("sha{}:{}", hash.len().saturating_mul(8), hex(&hash)))
}

pub(in crate::transport::http) fn read(certificate: &[u8]) -> Option<CertificateContent> {
    let (_, certificate) = parse_x509_certificate(certificate).ok()?;
    Some(CertificateContent {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        names: names(&certificate),
        not_before: seconds(certificate.validity().not_before),
        not_after: seconds(certificate.validity().not_after),
        key: key(certificate.public_key()),
        version: certificate.version().0.saturating_add(1),
        is_ca: certificate.is_ca(),
    })
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return Vec::new() };
    let of_hosts = names.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes),
        _ => None,
    });
    of_hosts.collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| std::net::Ipv4Addr::from(bytes).to_string());
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(|bytes| std::net::Ipv6Addr::from(bytes).to_string())).ok()
}

fn seconds(time: ASN1Time) -> i64 {
    time.timestamp()
}

fn key(key: &SubjectPublicKeyInfo<'_>) -> String {
    match key.parsed() {
        Ok(PublicKey::RSA(key)) => format!("RSA, {} bits", key.key_size()),
        Ok(PublicKey::EC(key)) => format!("EC, {} bits", key.key_size()),
        _ => format!("of type {}", key.algorithm.algorithm),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_as_text_and_odd_ones_left_out() {
        assert_eq!(address(&[192, 0, 2, 1]).as_deref(), Some("192.0.2.1"));
        assert_eq!(address(&[0; 16]).as_deref(), Some("::"));
        assert_eq!(address(&[1, 2, 3]), None);
    }

    #[test]
    fn what_is_no_certificate_has_no_content() {
        assert_eq!(read(b""), None);
        assert_eq!(read(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }

    #[tokio::test]
    async fn without_tls_there_is_no_certificate() {
        let url = "http://hv1.example.test:5985/wsman".parse().unwrap();
        let error =
            probe_certificate(&url, &Trust::default(), None, Duration::from_secs(1)).await.unwrap_err();
        assert_eq!(error.kind, TransportErrorKind::Config);
    }
}
