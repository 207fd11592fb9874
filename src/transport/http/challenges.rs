//! What a server offers to authenticate with: `WWW-Authenticate` (RFC 9110, 11.3 and 11.6.1).

use hyper::header::{HeaderMap, WWW_AUTHENTICATE};

/// One offered scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    /// As the server spells it.
    pub(super) scheme: String,
    /// `token68`, as Negotiate and NTLM have it; without parameters.
    pub(super) token: Option<String>,
}

/// Every challenge of an answer. A header may hold several, and there may be several headers.
pub(super) fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    let values = headers.get_all(WWW_AUTHENTICATE).iter();
    values.filter_map(|value| value.to_str().ok()).flat_map(parse).collect()
}

/// Names of the schemes of one header's value.
pub(super) fn schemes(value: &str) -> impl Iterator<Item = String> {
    parse(value).into_iter().map(|challenge| challenge.scheme)
}

/// The challenge of this scheme.
pub(super) fn of_scheme<'a>(challenges: &'a [Challenge], scheme: &str) -> Option<&'a Challenge> {
    challenges.iter().find(|challenge| challenge.scheme.eq_ignore_ascii_case(scheme))
}

fn parse(value: &str) -> Vec<Challenge> {
    let mut found = Vec::new();
    for item in items(value) {
        let (first, rest) = item.split_once([' ', '\t']).unwrap_or((item, ""));
        // `name=value` goes on with the parameters of the scheme before it.
        if first.contains('=') {
            continue;
        }
        let rest = rest.trim();
        let token = (!rest.is_empty() && is_token68(rest)).then(|| rest.to_owned());
        found.push(Challenge { scheme: first.to_owned(), token });
    }
    found
}

/// What stands between commas that are not in quotes.
fn items(value: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    let separated = value.split(move |c| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        c == ',' && !quoted
    });
    separated.map(str::trim).filter(|item| !item.is_empty())
}

fn is_token68(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty() && body.chars().all(|c| c.is_ascii_alphanumeric() || "-._~+/".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(value: &str) -> Vec<(String, Option<String>)> {
        parse(value).into_iter().map(|challenge| (challenge.scheme, challenge.token)).collect()
    }

    fn plain(scheme: &str) -> (String, Option<String>) {
        (scheme.to_owned(), None)
    }

    #[test]
    fn schemes_in_one_header_are_told_apart() {
        assert_eq!(
            parsed(r#"Negotiate, Basic realm="a, \"b\" NTLM", charset="UTF-8",NTLM,"#),
            [plain("Negotiate"), plain("Basic"), plain("NTLM")]
        );
    }

    #[test]
    fn tokens_are_kept_and_parameters_are_not() {
        assert_eq!(parsed("Negotiate TlRMTVNTUAAC=="), [("Negotiate".into(), Some("TlRMTVNTUAAC==".into()))]);
        assert_eq!(parsed("Digest nonce=abc"), [plain("Digest")]);
    }

    #[test]
    fn nothing_is_offered_by_nothing() {
        assert_eq!(parsed(""), []);
        assert_eq!(parsed(" , ,"), []);
    }

    #[test]
    fn names_compare_without_case_over_all_headers() {
        let mut headers = HeaderMap::new();
        headers.append(WWW_AUTHENTICATE, "basic realm=x".parse().unwrap());
        headers.append(WWW_AUTHENTICATE, "ntlm YQ==".parse().unwrap());
        let found = challenges(&headers);
        assert_eq!(of_scheme(&found, "NTLM").unwrap().token.as_deref(), Some("YQ=="));
        assert_eq!(of_scheme(&found, "Negotiate"), None);
    }
}
