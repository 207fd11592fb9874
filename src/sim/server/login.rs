//! Who is on a connection: NTLM authenticates it, Basic each request.

use super::Access;
use crate::auth::{
    AuthError, Secret, UserName,
    acceptor::NtlmAcceptor,
    basic,
    sealing::{Protocol, Sealer},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use subtle::ConstantTimeEq as _;

/// The security profile for certificates on both sides.
const MUTUAL: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual";

/// The login of one connection.
#[derive(Debug)]
pub(super) struct Login {
    ntlm: NtlmAcceptor,
    /// Set once NTLM has succeeded.
    user: Option<String>,
    /// Set when that login agreed on sealing.
    pub(super) sealer: Option<Sealer>,
    /// Whether the client has shown a certificate in the TLS handshake.
    pub(super) has_certificate: bool,
}

/// What is to be done with a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is this user's.
    User(String),
    /// 401 with this value of `WWW-Authenticate`.
    Challenge(String),
    /// 401 with what is on offer.
    Refused,
}

impl Login {
    /// `certificate`: of the server, over TLS.
    pub(super) fn new(access: &Access, certificate: Option<Vec<u8>>) -> Self {
        Self {
            ntlm: NtlmAcceptor::new(certificate, access.channel_binding),
            user: None,
            sealer: None,
            has_certificate: false,
        }
    }

    /// Looks at the `Authorization` header of a request.
    pub(super) fn judge(&mut self, authorization: Option<&str>, access: &Access) -> Verdict {
        let Some(authorization) = authorization else {
            return self.user.clone().map_or(Verdict::Refused, Verdict::User);
        };
        // A new login takes the place of the old one.
        self.end();
        // DSP0226, security profile `https/mutual`: the certificate is that of the handshake, and each request says that it counts.
        if authorization == MUTUAL {
            return if self.has_certificate { Verdict::User(access.user.clone()) } else { Verdict::Refused };
        }
        let (scheme, token) = authorization.split_once(' ').unwrap_or((authorization, ""));
        if scheme.eq_ignore_ascii_case("Basic") {
            return access.basic(authorization).map_or(Verdict::Refused, Verdict::User);
        }
        // Raw NTLM is taken under either name, as clients send it under either.
        if !scheme.eq_ignore_ascii_case("Negotiate") && !scheme.eq_ignore_ascii_case("NTLM") {
            return Verdict::Refused;
        }
        let Ok(token) = STANDARD.decode(token.trim()) else { return Verdict::Refused };
        match self.step(&token, access) {
            Ok(Step::Challenge(challenge)) => {
                Verdict::Challenge(format!("{scheme} {}", STANDARD.encode(challenge)))
            }
            Ok(Step::Done(sealer)) => {
                self.sealer = sealer;
                self.user = Some(access.user.clone());
                Verdict::User(access.user.clone())
            }
            Err(error) => {
                tracing::debug!(%error, "login refused");
                Verdict::Refused
            }
        }
    }

    /// Whoever was here is not any more.
    pub(super) fn end(&mut self) {
        self.user = None;
        self.sealer = None;
    }

    fn step(&mut self, token: &[u8], access: &Access) -> Result<Step, AuthError> {
        // MS-NLMP 2.2.1: after the signature comes the type of the message.
        if token.get(8) == Some(&1) {
            return self.ntlm.challenge(token).map(Step::Challenge);
        }
        let password = |domain: &str, name: &str| -> Option<Secret> {
            access.is_user(domain, name).then(|| access.password.clone())
        };
        let accepted = self.ntlm.verify(token, &password)?;
        Ok(Step::Done(accepted.session.map(|session| Sealer::new(Protocol::Spnego, session))))
    }
}

enum Step {
    Challenge(Vec<u8>),
    Done(Option<Sealer>),
}

impl Access {
    fn basic(&self, authorization: &str) -> Option<String> {
        let credentials = basic::accept(authorization).filter(|_| self.basic)?;
        let UserName { domain, name } = &credentials.user;
        let typed = credentials.password.expose().as_bytes();
        let is_right = bool::from(typed.ct_eq(self.password.expose().as_bytes()));
        (self.is_user(domain, name) && is_right).then(|| self.user.clone())
    }

    /// Whether this is the one user: `DOMAIN\name`, `name@domain…`, or `name` alone, as a host
    /// looks a bare name up in its own accounts and in its domain.
    fn is_user(&self, domain: &str, name: &str) -> bool {
        let (own_domain, own_name) = self.user.split_once('\\').unwrap_or(("", &self.user));
        let same = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
        let (name, domain) = match name.split_once('@') {
            // Of a realm such as example.test, the first label is the domain's NetBIOS name.
            Some((name, realm)) if domain.is_empty() => (name, realm.split('.').next().unwrap_or(realm)),
            _ => (name, domain),
        };
        let is_domain = domain.is_empty()
            || same(domain, own_domain)
            || (own_domain.is_empty() && (domain == "." || same(domain, &self.host)));
        is_domain && same(name, own_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::acceptor::BindingPolicy;

    fn access(user: &str, basic: bool) -> Access {
        Access {
            user: user.to_owned(),
            password: Secret::new("pw".to_owned()),
            channel_binding: BindingPolicy::Relaxed,
            basic,
            host: "HV01".to_owned(),
        }
    }

    #[test]
    fn the_user_is_known_by_every_spelling_of_its_name() {
        let domain = access(r"EXAMPLE\operator", true);
        for (of, name) in [
            ("EXAMPLE", "operator"),
            ("example", "OPERATOR"),
            ("", "operator"),
            ("", "operator@example.test"),
        ] {
            assert!(domain.is_user(of, name), "{of} {name}");
        }
        for (of, name) in
            [("OTHER", "operator"), (".", "operator"), ("EXAMPLE", "root"), ("", "operator@other")]
        {
            assert!(!domain.is_user(of, name), "{of} {name}");
        }
        let local = access("admin", true);
        assert!(local.is_user(".", "admin") && local.is_user("hv01", "admin") && local.is_user("", "admin"));
    }

    #[test]
    fn basic_counts_for_one_request_and_only_where_it_is_on() {
        let right = format!("Basic {}", STANDARD.encode(r"EXAMPLE\operator:pw"));
        let wrong = format!("Basic {}", STANDARD.encode(r"EXAMPLE\operator:pW"));
        let on = access(r"EXAMPLE\operator", true);
        let mut login = Login::new(&on, None);
        assert_eq!(login.judge(Some(&right), &on), Verdict::User(r"EXAMPLE\operator".to_owned()));
        assert_eq!(login.judge(None, &on), Verdict::Refused);
        assert_eq!(login.judge(Some(&wrong), &on), Verdict::Refused);
        let off = access(r"EXAMPLE\operator", false);
        assert_eq!(Login::new(&off, None).judge(Some(&right), &off), Verdict::Refused);
    }

    #[test]
    fn the_mutual_profile_counts_for_one_request_with_a_certificate() {
        let access = access(r"EXAMPLE\operator", true);
        let mut login = Login::new(&access, None);
        assert_eq!(login.judge(Some(MUTUAL), &access), Verdict::Refused);
        login.has_certificate = true;
        assert_eq!(login.judge(Some(MUTUAL), &access), Verdict::User(access.user.clone()));
        assert_eq!(login.judge(None, &access), Verdict::Refused);
    }

    #[test]
    fn what_is_no_login_is_refused() {
        let access = access("admin", true);
        let mut login = Login::new(&access, None);
        for header in ["", "Negotiate", "Negotiate !", "NTLM TlRMTVNTUAA=", "Kerberos YQ==", "Basic YQ=="] {
            assert_eq!(login.judge(Some(header), &access), Verdict::Refused, "{header}");
        }
    }
}
