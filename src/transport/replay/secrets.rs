//! What logs in: tokens, headers, and passwords in texts that quote them; shared by the redactor and
//! the fixture lint.

use super::{encoded, tokens};

pub(super) const NTLM: &str = "NTLM token";
pub(super) const KERBEROS: &str = "Kerberos token";

/// How NTLM messages begin (MS-NLMP 2.2.1).
const NTLM_SIGNATURE: &[u8] = b"NTLMSSP";
/// Object identifiers with their tags: SPNEGO (RFC 4178), Kerberos (RFC 4121) and Microsoft's
/// misspelling of it.
const SPNEGO: &[u8] = b"\x06\x06\x2b\x06\x01\x05\x05\x02";
const KERBEROS_OID: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";
const MS_KERBEROS_OID: &[u8] = b"\x06\x09\x2a\x86\x48\x82\xf7\x12\x01\x02\x02";
/// Version 5 and message type of AP-REQ, AP-REP and errors (RFC 4120 5.5).
const KERBEROS_MESSAGE: &[u8] = b"\xa0\x03\x02\x01\x05\xa1\x03\x02\x01";
/// `negState` of a SPNEGO answer.
const SPNEGO_ANSWER: &[u8] = b"\x30\x81\xa0\x03\x0a\x01";
const SPNEGO_SHORT_ANSWER: &[u8] = b"\xa0\x03\x0a\x01\x01\xa1";

/// How tokens are known, whatever is around them.
pub(super) const SIGNATURES: [(&str, &[u8]); 7] = [
    (NTLM, NTLM_SIGNATURE),
    (KERBEROS, SPNEGO),
    (KERBEROS, KERBEROS_OID),
    (KERBEROS, MS_KERBEROS_OID),
    (KERBEROS, KERBEROS_MESSAGE),
    (KERBEROS, SPNEGO_ANSWER),
    (KERBEROS, SPNEGO_SHORT_ANSWER),
];
/// Schemes of `Authorization` and `WWW-Authenticate`.
pub(super) const SCHEMES: [&str; 6] = ["Basic", "Bearer", "Negotiate", "NTLM", "Kerberos", "CredSSP"];
/// What stands before a password in connection strings, command lines and forms.
const KEYS: [&str; 4] = ["password", "passwd", "pwd", "passphrase"];

const HEADER: &str = "authorization";

/// Whether bytes hold a token of NTLM or Kerberos.
pub(super) fn is_token(bytes: &[u8]) -> bool {
    let holds = |signature: &[u8]| bytes.windows(signature.len()).any(|window| window == signature);
    SIGNATURES.iter().any(|(_, signature)| holds(signature))
}

/// `Basic dXNlcjpwdw==` or `password=pw` at the beginning: what stands before the secret, and the secret.
pub(super) fn credential(rest: &str) -> Option<(&str, &str)> {
    header(rest).or_else(|| assignment(rest))
}

fn header(rest: &str) -> Option<(&str, &str)> {
    let starts = |scheme: &&str| {
        let behind = rest.get(scheme.len()..);
        rest.get(..scheme.len()).is_some_and(|word| word.eq_ignore_ascii_case(scheme))
            && behind.is_some_and(|behind| behind.starts_with(' '))
    };
    let scheme = SCHEMES.iter().find(|scheme| starts(scheme))?;
    let (before, token) = rest.split_at_checked(scheme.len() + 1)?;
    let token = tokens::base64_run(token);
    is_credential(token).then_some((before, token))
}

/// `password=pw` at the beginning, likewise.
pub(super) fn assignment(rest: &str) -> Option<(&str, &str)> {
    let starts = |key: &&str| rest.get(..key.len()).is_some_and(|word| word.eq_ignore_ascii_case(key));
    let key = KEYS.iter().chain([&HEADER]).find(|key| starts(key))?;
    let value = rest.get(key.len()..)?.trim_start_matches(['"', '\'', ' ']);
    let value = value.strip_prefix(['=', ':'])?.trim_start_matches(['"', '\'', ' ']);
    let before = rest.get(..rest.len() - value.len())?;
    // A header has its scheme before the secret.
    let ends = |c: char| c.is_control() || c == ' ' && *key != HEADER || "\"';,&<>".contains(c);
    let end = value.find(ends).unwrap_or(value.len());
    let value = value.get(..end).filter(|value| !value.is_empty())?;
    Some((before, value))
}

/// A word is letters alone; encoded bytes are hardly ever.
pub(super) fn is_credential(run: &str) -> bool {
    run.len() >= 8 && run.contains(|c: char| c.is_ascii_digit() || matches!(c, '+' | '/' | '='))
        || encoded::from_base64(run)
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .is_some_and(|text| text.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_from_the_words_around_them() {
        for (text, before, secret) in [
            ("Basic Ym9iOmh1bnRlcjI=, x", "Basic ", "Ym9iOmh1bnRlcjI="),
            ("negotiate YIIB1A00", "negotiate ", "YIIB1A00"),
            ("password=hunter2;user=x", "password=", "hunter2"),
            ("Password: 'hunter2'", "Password: '", "hunter2"),
            (r#"pwd":"hunter2"}"#, r#"pwd":""#, "hunter2"),
            ("Authorization: Bearer abcd efgh\r\nX: y", "Authorization: ", "Bearer abcd efgh"),
        ] {
            assert_eq!(credential(text), Some((before, secret)), "{text}");
        }
        for text in
            ["Basic authentication", "Negotiate", "password is wrong", "password=", "Basically Ym9iOmh1="]
        {
            assert_eq!(credential(text), None, "{text}");
        }
    }
}
