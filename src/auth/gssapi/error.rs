//! What failed in Kerberos, told so that a person, and the doctor, can act on it.

use super::{
    classify::classify,
    outcome::{Failure, Status},
};
use std::fmt;

/// Why a login by Kerberos failed, as far as it tells what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KerberosErrorKind {
    /// No GSSAPI library on this system.
    NoLibrary,
    /// The library, or this system, lacks what is asked for.
    Unsupported,
    /// The target cannot be named in Kerberos.
    Target,
    /// No ticket.
    NoCredentials,
    /// The ticket is too old.
    Expired,
    /// The keytab cannot be read, or has no fitting key.
    Keytab,
    /// The domain does not know the user.
    ClientUnknown,
    /// The KDC refuses the password or the key.
    WrongPassword,
    /// The account is disabled, locked, expired, or not allowed.
    AccountRefused,
    /// The domain does not know the service.
    SpnUnknown,
    /// The host cannot read the ticket: the service belongs to another account.
    WrongKey,
    /// Clocks differ too much.
    ClockSkew,
    /// No KDC answers.
    KdcUnreachable,
    /// Nothing is known of the realm.
    RealmUnknown,
    /// No cipher that both sides take.
    Encryption,
    /// The host sees another certificate than this side.
    Binding,
    /// A token or a sealed message of the host is broken, replayed or forged.
    Token,
    /// The host gives less than was asked for.
    Downgrade,
    /// Anything else.
    Other,
}

impl KerberosErrorKind {
    /// Whether nobody has judged a password, a key or a ticket where a login ends so before the host is asked: what
    /// negotiates goes on to NTLM then.
    #[must_use]
    pub fn leaves_ntlm(self) -> bool {
        matches!(
            self,
            Self::NoLibrary
                | Self::Unsupported
                | Self::Target
                | Self::NoCredentials
                | Self::Expired
                | Self::ClientUnknown
                | Self::SpnUnknown
                | Self::ClockSkew
                | Self::KdcUnreachable
                | Self::RealmUnknown
                | Self::Encryption
        )
    }
}

/// A login by Kerberos, or a message sealed with it, that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KerberosError {
    kind: KerberosErrorKind,
    action: String,
    reason: String,
    hint: Option<String>,
}

impl KerberosError {
    /// `failed to {action}: {reason}`.
    pub(super) fn new(kind: KerberosErrorKind, action: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { kind, action: action.into(), reason: reason.into(), hint: None }
    }

    pub(super) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// What a library said, of a call made for `subject`.
    pub(super) fn of(failure: Failure, action: impl Into<String>, subject: &Subject) -> Self {
        match failure {
            Failure::Missing(function) => {
                let reason = format!("the GSSAPI library has no `{function}`");
                Self::new(KerberosErrorKind::Unsupported, action, reason).with_hint(lacking(function))
            }
            Failure::Status(status) => {
                Self::about(classify(&status, subject), action, reason(&status), subject)
            }
        }
    }

    /// With the hint that is usual for its kind.
    pub(super) fn about(
        kind: KerberosErrorKind,
        action: impl Into<String>,
        reason: impl Into<String>,
        subject: &Subject,
    ) -> Self {
        Self { hint: subject.hint(kind), ..Self::new(kind, action, reason) }
    }

    /// What a library said of a sealed message: with the login standing, it is the message.
    pub(super) fn of_message(failure: Failure, action: impl Into<String>, subject: &Subject) -> Self {
        let error = Self::of(failure, action, subject);
        match error.kind {
            KerberosErrorKind::Expired | KerberosErrorKind::Unsupported => error,
            _ => Self { kind: KerberosErrorKind::Token, hint: None, ..error },
        }
    }

    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> KerberosErrorKind {
        self.kind
    }

    /// What to do about it, often a command.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for KerberosError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to {}: {}", self.action, self.reason)
    }
}

impl std::error::Error for KerberosError {}

/// What a call was about, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) means: Means,
    /// `user@REALM`.
    pub(super) principal: Option<String>,
    /// `HTTP/host`.
    pub(super) service: Option<String>,
    /// Whether it was about a token of the host.
    pub(super) answered: bool,
}

/// How the user proves who he is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Means {
    #[default]
    Cache,
    /// Its file.
    Keytab(String),
    Password,
}

impl Subject {
    fn hint(&self, kind: KerberosErrorKind) -> Option<String> {
        use KerberosErrorKind as Kind;
        let principal = self.principal.as_deref().unwrap_or("USER@REALM");
        let realm = principal.rsplit_once('@').map_or("REALM", |(_, realm)| realm);
        let service = self.service.as_deref().unwrap_or("HTTP/HOST");
        let host = service.split_once('/').map_or("HOST", |(_, host)| host);
        // Before a service is asked for, all is about the user and his domain.
        let is_users = self.service.is_none();
        Some(match kind {
            Kind::NoCredentials => format!(
                "`kinit {principal}` gets a ticket; a job that nobody attends uses `--keytab FILE --principal {principal}`"
            ),
            Kind::Expired => format!("`kinit {principal}` gets a new ticket; `klist` shows the old one"),
            Kind::Keytab => {
                let file = if let Means::Keytab(file) = &self.means { file } else { "FILE" };
                format!("`klist -kte {file}` lists the keys in it; expected one of `{principal}`, of the newest version")
            }
            Kind::ClientUnknown => format!(
                "check the name `{principal}`: the realm is the domain's DNS name in upper case, the user that of the \
                 account (`sAMAccountName`), which may differ from the mail address"
            ),
            Kind::WrongPassword => match &self.means {
                Means::Keytab(file) => format!(
                    "the password of `{principal}` was changed since the keytab was made: make it again; `kinit -k -t {file} {principal}` tries it"
                ),
                _ => format!(
                    "not tried again, which could lock the account; `kinit {principal}` tries the password by hand"
                ),
            },
            Kind::AccountRefused => format!(
                "`{principal}` is disabled, locked or expired, or its password is: `net user /domain USER` on a machine of the domain tells"
            ),
            Kind::SpnUnknown => format!(
                "use the host's full DNS name; `setspn -Q {service}` on a machine of the domain tells whether it is registered, \
                 `setspn -Q WSMAN/{host}` whether `--spn-service WSMAN` would do; `--spn-host` names the host differently"
            ),
            Kind::WrongKey => format!(
                "`{service}` belongs to another account than the one WinRM runs as, or to two: `setspn -Q {service}` and `setspn -X` \
                 on a machine of the domain tell; `--spn-service WSMAN` may be free of it; on Linux, `kdestroy` and `kinit` drop stale tickets"
            ),
            Kind::ClockSkew if is_users => "more than five minutes apart: `timedatectl` here and `w32tm /query /status` on a \
                domain controller tell which clock is wrong"
                .to_owned(),
            Kind::ClockSkew => format!(
                "more than five minutes apart: `timedatectl` here and `w32tm /query /status` on `{host}` tell which clock is wrong"
            ),
            Kind::KdcUnreachable => format!(
                "expected a domain controller on port 88: `host -t SRV _kerberos._tcp.{}` lists them; check VPN, firewall, and `kdc =` in /etc/krb5.conf",
                realm.to_lowercase()
            ),
            Kind::RealmUnknown => {
                let mapped = if is_users { String::new() } else { format!(", and `{host}` under `[domain_realm]`") };
                format!(
                    "the realm is the domain's DNS name in upper case; `host -t SRV _kerberos._tcp.{}` must list its domain controllers, \
                     or /etc/krb5.conf name them under `[realms]`{mapped}",
                    realm.to_lowercase()
                )
            }
            Kind::Encryption if is_users => format!(
                "the account `{principal}` may allow RC4 alone (`msDS-SupportedEncryptionTypes`): allow AES, then change its password"
            ),
            Kind::Encryption => format!(
                "the account of `{service}` may allow RC4 alone (`msDS-SupportedEncryptionTypes`): allow AES, then change its password"
            ),
            Kind::Binding => {
                "something between here and the host ends TLS, or its certificate was changed; reach the host directly".to_owned()
            }
            Kind::Token => {
                "the host's token was changed, repeated or cut, or is none: something between here and the host may answer in \
                 its place; reach the host directly".to_owned()
            }
            Kind::Other if self.answered => format!(
                "the host does not tell more: its System log may (`Get-WinEvent -LogName System` on `{host}`); over https, \
                 something between here and the host may end TLS and show another certificate"
            ),
            _ => return None,
        })
    }
}

/// For libraries that are too small.
fn lacking(function: &str) -> &'static str {
    match function {
        "gss_acquire_cred_from" => {
            "use MIT's library, or get a ticket by `kinit -k -t FILE PRINCIPAL` and do without `--keytab`"
        }
        "gss_acquire_cred_with_password" => "get a ticket by `kinit USER@REALM` and do without a password",
        _ => {
            "messages over http cannot be sealed with it: use https, or MIT's library (on macOS `brew install krb5`)"
        }
    }
}

fn reason(status: &Status) -> String {
    let Status { major, minor, major_text, minor_text } = status;
    // For some codes libraries have but these words.
    let says_nothing = minor_text.is_empty() || *minor == 0 || minor_text.eq_ignore_ascii_case("success");
    let text = if says_nothing { major_text } else { minor_text };
    if text.is_empty() { format!("GSSAPI status {major:#x}, {minor:#x}") } else { text.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> Subject {
        let known = |text: &str| Some(text.to_owned());
        Subject { principal: known("alice@CORP.EXAMPLE"), service: known("HTTP/hv01"), ..Subject::default() }
    }

    fn status(minor: i32, minor_text: &str) -> Failure {
        Failure::Status(Status {
            major: 0x000d_0000,
            minor: minor.cast_unsigned(),
            major_text: "Unspecified GSS failure.  Minor code may provide more information".to_owned(),
            minor_text: minor_text.to_owned(),
        })
    }

    #[test]
    fn the_reason_is_the_librarys_and_the_hint_names_the_command() {
        let failure = status(-1_765_328_377, "Server HTTP/hv01@CORP.EXAMPLE not found in Kerberos database");
        let error = KerberosError::of(failure, "get a ticket for `HTTP/hv01`", &subject());
        assert_eq!(error.kind(), KerberosErrorKind::SpnUnknown);
        insta::assert_snapshot!(error, @"failed to get a ticket for `HTTP/hv01`: Server HTTP/hv01@CORP.EXAMPLE not found in Kerberos database");
        insta::assert_snapshot!(error.hint().unwrap(), @"use the host's full DNS name; `setspn -Q HTTP/hv01` on a machine of the domain tells whether it is registered, `setspn -Q WSMAN/hv01` whether `--spn-service WSMAN` would do; `--spn-host` names the host differently");
    }

    #[test]
    fn without_a_detail_the_major_status_is_told() {
        let error = KerberosError::of(status(0, "Success"), "log in", &subject());
        assert_eq!(error.kind(), KerberosErrorKind::Other);
        insta::assert_snapshot!(error, @"failed to log in: Unspecified GSS failure.  Minor code may provide more information");
    }

    #[test]
    fn a_missing_function_is_named_with_a_way_around() {
        let error = KerberosError::of(Failure::Missing("gss_acquire_cred_from"), "read a keytab", &subject());
        assert_eq!(error.kind(), KerberosErrorKind::Unsupported);
        insta::assert_snapshot!(error, @"failed to read a keytab: the GSSAPI library has no `gss_acquire_cred_from`");
        assert!(error.hint().unwrap().contains("kinit -k -t"));
    }

    #[test]
    fn hints_name_the_users_own_principal_and_realm() {
        for (kind, part) in [
            (KerberosErrorKind::NoCredentials, "`kinit alice@CORP.EXAMPLE`"),
            (KerberosErrorKind::Expired, "`kinit alice@CORP.EXAMPLE`"),
            (KerberosErrorKind::KdcUnreachable, "`host -t SRV _kerberos._tcp.corp.example`"),
            (KerberosErrorKind::RealmUnknown, "`host -t SRV _kerberos._tcp.corp.example`"),
            (KerberosErrorKind::WrongKey, "`setspn -Q HTTP/hv01`"),
            (KerberosErrorKind::ClockSkew, "on `hv01`"),
        ] {
            let hint = subject().hint(kind).unwrap();
            assert!(hint.contains(part), "{kind:?}: {hint}");
        }
        assert_eq!(subject().hint(KerberosErrorKind::Other), None);
    }

    #[test]
    fn hints_name_no_host_before_one_is_asked_for() {
        let users = Subject { service: None, ..subject() };
        for kind in
            [KerberosErrorKind::RealmUnknown, KerberosErrorKind::ClockSkew, KerberosErrorKind::Encryption]
        {
            let hint = users.hint(kind).unwrap();
            assert!(!hint.contains("HOST"), "{kind:?}: {hint}");
        }
        insta::assert_snapshot!(users.hint(KerberosErrorKind::RealmUnknown).unwrap(), @"the realm is the domain's DNS name in upper case; `host -t SRV _kerberos._tcp.corp.example` must list its domain controllers, or /etc/krb5.conf name them under `[realms]`");
        let both = subject().hint(KerberosErrorKind::RealmUnknown).unwrap();
        assert!(both.ends_with("under `[realms]`, and `hv01` under `[domain_realm]`"), "{both}");
    }
}
