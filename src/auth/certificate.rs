//! The few fields of an X.509 certificate (RFC 5280) that channel bindings, pinning and client certificates need.

use super::AuthError;
#[cfg(feature = "http")]
use jiff::{Timestamp, civil::DateTime, tz::Offset};

/// A certificate taken apart: each part is the DER of its element.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Certificate<'a> {
    #[cfg(any(feature = "kerberos", feature = "ntlm", feature = "probe"))]
    signature_algorithm: &'a [u8],
    #[cfg(feature = "http")]
    issuer: &'a [u8],
    #[cfg(feature = "http")]
    validity: &'a [u8],
    #[cfg(feature = "http")]
    subject: &'a [u8],
    #[cfg(feature = "http")]
    subject_public_key_info: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Takes a DER certificate apart; of any version, unlike what verifies chains.
    pub(crate) fn parse(der: &'a [u8]) -> Result<Self, AuthError> {
        let mut outer = Der(der).expect(SEQUENCE, "a certificate")?;
        let mut tbs = outer.expect(SEQUENCE, "its signed part")?;
        if tbs.peek() == Some(VERSION) {
            tbs.next("a version")?;
        }
        tbs.next("a serial number")?;
        tbs.next("a signature algorithm")?;
        #[cfg_attr(
            not(feature = "http"),
            expect(unused_variables, reason = "only channel binding is asked for")
        )]
        let [issuer, validity, subject] =
            [tbs.next("an issuer")?, tbs.next("a validity")?, tbs.next("a subject")?];
        let key = tbs.next("a public key")?;
        if key.tag != SEQUENCE {
            return Err(AuthError::Certificate("a public key"));
        }
        Ok(Self {
            #[cfg(any(feature = "kerberos", feature = "ntlm", feature = "probe"))]
            signature_algorithm: outer.expect(SEQUENCE, "a signature algorithm")?.0,
            #[cfg(feature = "http")]
            issuer: issuer.whole,
            #[cfg(feature = "http")]
            validity: validity.content,
            #[cfg(feature = "http")]
            subject: subject.whole,
            #[cfg(feature = "http")]
            subject_public_key_info: key.whole,
        })
    }

    /// Content of `signatureAlgorithm`.
    #[cfg(any(feature = "kerberos", feature = "ntlm", feature = "probe"))]
    pub(super) fn signature_algorithm(&self) -> &'a [u8] {
        self.signature_algorithm
    }

    /// DER of the issuer's name.
    #[cfg(feature = "http")]
    pub(crate) fn issuer(&self) -> &'a [u8] {
        self.issuer
    }

    /// DER of the subject's name.
    #[cfg(feature = "http")]
    pub(crate) fn subject(&self) -> &'a [u8] {
        self.subject
    }

    /// From when until when it holds (RFC 5280, 4.1.2.5).
    #[cfg(feature = "http")]
    pub(crate) fn validity(&self) -> Result<(Timestamp, Timestamp), AuthError> {
        let mut validity = Der(self.validity);
        let mut time = || {
            let element = validity.next("a time")?;
            time(element.tag, element.content).ok_or(AuthError::Certificate("a time in UTC"))
        };
        Ok((time()?, time()?))
    }

    /// DER of `subjectPublicKeyInfo`, with its header.
    #[cfg(feature = "http")]
    pub(crate) fn subject_public_key_info(&self) -> &'a [u8] {
        self.subject_public_key_info
    }

    /// Content of the key's `algorithm`, and the key itself without the count of unused bits.
    #[cfg(feature = "http")]
    pub(crate) fn public_key(&self) -> Result<(&'a [u8], &'a [u8]), AuthError> {
        let mut info = Der(self.subject_public_key_info).expect(SEQUENCE, "a public key")?;
        let algorithm = info.expect(SEQUENCE, "the algorithm of the public key")?.0;
        match info.expect(BIT_STRING, "the bits of the public key")?.0.split_first() {
            Some((0, key)) => Ok((algorithm, key)),
            _ => Err(AuthError::Certificate("a public key of whole bytes")),
        }
    }
}

/// `UTCTime` has two digits of the year, which stand for 1950 to 2049.
#[cfg(feature = "http")]
fn time(tag: u8, content: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
    let whole = match tag {
        UTC_TIME if text.len() == 12 => {
            let century = if text >= "50" { "19" } else { "20" };
            format!("{century}{text}")
        }
        GENERALIZED_TIME if text.len() == 14 => text.to_owned(),
        _ => return None,
    };
    let time = DateTime::strptime("%Y%m%d%H%M%S", whole).ok()?;
    // "No well-defined expiration" is the last second of the year 9999 (RFC 5280, 4.1.2.5), which is after the last time.
    Some(Offset::UTC.to_timestamp(time).unwrap_or(Timestamp::MAX))
}

/// What is left of a DER text. Lengths are checked against what is there, nothing else is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Der<'a>(pub(super) &'a [u8]);

#[derive(Debug, Clone, Copy)]
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    #[cfg(feature = "http")]
    whole: &'a [u8],
}

impl<'a> Der<'a> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn next(&mut self, what: &'static str) -> Result<Element<'a>, AuthError> {
        self.read().ok_or(AuthError::Certificate(what))
    }

    pub(super) fn expect(&mut self, tag: u8, what: &'static str) -> Result<Self, AuthError> {
        match self.read() {
            Some(element) if element.tag == tag => Ok(Self(element.content)),
            _ => Err(AuthError::Certificate(what)),
        }
    }

    fn read(&mut self) -> Option<Element<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let length = bytes.iter().fold(0_u32, |length, byte| length << 8 | u32::from(*byte));
                (usize::try_from(length).ok()?, rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        let element = Element {
            tag,
            content,
            #[cfg(feature = "http")]
            whole: self.0.get(..self.0.len() - rest.len())?,
        };
        self.0 = rest;
        Some(element)
    }
}

pub(super) const SEQUENCE: u8 = 0x30;
#[cfg(any(feature = "kerberos", feature = "ntlm", feature = "probe"))]
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
#[cfg(feature = "http")]
const BIT_STRING: u8 = 0x03;
#[cfg(feature = "http")]
const UTC_TIME: u8 = 0x17;
#[cfg(feature = "http")]
const GENERALIZED_TIME: u8 = 0x18;
/// `[0] EXPLICIT Version`.
const VERSION: u8 = 0xa0;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[cfg(all(feature = "http", feature = "sim"))]
    #[test]
    fn certificates_of_each_kind_are_taken_apart() {
        use rcgen::PublicKeyData as _;
        for algorithm in
            [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519]
        {
            let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
            let made = rcgen::CertificateParams::new(["hv1.example.test".to_owned()]).unwrap();
            let der = made.self_signed(&key).unwrap().der().to_vec();
            let parsed = Certificate::parse(&der).unwrap();
            assert_eq!(parsed.subject_public_key_info(), key.subject_public_key_info());
            assert_eq!(parsed.public_key().unwrap().1, key.der_bytes());
        }
    }

    #[cfg(feature = "http")]
    #[test]
    fn times_are_read_in_both_forms() {
        for (tag, text, expected) in [
            (UTC_TIME, "491231235959Z", Some("2049-12-31T23:59:59Z")),
            (UTC_TIME, "500101000000Z", Some("1950-01-01T00:00:00Z")),
            (GENERALIZED_TIME, "20261121065147Z", Some("2026-11-21T06:51:47Z")),
            (UTC_TIME, "20261121065147Z", None),
            (UTC_TIME, "4912312359Z", None),
            (UTC_TIME, "491231235959", None),
            (GENERALIZED_TIME, "20261321065147Z", None),
            (SEQUENCE, "491231235959Z", None),
        ] {
            let got = time(tag, text.as_bytes());
            assert_eq!(got, expected.map(|time| time.parse().unwrap()), "{text}");
        }
        assert_eq!(time(GENERALIZED_TIME, b"99991231235959Z"), Some(Timestamp::MAX));
    }

    #[test]
    fn the_error_says_what_is_missing() {
        insta::assert_snapshot!(
            Certificate::parse(&[SEQUENCE, 2, SEQUENCE, 0]).unwrap_err(),
            @"the server's certificate cannot be read: expected a serial number"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(certificate) = Certificate::parse(&bytes) {
                prop_assert!(bytes.len() > 12, "{certificate:?}");
            }
        }

        #[test]
        fn lengths_beyond_the_end_are_refused(length in 2_u32..) {
            let der = [&[SEQUENCE, 0x84], &length.to_be_bytes()[..], &[0]].concat();
            prop_assert!(Certificate::parse(&der).is_err());
        }
    }
}
