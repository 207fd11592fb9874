//! Files as OpenSSL writes them (`tests/wire/client/make.sh`).

use super::*;
use proptest::prelude::*;

const PASSWORD: &str = "secret";

fn file(name: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/client");
    std::fs::read(folder.join(name)).unwrap()
}

fn right() -> Secret {
    Secret::new(PASSWORD.to_owned())
}

#[cfg(feature = "pkcs12")]
fn wrong() -> Secret {
    Secret::new("hunter2".to_owned())
}

/// The error as a user sees it.
fn shown(result: Result<ClientCertificate, ClientCertificateError>) -> String {
    let error = result.unwrap_err();
    let hint = error.hint().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
    format!("{error}{hint}")
}

fn pem(
    certificates: &str,
    key: &str,
    password: Option<&Secret>,
) -> Result<ClientCertificate, ClientCertificateError> {
    ClientCertificate::read(&file(certificates), Some(&file(key)), password)
}

fn p12(name: &str, password: Option<&Secret>) -> Result<ClientCertificate, ClientCertificateError> {
    ClientCertificate::read(&file(name), None, password)
}

fn is_ec(certificate: &ClientCertificate) -> bool {
    certificate.certificate() == pem("ec.crt", "ec.key", None).unwrap().certificate()
}

#[test]
fn keys_of_each_form_are_read() {
    for (certificate, key) in [
        ("ec.crt", "ec.key"),
        ("ec.crt", "ec-sec1.key"),
        ("rsa.crt", "rsa.key"),
        ("rsa.crt", "rsa-pkcs1.key"),
    ] {
        let read = pem(certificate, key, None).unwrap();
        assert_eq!(read.is_self_signed(), certificate == "rsa.crt");
        assert_eq!(read.certified.cert.len(), 1);
    }
}

#[test]
fn a_chain_is_put_in_order_and_goes_without_its_root() {
    let read = ClientCertificate::read(&file("chain.pem"), None, None).unwrap();
    assert!(is_ec(&read) && !read.is_self_signed());
    let names: Vec<_> =
        read.certified.cert.iter().map(|der| Known::new(der).unwrap().parts.issuer()).collect();
    assert_eq!(names.len(), 2);
    let middle = Known::new(&read.certified.cert[1]).unwrap();
    assert_eq!(middle.parts.subject(), names[0]);
}

#[test]
fn a_key_that_is_not_that_of_the_certificate_is_refused() {
    insta::assert_snapshot!(shown(pem("rsa.crt", "ec.key", None)), @r"
    failed to read the client certificate: none of the certificates belongs to the private key
      hint: compare what `openssl x509 -noout -pubkey -in FILE` and `openssl pkey -pubout -in KEYFILE` print
    ");
}

#[test]
fn what_is_missing_is_named() {
    let read = |text: &[u8]| ClientCertificate::read(text, None, None);
    insta::assert_snapshot!(shown(read(&file("ec.crt"))), @r"
    failed to read the client certificate: found no private key
      hint: name the file with the key by `--client-key`, or export the certificate with its private key; a DER key is converted by `openssl pkey -inform der -in FILE -out FILE.pem`
    ");
    insta::assert_snapshot!(shown(read(&file("ec.key"))), @r"
    failed to read the client certificate: found no certificate
      hint: a PEM file has it between `BEGIN CERTIFICATE` and `END CERTIFICATE`
    ");
    assert!(matches!(read(b"").unwrap_err(), ClientCertificateError::NoKey));
    assert!(matches!(
        ClientCertificate::read(&file("new.p12"), Some(&file("ec.key")), None).unwrap_err(),
        ClientCertificateError::SecondKeyFile
    ));
}

#[test]
fn a_key_that_tls_here_does_not_sign_with_is_refused() {
    insta::assert_snapshot!(shown(pem("p521.crt", "p521.key", None)), @r"
    failed to use the key of the client certificate: expected RSA of 2048 to 4096 bits, ECDSA on P-256 or P-384, or Ed25519
      hint: issue a certificate with another key
    ");
}

#[test]
fn several_keys_with_their_certificates_leave_it_open_who_is_meant() {
    let both = [file("ec.crt"), file("ec.key"), file("rsa.crt"), file("rsa.key")].concat();
    insta::assert_snapshot!(shown(ClientCertificate::read(&both, None, None)), @r"
    failed to read the client certificate: expected one private key with its certificate, found 2
      hint: export the certificate that is meant into a file of its own
    ");
    // A key without its certificate, and the same key twice, do not.
    let one = [file("ec.crt"), file("ec.key"), file("rsa.key"), file("ec.key")].concat();
    assert!(is_ec(&ClientCertificate::read(&one, None, None).unwrap()));
}

#[test]
fn broken_pem_is_refused_without_a_line_of_it() {
    let one_line = String::from_utf8(file("ec.key")).unwrap().replace('\n', " ");
    let secret = one_line.split(' ').nth(3).unwrap().to_owned();
    for text in [one_line, "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n".into()] {
        let error = ClientCertificate::read(text.as_bytes(), None, None).unwrap_err();
        assert!(matches!(error, ClientCertificateError::Unreadable(..)), "{error}");
        assert!(!format!("{error} {error:?}").contains(&secret));
    }
}

#[test]
fn debug_shows_neither_key_nor_name() {
    let read = pem("ec.crt", "ec.key", None).unwrap();
    let shown = format!("{read:?}");
    assert!(shown.starts_with("ClientCertificate { fingerprint: "), "{shown}");
    assert!(!shown.contains("Jane") && shown.len() < 150, "{shown}");
}

#[test]
fn what_has_expired_or_is_not_valid_yet_is_told_before_anything_is_sent() {
    let read = pem("ec.crt", "ec.key", None).unwrap();
    let at = |time: &str| read.expect_valid(time.parse().unwrap()).map_err(|error| error.to_string());
    assert_eq!(at("2050-01-01T00:00:00Z"), Ok(()));
    assert!(
        at("2020-01-01T00:00:00Z")
            .unwrap_err()
            .starts_with("failed to use the client certificate: it is not valid before 20")
    );
    assert!(
        at("2999-01-01T00:00:00Z")
            .unwrap_err()
            .starts_with("failed to use the client certificate: it has expired at 21")
    );
}

#[test]
fn a_key_in_openssls_old_encryption_is_refused_with_the_command_that_helps() {
    insta::assert_snapshot!(shown(pem("rsa.crt", "rsa-traditional.key", Some(&right()))), @r"
    failed to decrypt the client certificate: the key is encrypted in OpenSSL's old form (`Proc-Type: 4,ENCRYPTED`)
      hint: OpenSSL may read it and write it anew: `openssl pkcs12 -in FILE -out NEW.pem` for PKCS#12 (with `-legacy` for old files), `openssl pkcs8 -topk8 -in KEYFILE -out NEW.key` for a key
    ");
}

#[cfg(not(feature = "pkcs12"))]
#[test]
fn a_build_without_the_feature_says_so() {
    insta::assert_snapshot!(shown(p12("new.p12", None)), @"failed to read the client certificate: it is PKCS#12, and this build is without the feature `pkcs12`");
    insta::assert_snapshot!(shown(pem("ec.crt", "ec-aes.key", Some(&right()))), @"failed to read the client certificate: it is an encrypted key, and this build is without the feature `pkcs12`");
}

#[cfg(feature = "pkcs12")]
mod encrypted {
    use super::*;

    #[test]
    fn encrypted_keys_are_read_with_their_password_alone() {
        for key in ["ec-aes.key", "ec-3des.key"] {
            assert!(is_ec(&pem("ec.crt", key, Some(&right())).unwrap()), "{key}");
            let error = pem("ec.crt", key, None).unwrap_err();
            assert!(matches!(error, ClientCertificateError::PasswordNeeded), "{key}: {error}");
            let error = pem("ec.crt", key, Some(&wrong())).unwrap_err();
            assert!(matches!(error, ClientCertificateError::WrongPassword), "{key}: {error}");
        }
        let error = pem("ec.crt", "ec-pbes1.key", Some(&right())).unwrap_err();
        assert!(matches!(error, ClientCertificateError::UnsupportedEncryption(_)), "{error}");
    }

    #[test]
    fn old_and_new_files_are_read_with_their_password_alone() {
        for name in ["new.p12", "3des.p12", "rc2.p12"] {
            let read = p12(name, Some(&right())).unwrap();
            assert!(is_ec(&read), "{name}");
            assert_eq!(read.certified.cert.len(), 2, "{name}");
            let error = p12(name, None).unwrap_err();
            assert!(matches!(error, ClientCertificateError::PasswordNeeded), "{name}: {error}");
            let error = p12(name, Some(&wrong())).unwrap_err();
            assert!(matches!(error, ClientCertificateError::WrongPassword), "{name}: {error}");
        }
        insta::assert_snapshot!(shown(p12("new.p12", Some(&wrong()))), @r"
        failed to read the client certificate: the password is wrong
          hint: it is the password of the file, as chosen at its export, not that of the user
        ");
    }

    #[test]
    fn files_without_a_password_need_none() {
        for name in ["empty-password.p12", "plain.p12"] {
            assert!(is_ec(&p12(name, None).unwrap()), "{name}");
        }
    }

    #[test]
    fn without_a_checksum_a_wrong_password_is_a_possible_cause() {
        assert!(is_ec(&p12("unchecked.p12", Some(&right())).unwrap()));
        let error = p12("unchecked.p12", Some(&wrong())).unwrap_err();
        assert!(matches!(error, ClientCertificateError::UnsupportedEncryption(_)), "{error}");
    }

    #[test]
    fn what_is_missing_in_it_is_named() {
        let error = p12("no-key.p12", Some(&right())).unwrap_err();
        assert!(matches!(error, ClientCertificateError::NoKey), "{error}");
        let error = p12("no-certificate.p12", Some(&right())).unwrap_err();
        assert!(matches!(error, ClientCertificateError::NoCertificate), "{error}");
    }

    #[test]
    fn a_cipher_that_is_not_read_is_told_with_the_command_that_helps() {
        let shown = shown(p12("rc4.p12", Some(&right())));
        assert!(
            shown.contains("its algorithms are not known here") && shown.contains("`-legacy`"),
            "{shown}"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Damage behind the header goes through every reader: without a checksum nothing stops it early.
        #[test]
        fn damaged_files_do_not_panic(at in 0_usize..1700, byte in any::<u8>(), length in 0_usize..2000) {
            for name in ["plain.p12", "unchecked.p12", "3des.p12"] {
                let mut bytes = file(name);
                if let Some(damaged) = bytes.get_mut(at) {
                    *damaged = byte;
                }
                bytes.truncate(length.max(at));
                let _ = ClientCertificate::from_pkcs12(&bytes, Some(&right()));
            }
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), der in any::<bool>()) {
        let bytes = if der { [&[DER_SEQUENCE][..], &bytes].concat() } else { bytes };
        let _ = ClientCertificate::read(&bytes, None, Some(&right()));
    }

    #[test]
    fn no_content_of_a_section_panics(
        label in prop::sample::select(vec!["CERTIFICATE", "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"]),
        content in proptest::collection::vec(any::<u8>(), 0..120),
    ) {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let section = format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(content));
        for beside in [&[][..], &file("ec.crt"), &file("ec.key")] {
            let text = [section.as_bytes(), beside].concat();
            let _ = ClientCertificate::read(&text, None, Some(&right()));
        }
    }

    #[test]
    fn damaged_pem_does_not_panic(at in 0_usize..2135, byte in any::<u8>()) {
        let mut text = file("chain.pem");
        text[at] = byte;
        let _ = ClientCertificate::read(&text, None, None);
    }
}
