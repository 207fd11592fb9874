//! Who logs in: user names in the forms that Windows knows, and passwords that never print.

use super::AuthError;
use std::fmt;
use zeroize::Zeroizing;

/// A secret: prints nothing, is wiped when dropped.
///
/// ```
/// use hyperv_wsman::transport::Secret;
///
/// let secret = Secret::new("correct horse".to_owned());
/// assert_eq!(format!("{secret:?}"), "Secret(…)");
/// ```
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a secret text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A user with a password.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub(crate) user: UserName,
    pub(crate) password: Secret,
}

impl Credentials {
    /// Parses `DOMAIN\user`, `.\user`, `user@realm`, `user`.
    ///
    /// ```
    /// use hyperv_wsman::transport::{Credentials, Secret};
    ///
    /// let credentials = Credentials::new(r"CORP\backup", Secret::new("…".to_owned()))?;
    /// assert_eq!(credentials.user().to_string(), r"CORP\backup");
    /// # Ok::<(), hyperv_wsman::transport::AuthError>(())
    /// ```
    ///
    /// # Errors
    /// [`AuthError::UserName`], [`AuthError::EmptyPassword`].
    pub fn new(user: &str, password: Secret) -> Result<Self, AuthError> {
        let user = user.parse()?;
        // A Windows account without a password cannot log on over the network by default, and an
        // empty one is nearly always a variable that was not set.
        if password.expose().is_empty() {
            return Err(AuthError::EmptyPassword);
        }
        Ok(Self { user, password })
    }

    /// User name for display.
    #[must_use]
    pub fn user(&self) -> &UserName {
        &self.user
    }
}

/// A user name in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserName {
    /// Empty for a bare name, `.` stays `.`; for `user@realm` empty too (the name keeps its realm).
    pub(crate) domain: String,
    pub(crate) name: String,
}

impl UserName {
    /// The domain in front of the backslash; empty when there is none.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The name, with its realm for `user@realm`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl std::str::FromStr for UserName {
    type Err = AuthError;

    fn from_str(text: &str) -> Result<Self, AuthError> {
        let (domain, name) = text.split_once('\\').unwrap_or(("", text));
        let qualified = text.contains('\\');
        let realm = (!qualified).then(|| name.split_once('@')).flatten();
        let usable = is_part(name)
            && (!qualified || is_part(domain))
            && realm.is_none_or(|(user, realm)| is_part(user) && is_part(realm) && !realm.contains('@'));
        if !usable {
            return Err(AuthError::UserName(without_password(text)));
        }
        Ok(Self { domain: domain.to_owned(), name: name.to_owned() })
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.domain.is_empty() {
            write!(f, r"{}\", self.domain)?;
        }
        f.write_str(&self.name)
    }
}

/// `user:password`, as other tools take it, without the password.
fn without_password(text: &str) -> String {
    text.split_once(':').map_or_else(|| text.to_owned(), |(user, _)| format!("{user}:…"))
}

/// Longest part of a name in characters; the longest user principal name is shorter.
const MAX_PART: usize = 1024;

/// What may stand on either side of `\` and `@`: no characters that Windows forbids in account
/// names, in which `/` is the usual slip for `\`, and no blanks around it.
fn is_part(text: &str) -> bool {
    !text.is_empty()
        && text.chars().count() <= MAX_PART
        && text.trim() == text
        && !text.contains(|c: char| c.is_control() || r#"\/"[]:;|=,+*?<>"#.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, String) {
        let name: UserName = text.parse().unwrap();
        assert_eq!(name.to_string(), text);
        (name.domain, name.name)
    }

    #[test]
    fn every_windows_form_is_split_into_domain_and_name() {
        assert_eq!(parts(r"CORP\backup"), ("CORP".into(), "backup".into()));
        assert_eq!(parts(r".\Administrator"), (".".into(), "Administrator".into()));
        assert_eq!(parts("backup@corp.example"), (String::new(), "backup@corp.example".into()));
        assert_eq!(parts("Jörg Müller"), (String::new(), "Jörg Müller".into()));
        assert_eq!(parts(r"CORP\a@b"), ("CORP".into(), "a@b".into()));
    }

    #[test]
    fn broken_forms_are_refused() {
        for text in [
            "",
            " ",
            r"\",
            r"\user",
            r"CORP\",
            r"A\B\c",
            "@realm",
            "user@",
            "user@@realm",
            "a@b@c",
            "CORP/user",
            " user",
            "user ",
            "us\ner",
            "us\0er",
            "a,b",
        ] {
            assert_eq!(text.parse::<UserName>(), Err(AuthError::UserName(text.to_owned())), "{text:?}");
        }
        assert!("x".repeat(MAX_PART + 1).parse::<UserName>().is_err());
    }

    #[test]
    fn a_password_behind_the_name_is_refused_and_not_shown() {
        let error = r"CORP\backup:hunter2".parse::<UserName>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
        insta::assert_snapshot!(
            error,
            @r"the user name `CORP\backup:…` is not `DOMAIN\user`, `.\user`, `user@realm` or `user`"
        );
    }

    #[test]
    fn the_error_names_the_accepted_forms_and_escapes_what_was_typed() {
        insta::assert_snapshot!(
            "us\ner".parse::<UserName>().unwrap_err(),
            @r"the user name `us\ner` is not `DOMAIN\user`, `.\user`, `user@realm` or `user`"
        );
    }

    #[test]
    fn an_empty_password_is_refused() {
        let refused = Credentials::new("user", Secret::default()).unwrap_err();
        assert_eq!(refused, AuthError::EmptyPassword);
    }

    #[test]
    fn passwords_do_not_print() {
        let credentials = Credentials::new(r"CORP\user", Secret::new("hunter2".into())).unwrap();
        assert!(!format!("{credentials:?}").contains("hunter2"));
    }
}
