//! SHA-256 of a certificate: what a user pins.

use crate::transport::{TransportError, hex};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};

/// SHA-256 of a certificate.
///
/// ```
/// use hyperv_wsman::transport::Fingerprint;
///
/// let text = format!("sha256:{}", "ab".repeat(32));
/// assert_eq!(text.parse::<Fingerprint>()?.to_string(), text);
/// # Ok::<(), hyperv_wsman::transport::TransportError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of a certificate in DER.
    #[must_use]
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }

    /// The digits alone, in lower case.
    pub(super) fn hex(self) -> String {
        hex(&self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = TransportError;

    /// `sha256:HEX`, or the 64 digits alone; with colons or blanks between them, in any case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let named = text.get(..7).is_some_and(|name| name.eq_ignore_ascii_case("sha256:"));
        let digits = if named { text.get(7..).unwrap_or_default() } else { text };
        // Windows' certificate dialog puts a mark of direction in front of what is copied from it.
        let digits: String = digits.chars().filter(|c| !matches!(c, ':' | ' ' | '-' | '\u{200e}')).collect();
        let count = digits.chars().count();
        match parse_hex(&digits) {
            Some(hash) => Ok(Self(hash)),
            None if count == 40 && digits.chars().all(|c| c.is_ascii_hexdigit()) => Err(TransportError::config(
                "failed to read the fingerprint: expected the 64 digits of a SHA-256, got the 40 of a SHA-1",
            )
            .with_hint(format!(
                "this is Windows' thumbprint; for its SHA-256 run, in PowerShell on the host, \
                 `(Get-Item Cert:\\LocalMachine\\My\\{}).GetCertHashString('SHA256')`, or anywhere \
                 `openssl s_client -connect HOST:5986 </dev/null | openssl x509 -noout -fingerprint -sha256`",
                digits.to_ascii_uppercase()
            ))),
            None => Err(TransportError::config(format!(
                "failed to read the fingerprint: expected `sha256:` and 64 hexadecimal digits, got {count} characters"
            ))),
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn parse_hex(digits: &str) -> Option<[u8; 32]> {
    let nibbles: Option<Vec<u8>> =
        digits.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let nibbles: [u8; 64] = nibbles?.try_into().ok()?;
    let (pairs, _) = nibbles.as_chunks::<2>();
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_form_is_read() {
        let plain = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
        let expected = format!("sha256:{plain}");
        let colons = plain
            .as_bytes()
            .chunks(2)
            .map(|pair| std::str::from_utf8(pair).unwrap())
            .collect::<Vec<_>>()
            .join(":");
        for text in [
            plain.to_owned(),
            expected.clone(),
            plain.to_uppercase(),
            format!("SHA256:{colons}"),
            format!("\u{200e}{plain}"),
        ] {
            assert_eq!(text.parse::<Fingerprint>().unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn a_thumbprint_brings_the_commands_that_give_the_sha_256() {
        let error = "d2 23 ab".to_owned() + &"0".repeat(34);
        let error = error.parse::<Fingerprint>().unwrap_err();
        insta::assert_snapshot!(error, @"failed to read the fingerprint: expected the 64 digits of a SHA-256, got the 40 of a SHA-1");
        let hint = error.hint.unwrap();
        assert!(hint.contains("GetCertHashString('SHA256')") && hint.contains("openssl x509"), "{hint}");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "sha256:",
            "sha256:zz",
            "sha1:00",
            &"g".repeat(64),
            &"0".repeat(63),
            &"0".repeat(65),
            &"é".repeat(64),
        ] {
            assert!(text.parse::<Fingerprint>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_hash_is_that_of_the_whole_certificate() {
        assert_eq!(
            Fingerprint::of(b"").hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
