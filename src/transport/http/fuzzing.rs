//! What fuzzers feed with headers of a host.

use super::challenges::challenges;
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
