//! The object identifiers that are used, as DER content octets.

/// An object identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Oid(&'static [u8]);

impl Oid {
    pub(super) const fn bytes(self) -> &'static [u8] {
        self.0
    }

    pub(super) fn length(self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or_default()
    }
}

/// Kerberos 5 (RFC 4121): 1.2.840.113554.1.2.2.
pub(super) const KERBEROS: Oid = Oid(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02");
/// SPNEGO (RFC 4178): 1.3.6.1.5.5.2.
pub(super) const SPNEGO: Oid = Oid(b"\x2b\x06\x01\x05\x05\x02");
/// A user as people write it (RFC 2744 4.3): 1.2.840.113554.1.2.1.1.
pub(super) const USER_NAME: Oid = Oid(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x01");
/// `service@host` (RFC 2743 4.1): 1.2.840.113554.1.2.1.4.
pub(super) const HOST_BASED_SERVICE: Oid = Oid(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x04");

/// Under which Kerberos 5 is known: RFC 4121's, Windows 2000's slip of a bit, which newer ones still
/// name ([MS-SPNG] 3.1.5.2: 1.2.840.48018.1.2.2), and that of the drafts (1.3.5.1.5.2).
const KERBEROS_NAMES: [&[u8]; 3] =
    [KERBEROS.bytes(), b"\x2a\x86\x48\x82\xf7\x12\x01\x02\x02", b"\x2b\x05\x01\x05\x02"];

/// Whether a mechanism is Kerberos 5 under any of its names.
pub(super) fn is_kerberos(mechanism: &[u8]) -> bool {
    KERBEROS_NAMES.contains(&mechanism)
}

/// `1.2.840.113554.1.2.2`, for people.
pub(super) fn dotted(content: &[u8]) -> String {
    let mut arcs: Vec<u64> = Vec::new();
    let mut arc = 0_u64;
    for byte in content {
        arc = (arc << 7) | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            if arcs.is_empty() {
                let first = (arc / 40).min(2);
                arcs.push(first);
                arc -= first * 40;
            }
            arcs.push(arc);
            arc = 0;
        }
    }
    let arcs: Vec<_> = arcs.iter().map(u64::to_string).collect();
    arcs.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_those_of_the_documents() {
        for (oid, text) in [
            (KERBEROS, "1.2.840.113554.1.2.2"),
            (SPNEGO, "1.3.6.1.5.5.2"),
            (USER_NAME, "1.2.840.113554.1.2.1.1"),
            (HOST_BASED_SERVICE, "1.2.840.113554.1.2.1.4"),
        ] {
            assert_eq!(dotted(oid.bytes()), text);
            assert_eq!(usize::try_from(oid.length()).unwrap(), oid.bytes().len());
        }
        let names = KERBEROS_NAMES.map(dotted);
        assert_eq!(names, ["1.2.840.113554.1.2.2", "1.2.840.48018.1.2.2", "1.3.5.1.5.2"]);
    }

    #[test]
    fn only_kerberos_is_kerberos() {
        assert!(KERBEROS_NAMES.into_iter().all(is_kerberos));
        // NTLM, SPNEGO itself, and nothing.
        let ntlm = b"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";
        assert_eq!(dotted(ntlm), "1.3.6.1.4.1.311.2.2.10");
        assert!(![ntlm, SPNEGO.bytes(), b""].into_iter().any(is_kerberos));
    }
}
