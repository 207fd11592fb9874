//! Whom a certificate names, for whoever has to keep that out of something.

use super::ClientCertificate;
use x509_parser::{
    certificate::X509Certificate, der_parser::parse_der, extensions::GeneralName, parse_x509_certificate,
};

impl ClientCertificate {
    /// The names of its owner: common names, mail addresses, user principal names.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        owners(self.certificate())
    }
}

/// The names in a certificate; none where it cannot be read.
pub(in crate::transport::http) fn owners(certificate: &[u8]) -> Vec<String> {
    let Ok((_, certificate)) = parse_x509_certificate(certificate) else { return Vec::new() };
    let subject = certificate.subject();
    let in_subject = subject.iter_common_name().chain(subject.iter_email());
    let mut names: Vec<_> = in_subject
        .filter_map(|name| name.as_str().ok())
        .map(str::to_owned)
        .chain(alternative(&certificate))
        .collect();
    names.retain(|name| !name.is_empty());
    names.sort();
    names.dedup();
    names
}

fn alternative(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return Vec::new() };
    let of_people = names.value.general_names.iter().filter_map(|name| match name {
        GeneralName::RFC822Name(name) => Some((*name).to_owned()),
        GeneralName::OtherName(kind, value) if kind.to_id_string() == USER_PRINCIPAL_NAME => text(value),
        _ => None,
    });
    of_people.collect()
}

/// What Windows finds the user by.
const USER_PRINCIPAL_NAME: &str = "1.3.6.1.4.1.311.20.2.3";

/// `[0] EXPLICIT UTF8String`.
fn text(value: &[u8]) -> Option<String> {
    let (_, outer) = parse_der(value).ok()?;
    let (_, inner) = parse_der(outer.as_slice().ok()?).ok()?;
    inner.as_str().ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_owner_is_found() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/client");
        let pem = std::fs::read(folder.join("chain.pem")).unwrap();
        let names = ClientCertificate::from_pem(&pem, None, None).unwrap().names();
        assert_eq!(names, ["Jane Roe", "backup@example.test", "jane@example.test", "roe@example.test"]);
    }
}
