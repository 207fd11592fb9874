//! What a login leaves behind: headers and tokens.

use super::Leak;
use crate::transport::{
    hex,
    replay::{
        encoded,
        redact::DROPPED,
        secrets::{SCHEMES, SIGNATURES, is_credential},
        tokens,
    },
};

pub(super) use crate::transport::replay::secrets::{KERBEROS, NTLM};

pub(super) const HEADER: &str = "Authorization header";

/// Base64 of the beginning of a long DER token (`60 82 …`).
const LONG_TOKEN: &str = "YII";
/// Shorter than this it is a word.
const LONG_TOKEN_LENGTH: usize = 24;

/// Headers, and tokens that only their beginning tells.
pub(super) fn of_text(text: &str) -> Vec<Leak> {
    let mut leaks = Vec::new();
    let lower = text.to_ascii_lowercase();
    for (at, word) in lower.match_indices("authorization") {
        let after = text.get(at + word.len()..).unwrap_or_default().trim_start_matches(['"', '\'', ' ']);
        let dropped = after.trim_start_matches([':', '=', '"', '\'', ' ']).starts_with(DROPPED);
        if after.starts_with([':', '=']) && !dropped {
            leaks.push(Leak::new(HEADER, text.get(at..).unwrap_or_default()));
        }
    }
    for scheme in SCHEMES {
        for (at, _) in text.match_indices(scheme) {
            let rest = text.get(at + scheme.len()..).unwrap_or_default();
            if rest.strip_prefix(' ').is_some_and(|rest| is_credential(tokens::base64_run(rest))) {
                leaks.push(Leak::new(HEADER, text.get(at..).unwrap_or_default()));
            }
        }
    }
    for (at, _) in text.match_indices(LONG_TOKEN) {
        let (before, rest) = text.split_at_checked(at).unwrap_or_default();
        let run = tokens::base64_run(rest);
        let begins = !before.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/'));
        if begins && run.len() >= LONG_TOKEN_LENGTH {
            leaks.push(Leak::new(KERBEROS, run));
        }
    }
    leaks
}

/// Tokens anywhere in a file, raw, in base64 at any alignment, in hex, of UTF-16 and in UTF-16;
/// with their lines.
pub(super) fn of_bytes(bytes: &[u8]) -> Vec<(usize, Leak)> {
    let narrow: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    let views: &[&[u8]] = if narrow.len() == bytes.len() { &[bytes] } else { &[bytes, &narrow] };
    let mut leaks = Vec::new();
    for (kind, signature) in SIGNATURES {
        let spellings = spellings(signature);
        for view in views {
            let found =
                spellings.iter().find_map(|spelling| Some((position(view, spelling)?, spelling.len())));
            if let Some((at, length)) = found {
                let line = 1 + view.iter().take(at).filter(|byte| **byte == b'\n').count();
                let text = view.get(at..at + length).unwrap_or_default();
                leaks.push((line, Leak::new(kind, String::from_utf8_lossy(text))));
                break;
            }
        }
    }
    leaks
}

fn spellings(signature: &[u8]) -> Vec<Vec<u8>> {
    let wide: Vec<u8> = signature.iter().flat_map(|byte| [*byte, 0]).collect();
    let mut spellings = vec![signature.to_vec()];
    for form in [signature, &wide] {
        spellings.extend((0..3).map(|offset| base64_at(form, offset).into_bytes()));
        let hex = hex(form);
        spellings.push(hex.to_uppercase().into_bytes());
        spellings.push(hex.into_bytes());
    }
    // Base64 of base64 text that was UTF-16, as scripts pass it on.
    spellings.extend((0..3).flat_map(|inner| {
        let wide: Vec<u8> = base64_at(signature, inner).bytes().flat_map(|byte| [byte, 0]).collect();
        (0..3).map(move |outer| base64_at(&wide, outer).into_bytes())
    }));
    spellings
}

/// The characters of base64 that `bytes` alone decide when they begin `offset` bytes after a
/// multiple of three.
fn base64_at(bytes: &[u8], offset: usize) -> String {
    let padded: Vec<u8> = std::iter::repeat_n(0, offset).chain(bytes.iter().copied()).collect();
    let encoded = encoded::to_base64(&padded);
    let first = (offset * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    encoded.get(first..last).unwrap_or_default().to_owned()
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_found_in_base64_wherever_it_begins() {
        for offset in 0..3 {
            let token: Vec<u8> = [vec![0xaa; offset], b"NTLMSSP\0\x03\0\0\0".to_vec()].concat();
            let line = format!("first\nx: {}", encoded::to_base64(&token));
            let kinds: Vec<_> =
                of_bytes(line.as_bytes()).into_iter().map(|(line, leak)| (line, leak.kind)).collect();
            assert_eq!(kinds, [(2, NTLM)], "{offset}");
        }
    }

    #[test]
    fn words_after_a_scheme_are_no_credentials() {
        assert!(of_text("Basic authentication is disabled; Negotiate authentication is enabled").is_empty());
        assert_eq!(of_text("Basic Ym9iOmh1bnRlcjI=").len(), 1);
        assert_eq!(of_text("the authorization of the user failed").len(), 0);
    }
}
