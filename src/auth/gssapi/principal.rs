//! Who logs in where, in Kerberos' names.

use super::error::{KerberosError, KerberosErrorKind};
use crate::auth::UserName;
use std::{fmt, net::IpAddr};

/// Why Kerberos is skipped for a user name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoPrincipal {
    /// `.\user`: an account of the host itself.
    Local,
    /// `CORP\user` without a realm.
    NetbiosDomain(String),
    /// `user` without a realm.
    NoRealm,
    /// `user@REALM` and another `--realm`.
    TwoRealms(String, String),
    /// What was given as realm is none.
    BadRealm(String),
}

/// The principal for a user: `user@REALM`, or `DOMAIN\user` and `user` with a realm.
///
/// Nothing is guessed. The default realm of krb5.conf is not taken: a bare name is, more often than
/// not, an account of the host, and its password would be tried on a namesake in the domain.
///
/// # Errors
/// Why there is none, for people to read.
pub(crate) fn principal(user: &UserName, realm: Option<&str>) -> Result<String, NoPrincipal> {
    if let Some(realm) = realm
        && !is_realm(realm)
    {
        return Err(NoPrincipal::BadRealm(realm.to_owned()));
    }
    match (user.domain(), user.name().split_once('@'), realm) {
        (".", ..) => Err(NoPrincipal::Local),
        ("", Some((name, own)), None) => Ok(join(name, &upper(own))),
        ("", Some((name, own)), Some(realm)) if own.eq_ignore_ascii_case(realm) => Ok(join(name, realm)),
        ("", Some((_, own)), Some(realm)) => Err(NoPrincipal::TwoRealms(own.to_owned(), realm.to_owned())),
        (_, _, Some(realm)) => Ok(join(user.name(), realm)),
        ("", None, None) => Err(NoPrincipal::NoRealm),
        (domain, _, None) => Err(NoPrincipal::NetbiosDomain(domain.to_owned())),
    }
}

/// With what has a meaning in principals escaped; the user name itself has neither `/` nor `\`.
fn join(name: &str, realm: &str) -> String {
    format!("{}@{realm}", name.replace('@', "\\@"))
}

/// Realms of Windows are written in upper case. One with upper case in it was written on purpose.
fn upper(realm: &str) -> String {
    if realm.contains(char::is_uppercase) { realm.to_owned() } else { realm.to_uppercase() }
}

fn is_realm(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_control() || c.is_whitespace() || r"@/\:".contains(c))
}

impl fmt::Display for NoPrincipal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("accounts of the host itself are unknown to Kerberos"),
            Self::NetbiosDomain(domain) => write!(
                f,
                "the domain name `{domain}` does not tell the realm; write `user@REALM`, or give `--realm`"
            ),
            Self::NoRealm => f.write_str("the user name has no realm; write `user@REALM`, or give `--realm`"),
            Self::TwoRealms(own, realm) => {
                write!(f, "the user name has the realm `{own}`, but `--realm` says `{realm}`")
            }
            Self::BadRealm(realm) => write!(f, "`{}` is not a realm", realm.escape_debug()),
        }
    }
}

/// The service to log in to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    service: String,
    host: String,
}

impl Target {
    /// `HTTP` and the host's name. Kerberos has no tickets for addresses.
    ///
    /// # Errors
    /// [`KerberosErrorKind::Target`].
    pub(crate) fn new(service: &str, host: &str) -> Result<Self, KerberosError> {
        let host = host.strip_suffix('.').unwrap_or(host);
        let refused = |reason: &str| {
            let action = format!("name the service `{}/{}`", service.escape_debug(), host.escape_debug());
            KerberosError::new(KerberosErrorKind::Target, action, reason)
        };
        if host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok() {
            return Err(refused("Kerberos has no tickets for addresses")
                .with_hint("use the host's DNS name, or give it by `--spn-host NAME`"));
        }
        let is_part = |text: &str| {
            !text.is_empty()
                && !text.contains(|c: char| c.is_control() || c.is_whitespace() || r"@/\:".contains(c))
        };
        if !is_part(service) || !is_part(host) {
            return Err(refused("expected a service class like `HTTP`, and a host name"));
        }
        Ok(Self { service: service.to_owned(), host: host.to_owned() })
    }

    /// As GSSAPI takes it (RFC 2743 4.1).
    pub(super) fn host_based(&self) -> String {
        format!("{}@{}", self.service, self.host)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service, self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(user: &str, realm: Option<&str>) -> Result<String, String> {
        principal(&user.parse().unwrap(), realm).map_err(|reason| reason.to_string())
    }

    #[test]
    fn a_user_with_a_realm_has_a_principal() {
        assert_eq!(of("alice@CORP.EXAMPLE", None).unwrap(), "alice@CORP.EXAMPLE");
        assert_eq!(of("alice@corp.example", None).unwrap(), "alice@CORP.EXAMPLE");
        assert_eq!(of("alice@corp.example", Some("corp.example")).unwrap(), "alice@corp.example");
        assert_eq!(of(r"CORP\alice", Some("CORP.EXAMPLE")).unwrap(), "alice@CORP.EXAMPLE");
        assert_eq!(of("alice", Some("CORP.EXAMPLE")).unwrap(), "alice@CORP.EXAMPLE");
        assert_eq!(of(r"CORP\a@b", Some("CORP.EXAMPLE")).unwrap(), r"a\@b@CORP.EXAMPLE");
    }

    #[test]
    fn kerberos_is_skipped_where_the_realm_would_be_a_guess() {
        insta::assert_snapshot!(of(r"CORP\alice", None).unwrap_err(), @"the domain name `CORP` does not tell the realm; write `user@REALM`, or give `--realm`");
        insta::assert_snapshot!(of("alice", None).unwrap_err(), @"the user name has no realm; write `user@REALM`, or give `--realm`");
        insta::assert_snapshot!(of(r".\alice", Some("CORP.EXAMPLE")).unwrap_err(), @"accounts of the host itself are unknown to Kerberos");
        insta::assert_snapshot!(of("alice@a.example", Some("B.EXAMPLE")).unwrap_err(), @"the user name has the realm `a.example`, but `--realm` says `B.EXAMPLE`");
        insta::assert_snapshot!(of("alice", Some("A@B")).unwrap_err(), @"`A@B` is not a realm");
        assert!(of("alice", Some("")).is_err());
    }

    #[test]
    fn services_are_named_by_host() {
        let target = Target::new("HTTP", "hv01.corp.example.").unwrap();
        assert_eq!(target.to_string(), "HTTP/hv01.corp.example");
        assert_eq!(target.host_based(), "HTTP@hv01.corp.example");
    }

    #[test]
    fn addresses_and_odd_names_have_no_service() {
        for host in ["192.0.2.7", "2001:db8::1", "[2001:db8::1]"] {
            let error = Target::new("HTTP", host).unwrap_err();
            assert_eq!(error.kind(), KerberosErrorKind::Target);
            assert!(error.hint().unwrap().contains("--spn-host"), "{error}");
        }
        for (service, host) in [
            ("", "hv01"),
            ("HTTP", ""),
            ("HTTP", "hv01:5985"),
            ("a/b", "hv01"),
            ("HTTP", "a@b"),
            ("HTTP", "a\0b"),
        ] {
            assert_eq!(
                Target::new(service, host).unwrap_err().kind(),
                KerberosErrorKind::Target,
                "{service} {host:?}"
            );
        }
    }
}
