//! The channel binding `tls-server-end-point` (RFC 5929, 4.1).

use super::{
    AuthError,
    certificate::{Certificate, Der, OBJECT_IDENTIFIER, SEQUENCE},
};
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

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
    let algorithm = Certificate::parse(certificate)?.signature_algorithm();
    Ok(match signature_hash(algorithm)? {
        Hash::Sha224 => Sha224::digest(certificate).to_vec(),
        Hash::Sha256 => Sha256::digest(certificate).to_vec(),
        Hash::Sha384 => Sha384::digest(certificate).to_vec(),
        Hash::Sha512 => Sha512::digest(certificate).to_vec(),
    })
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
    fn certificates_are_hashed_as_they_were_signed() {
        for (algorithm, length) in [
            (&rcgen::PKCS_ECDSA_P256_SHA256, 32),
            (&rcgen::PKCS_ECDSA_P384_SHA384, 48),
            (&rcgen::PKCS_ED25519, 32),
        ] {
            let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
            let made = rcgen::CertificateParams::new(["hv1.example.test".to_owned()]).unwrap();
            let der = made.self_signed(&key).unwrap().der().to_vec();
            let expected =
                if length == 48 { Sha384::digest(&der).to_vec() } else { Sha256::digest(&der).to_vec() };
            assert_eq!(server_end_point(&der).unwrap(), expected);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = server_end_point(&bytes);
            let _ = signature_hash(&bytes);
        }
    }
}
