//! What fuzzers feed with headers of a host, and with the user's certificates and proxies.

use super::{ClientCertificate, Proxy, challenges::challenges};
use crate::auth::Secret;
use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};

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

/// PEM or PKCS#12: what is taken has a certificate, and so a fingerprint.
pub(crate) fn client_certificate(data: &[u8]) {
    let password = Secret::new("secret".to_owned());
    if let Ok(certificate) = ClientCertificate::read(data, None, Some(&password)) {
        assert!(!certificate.certificate().is_empty(), "a key without a certificate");
        let _ = (certificate.fingerprint(), certificate.is_self_signed());
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
