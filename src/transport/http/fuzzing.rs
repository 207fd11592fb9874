//! What fuzzers feed with headers of a host, and with the user's certificates and proxies.

use super::{
    ClientCertificate, Proxy, challenges::challenges, client_certificate::names::owners,
    probe::certificate::read,
};
use crate::auth::{self, Secret};
use hyper::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use std::net::IpAddr;

/// `WWW-Authenticate`, one header a line: what is found is in it.
pub(crate) fn www_authenticate(data: &[u8]) {
    let values = data.split(|byte| *byte == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok());
    let headers: HeaderMap = values.map(|value| (WWW_AUTHENTICATE, value)).collect();
    for challenge in challenges(&headers) {
        let text = String::from_utf8_lossy(data);
        assert!(!challenge.scheme.is_empty() && text.contains(&challenge.scheme), "a scheme from nowhere");
        assert!(challenge.token.is_none_or(|token| text.contains(&token)), "a token from nowhere");
    }
}

/// A DER certificate, of a host or of a user, by each of its readers: what it is told to say is in it.
pub(crate) fn certificate(data: &[u8]) {
    auth::fuzzing::certificate(data);
    let holds = |text: &str| data.windows(text.len().max(1)).any(|part| part.starts_with(text.as_bytes()));
    for name in owners(data) {
        assert!(!name.is_empty() && holds(&name), "an owner from nowhere: {name:?}");
    }
    let Some(content) = read(data) else { return };
    for name in &content.names {
        assert!(name.parse::<IpAddr>().is_ok() || holds(name), "a name from nowhere: {name:?}");
    }
    for time in [content.not_before, content.not_after] {
        assert!((EARLIEST..=LATEST).contains(&time), "a time that no certificate can hold: {time}");
    }
    let bits = content.key.split_whitespace().rev().nth(1).and_then(|bits| bits.parse::<usize>().ok());
    assert!(
        bits.is_none_or(|bits| bits <= data.len() * 8),
        "a key longer than what it is in: {}",
        content.key
    );
    // Each part of a name is shown with its kind, or in hexadecimal, which no attribute makes longer than this.
    for name in [&content.subject, &content.issuer] {
        assert!(name.len() <= data.len() * 16, "longer than what it is in: {name}");
    }
}

/// Years of four digits, in seconds since 1970, and a day for what is not in UTC.
const EARLIEST: i64 = -62_167_219_200 - 86_400;
const LATEST: i64 = 253_402_300_799 + 86_400;

/// PEM or PKCS#12: what is taken has a certificate, and so a fingerprint.
pub(crate) fn client_certificate(data: &[u8]) {
    let password = Secret::new("secret".to_owned());
    if let Ok(certificate) = ClientCertificate::read(data, None, Some(&password)) {
        assert!(!certificate.certificate().is_empty(), "a key without a certificate");
        let _ = (certificate.fingerprint(), certificate.is_self_signed(), certificate.names());
    }
}

/// A proxy as users name it: it is shown without its login, and else as it is.
pub(crate) fn proxy_url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(proxy) = text.parse::<Proxy>() {
        let shown = proxy.to_string();
        let again = shown.parse::<Proxy>();
        assert!(again.is_ok_and(|again| !again.has_login() && again.host() == proxy.host()), "{shown}");
    }
}
