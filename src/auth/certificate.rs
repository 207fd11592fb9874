//! The few fields of an X.509 certificate (RFC 5280) that channel bindings and pinning need, and the
//! channel binding `tls-server-end-point` (RFC 5929, 4.1).

use super::AuthError;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

/// A certificate taken apart: each part is the DER of its element.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Certificate<'a> {
    /// Content of `signatureAlgorithm`.
    signature_algorithm: &'a [u8],
    #[cfg(feature = "http")]
    subject_public_key_info: &'a [u8],
}

/// Channel binding value `tls-server-end-point` of a DER certificate: the hash that the certificate
/// was signed with, SHA-256 where that is MD5 or SHA-1.
///
/// RFC 5929 leaves it undefined for signatures without a hash of their own (Ed25519) and for those it
/// could not know; like the other clients of WinRM we take SHA-256 then. Should a server think
/// otherwise, it refuses the login: nothing gets weaker by it.
///
/// # Errors
/// [`AuthError::Certificate`] for what is not a certificate.
pub(crate) fn server_end_point(certificate: &[u8]) -> Result<Vec<u8>, AuthError> {
    let algorithm = Certificate::parse(certificate)?.signature_algorithm;
    Ok(match signature_hash(algorithm)? {
        Hash::Sha224 => Sha224::digest(certificate).to_vec(),
        Hash::Sha256 => Sha256::digest(certificate).to_vec(),
        Hash::Sha384 => Sha384::digest(certificate).to_vec(),
        Hash::Sha512 => Sha512::digest(certificate).to_vec(),
    })
}

impl<'a> Certificate<'a> {
    /// Takes a DER certificate apart; of any version, unlike what verifies chains.
    pub(crate) fn parse(der: &'a [u8]) -> Result<Self, AuthError> {
        let mut outer = Der(der).expect(SEQUENCE, "a certificate")?;
        let mut tbs = outer.expect(SEQUENCE, "its signed part")?;
        let signature_algorithm = outer.expect(SEQUENCE, "a signature algorithm")?.0;
        if tbs.peek() == Some(VERSION) {
            tbs.next("a version")?;
        }
        for part in ["a serial number", "a signature algorithm", "an issuer", "a validity", "a subject"] {
            tbs.next(part)?;
        }
        let key = tbs.next("a public key")?;
        if key.tag != SEQUENCE {
            return Err(AuthError::Certificate("a public key"));
        }
        Ok(Self {
            signature_algorithm,
            #[cfg(feature = "http")]
            subject_public_key_info: key.whole,
        })
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// The hash for the binding, by the content of an `AlgorithmIdentifier` of a signature.
fn signature_hash(algorithm: &[u8]) -> Result<Hash, AuthError> {
    let mut algorithm = Der(algorithm);
    let oid = algorithm.expect(OBJECT_IDENTIFIER, "the name of a signature algorithm")?.0;
    Ok(match oid {
        SHA224_RSA | ECDSA_SHA224 => Hash::Sha224,
        SHA384_RSA | ECDSA_SHA384 => Hash::Sha384,
        SHA512_RSA | ECDSA_SHA512 => Hash::Sha512,
        RSA_PSS => pss_hash(algorithm)?,
        _ => Hash::Sha256,
    })
}

/// `RSASSA-PSS-params` (RFC 4055, 3.1): `[0]` holds the hash; absent it is SHA-1, hence SHA-256.
fn pss_hash(mut parameters: Der<'_>) -> Result<Hash, AuthError> {
    if parameters.peek().is_none() {
        return Ok(Hash::Sha256);
    }
    let mut parameters = parameters.expect(SEQUENCE, "parameters of RSA-PSS")?;
    if parameters.peek() != Some(PSS_HASH) {
        return Ok(Hash::Sha256);
    }
    let oid = parameters
        .expect(PSS_HASH, "the hash of RSA-PSS")?
        .expect(SEQUENCE, "the hash of RSA-PSS")?
        .expect(OBJECT_IDENTIFIER, "the name of the hash of RSA-PSS")?
        .0;
    Ok(match oid {
        SHA224 => Hash::Sha224,
        SHA384 => Hash::Sha384,
        SHA512 => Hash::Sha512,
        _ => Hash::Sha256,
    })
}

/// What is left of a DER text. Lengths are checked against what is there, nothing else is.
#[derive(Debug, Clone, Copy)]
struct Der<'a>(&'a [u8]);

#[derive(Debug, Clone, Copy)]
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
}

impl<'a> Der<'a> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn next(&mut self, what: &'static str) -> Result<Element<'a>, AuthError> {
        self.read().ok_or(AuthError::Certificate(what))
    }

    fn expect(&mut self, tag: u8, what: &'static str) -> Result<Self, AuthError> {
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
        let whole = self.0.get(..self.0.len() - rest.len())?;
        self.0 = rest;
        Some(Element { tag, content, whole })
    }
}

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
#[cfg(feature = "http")]
const BIT_STRING: u8 = 0x03;
/// `[0] EXPLICIT Version`.
const VERSION: u8 = 0xa0;
/// `[0] HashAlgorithm` of the RSA-PSS parameters.
const PSS_HASH: u8 = 0xa0;

// 1.2.840.113549.1.1.{14,12,13,10}
const SHA224_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0e];
const SHA384_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c];
const SHA512_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d];
const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
// 1.2.840.10045.4.3.{1,3,4}
const ECDSA_SHA224: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x01];
const ECDSA_SHA384: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];
const ECDSA_SHA512: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04];
// 2.16.840.1.101.3.4.2.{4,2,3}
const SHA224: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04];
const SHA384: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];
const SHA512: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An `AlgorithmIdentifier`'s content: the name, then parameters.
    fn algorithm(oid: &[u8], parameters: &[u8]) -> Vec<u8> {
        [tlv(OBJECT_IDENTIFIER, oid), parameters.to_vec()].concat()
    }

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
    }

    fn pss(hash: &[u8]) -> Vec<u8> {
        let hash = tlv(PSS_HASH, &tlv(SEQUENCE, &algorithm(hash, &[5, 0])));
        algorithm(RSA_PSS, &tlv(SEQUENCE, &hash))
    }

    #[test]
    fn the_hash_is_that_of_the_signature() {
        const NULL: &[u8] = &[5, 0];
        let sha1_rsa = [&SHA384_RSA[..8], &[5]].concat();
        let md5_rsa = [&SHA384_RSA[..8], &[4]].concat();
        let sha256_rsa = [&SHA384_RSA[..8], &[11]].concat();
        let ecdsa_sha1 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01];
        let ed25519 = [0x2b, 0x65, 0x70];
        let sha256 = [&SHA384[..8], &[1]].concat();
        for (algorithm, hash) in [
            (algorithm(&md5_rsa, NULL), Hash::Sha256),
            (algorithm(&sha1_rsa, NULL), Hash::Sha256),
            (algorithm(&sha256_rsa, NULL), Hash::Sha256),
            (algorithm(SHA224_RSA, NULL), Hash::Sha224),
            (algorithm(SHA384_RSA, NULL), Hash::Sha384),
            (algorithm(SHA512_RSA, NULL), Hash::Sha512),
            (algorithm(&ecdsa_sha1, &[]), Hash::Sha256),
            (algorithm(ECDSA_SHA384, &[]), Hash::Sha384),
            (algorithm(ECDSA_SHA512, &[]), Hash::Sha512),
            (algorithm(&ed25519, &[]), Hash::Sha256),
            (algorithm(RSA_PSS, &[]), Hash::Sha256),
            (algorithm(RSA_PSS, &tlv(SEQUENCE, &[])), Hash::Sha256),
            (pss(&sha256), Hash::Sha256),
            (pss(SHA384), Hash::Sha384),
            (pss(SHA512), Hash::Sha512),
        ] {
            assert_eq!(signature_hash(&algorithm), Ok(hash), "{algorithm:02x?}");
        }
    }

    #[cfg(feature = "sim")]
    #[test]
    fn real_certificates_are_taken_apart() {
        for (algorithm, length) in [
            (&rcgen::PKCS_ECDSA_P256_SHA256, 32),
            (&rcgen::PKCS_ECDSA_P384_SHA384, 48),
            (&rcgen::PKCS_ED25519, 32),
        ] {
            let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
            let made = rcgen::CertificateParams::new(["hv1.example.test".to_owned()]).unwrap();
            let der = made.self_signed(&key).unwrap().der().to_vec();
            let binding = server_end_point(&der).unwrap();
            assert_eq!(binding.len(), length);
            if length == 48 {
                assert_eq!(binding, Sha384::digest(&der).to_vec());
            }
            #[cfg(feature = "http")]
            {
                use rcgen::PublicKeyData as _;
                let parsed = Certificate::parse(&der).unwrap();
                assert_eq!(parsed.subject_public_key_info(), key.subject_public_key_info());
                assert_eq!(parsed.public_key().unwrap().1, key.der_bytes());
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = server_end_point(&bytes);
            let _ = signature_hash(&bytes);
        }

        #[test]
        fn lengths_beyond_the_end_are_refused(length in 2_usize..=0xffff_ffff) {
            let length = u32::try_from(length).unwrap().to_be_bytes();
            let der = [&[SEQUENCE, 0x84], &length[..], &[0]].concat();
            prop_assert!(server_end_point(&der).is_err());
        }
    }
}
