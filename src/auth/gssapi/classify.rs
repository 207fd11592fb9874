//! From status codes to what they mean. By number where the library gives Kerberos' own; by text
//! where it does not: behind SPNEGO, MIT renumbers them. The texts are English, since this process
//! never sets a locale.

use super::{
    error::{KerberosErrorKind as Kind, Means, Subject},
    outcome::Status,
};

/// `ERROR_TABLE_BASE_krb5`, of MIT and Heimdal alike.
const KRB5: i32 = -1_765_328_384;

/// What a failure means.
pub(super) fn classify(status: &Status, subject: &Subject) -> Kind {
    let offset = status.minor.cast_signed().wrapping_sub(KRB5);
    let kind = by_number(offset, subject)
        .or_else(|| by_text(&status.minor_text.to_ascii_lowercase(), subject))
        .or_else(|| by_major(status.major));
    match kind.unwrap_or(Kind::Other) {
        // The library looked into the keytab and found nothing to begin with.
        Kind::NoCredentials if matches!(subject.means, Means::Keytab(_)) => Kind::Keytab,
        kind => kind,
    }
}

/// Offsets below 128 are the protocol's codes (RFC 4120 7.5.9), above the library's own (krb5.h).
fn by_number(offset: i32, subject: &Subject) -> Option<Kind> {
    Some(match offset {
        1 | 12 | 18 | 23 => Kind::AccountRefused,
        6 => Kind::ClientUnknown,
        7 => Kind::SpnUnknown,
        14 => Kind::Encryption,
        24 | 210 => Kind::WrongPassword,
        // A text did not decrypt: the KDC's answer with the user's key, or the ticket with the host's.
        31 => integrity(subject),
        32 => Kind::Expired,
        33 | 37 | 148 => Kind::ClockSkew,
        35 | 41 | 44 | 45 => Kind::WrongKey,
        68 | 154 | 224 => Kind::RealmUnknown,
        141 | 142 | 185 | 194 | 195 | 199 => Kind::NoCredentials,
        156 | 220 => Kind::KdcUnreachable,
        179..=184 | 230 => Kind::Keytab,
        _ => return None,
    })
}

fn by_text(text: &str, subject: &Subject) -> Option<Kind> {
    let known = [
        ("clock skew", Kind::ClockSkew),
        ("cannot contact any kdc", Kind::KdcUnreachable),
        ("unable to reach any kdc", Kind::KdcUnreachable),
        ("cannot resolve", Kind::KdcUnreachable),
        ("cannot find kdc", Kind::RealmUnknown),
        ("unable to find realm", Kind::RealmUnknown),
        ("preauthentication failed", Kind::WrongPassword),
        ("password incorrect", Kind::WrongPassword),
        ("decrypt integrity check failed", integrity(subject)),
        ("wrong principal in request", Kind::WrongKey),
        ("ticket isn't for us", Kind::WrongKey),
        ("message stream modified", Kind::WrongKey),
        ("have been revoked", Kind::AccountRefused),
        ("password has expired", Kind::AccountRefused),
        ("expired", Kind::Expired),
        ("no support for encryption type", Kind::Encryption),
        ("no key table entry", Kind::Keytab),
        ("keytab", Kind::Keytab),
        ("no kerberos credentials", Kind::NoCredentials),
        ("no credentials cache", Kind::NoCredentials),
        ("credentials cache", Kind::NoCredentials),
        // Of MIT's SPNEGO, where another plug-in than Kerberos' has credentials, which it may not use.
        ("cannot find mechanisms to negotiate", Kind::NoCredentials),
        ("channel binding", Kind::Binding),
    ];
    if text.contains("not found in kerberos database") || text.ends_with(") unknown") {
        return Some(if text.contains("server") { Kind::SpnUnknown } else { Kind::ClientUnknown });
    }
    known.into_iter().find(|(part, _)| text.contains(part)).map(|(_, kind)| kind)
}

/// RFC 2744 3.9.1: routine errors in the upper half.
fn by_major(major: u32) -> Option<Kind> {
    Some(match (major >> 16) & 0xFF {
        1 | 16 => Kind::Unsupported,
        2 | 3 => Kind::Target,
        4 => Kind::Binding,
        6 | 8 | 9 => Kind::Token,
        7 | 10 => Kind::NoCredentials,
        11 | 12 => Kind::Expired,
        _ => return None,
    })
}

fn integrity(subject: &Subject) -> Kind {
    if subject.answered || subject.means == Means::Cache { Kind::WrongKey } else { Kind::WrongPassword }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(major: u32, offset: i32, text: &str) -> Status {
        let minor = KRB5.wrapping_add(offset).cast_unsigned();
        Status { major: major << 16, minor, major_text: String::new(), minor_text: text.to_owned() }
    }

    fn of(major: u32, offset: i32, text: &str) -> Kind {
        classify(&status(major, offset, text), &Subject::default())
    }

    #[test]
    fn kerberos_own_codes_decide_whatever_the_text() {
        for (offset, kind) in [
            (6, Kind::ClientUnknown),
            (7, Kind::SpnUnknown),
            (18, Kind::AccountRefused),
            (24, Kind::WrongPassword),
            (32, Kind::Expired),
            (37, Kind::ClockSkew),
            (41, Kind::WrongKey),
            (154, Kind::RealmUnknown),
            (156, Kind::KdcUnreachable),
            (181, Kind::Keytab),
            (195, Kind::NoCredentials),
        ] {
            assert_eq!(of(13, offset, "etwas"), kind, "{offset}");
        }
    }

    #[test]
    fn renumbered_codes_are_read_by_their_text() {
        for (text, kind) in [
            ("Server HTTP/x@A not found in Kerberos database", Kind::SpnUnknown),
            ("Server (HTTP/x@A) unknown", Kind::SpnUnknown),
            ("Client 'bob@A' not found in Kerberos database", Kind::ClientUnknown),
            ("Client (bob@A) unknown", Kind::ClientUnknown),
            ("Clock skew too great", Kind::ClockSkew),
            ("Cannot contact any KDC for realm 'A'", Kind::KdcUnreachable),
            ("unable to reach any KDC in realm A", Kind::KdcUnreachable),
            ("Cannot find KDC for realm \"A\"", Kind::RealmUnknown),
            ("Preauthentication failed", Kind::WrongPassword),
            ("Ticket expired", Kind::Expired),
            ("No Kerberos credentials available (default cache: FILE:/tmp/none)", Kind::NoCredentials),
            ("No key table entry found for a@A", Kind::Keytab),
            ("SPNEGO cannot find mechanisms to negotiate", Kind::NoCredentials),
        ] {
            assert_eq!(of(13, 100_000_000, text), kind, "{text}");
        }
    }

    #[test]
    fn the_major_status_is_the_last_resort() {
        assert_eq!(of(4, 100_000_000, ""), Kind::Binding);
        assert_eq!(of(6, 100_000_000, ""), Kind::Token);
        assert_eq!(of(7, 100_000_000, ""), Kind::NoCredentials);
        assert_eq!(of(11, 100_000_000, ""), Kind::Expired);
        assert_eq!(of(13, 100_000_000, ""), Kind::Other);
    }

    #[test]
    fn who_could_not_decrypt_depends_on_who_was_asked() {
        let password = Subject { means: Means::Password, ..Subject::default() };
        let answered = Subject { answered: true, ..password.clone() };
        assert_eq!(classify(&status(13, 31, ""), &password), Kind::WrongPassword);
        assert_eq!(classify(&status(13, 31, ""), &answered), Kind::WrongKey);
        let keytab = Subject { means: Means::Keytab("k".to_owned()), ..Subject::default() };
        assert_eq!(classify(&status(7, 195, ""), &keytab), Kind::Keytab);
    }
}
