//! What the file of profiles says.

use super::{DEFAULT_PROFILE, Key, Kind, PROFILES, TLS_USED, keys, problem, profile_name};
use crate::cli::{failure::Failure, similar::similar};
use std::{
    ops::Range,
    path::{Path, PathBuf},
};
use toml_edit::{Document, Item, TableLike, Value};

/// All profiles of a file.
#[derive(Debug)]
pub(crate) struct Profiles {
    path: PathBuf,
    /// The profile that is taken when none is named.
    pub(crate) default: Option<String>,
    /// In the order of the file.
    pub(crate) all: Vec<Profile>,
}

/// A profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Profile {
    /// Its name.
    pub(crate) name: String,
    /// The file that it is in.
    pub(crate) path: PathBuf,
    /// Options by name, in the order of the file; a switch that is off is not among them.
    pub(crate) values: Vec<(String, String)>,
    /// Whether a connection over TLS has worked.
    pub(crate) tls_used: bool,
}

impl Profile {
    /// What it says of an option.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Profiles {
    /// No profiles.
    pub(crate) fn none(path: &Path) -> Self {
        Self { path: path.to_owned(), default: None, all: Vec::new() }
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// `Config`, with line and column.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, Failure> {
        Reader { path, text, keys: keys() }.profiles()
    }

    /// The profile of this name.
    ///
    /// # Errors
    /// `Config`, with the names that there are.
    pub(crate) fn named(&self, name: &str) -> Result<&Profile, Failure> {
        self.find(name).ok_or_else(|| {
            let names: Vec<_> = self.all.iter().map(|profile| profile.name.as_str()).collect();
            let hint = match similar(name, names.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if names.is_empty() => format!("`hvctl profile add {name}` makes it"),
                None => format!("there are {}", names.join(", ")),
            };
            problem(format!("failed to find profile `{name}` in `{}`", self.path.display()), Some(hint))
        })
    }

    /// The profile of this name, if there is one.
    pub(crate) fn find(&self, name: &str) -> Option<&Profile> {
        self.all.iter().find(|profile| profile.name == name)
    }

    /// The profile of this host, if it is the only one.
    pub(crate) fn of_host(&self, host: &str) -> Option<&Profile> {
        let is_of_host =
            |profile: &&Profile| profile.value("host").is_some_and(|known| known.eq_ignore_ascii_case(host));
        let mut found = self.all.iter().filter(is_of_host);
        found.next().filter(|_| found.next().is_none())
    }
}

/// Reads one file.
struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    keys: Vec<Key>,
}

impl Reader<'_> {
    fn profiles(&self) -> Result<Profiles, Failure> {
        // The text of toml's own error would repeat the line, and the line may hold anything.
        let document = Document::parse(self.text)
            .map_err(|error| self.problem(error.span(), error.message().trim(), None))?;
        let mut profiles = Profiles::none(self.path);
        for (name, item) in document.iter() {
            match name {
                DEFAULT_PROFILE => profiles.default = Some(self.default_profile(item)?),
                PROFILES => profiles.all = self.all(item)?,
                other => {
                    return Err(self.unknown(document.as_table(), other, [DEFAULT_PROFILE, PROFILES]));
                }
            }
        }
        match &profiles.default {
            Some(name) if profiles.find(name).is_none() => {
                let span = document.get(DEFAULT_PROFILE).and_then(Item::span);
                let meant = similar(name, profiles.all.iter().map(|profile| profile.name.as_str()));
                let hint = meant.map(|meant| format!("did you mean `{meant}`?"));
                Err(self.problem(span, &format!("there is no profile `{name}`"), hint))
            }
            _ => Ok(profiles),
        }
    }

    fn default_profile(&self, item: &Item) -> Result<String, Failure> {
        let name = item.as_str().ok_or_else(|| {
            let reason = format!("expected the name of a profile, got a value of type {}", item.type_name());
            self.problem(item.span(), &reason, None)
        })?;
        Ok(name.to_owned())
    }

    fn all(&self, item: &Item) -> Result<Vec<Profile>, Failure> {
        let form = "expected profiles as `[profile.NAME]`";
        let table = item.as_table_like().ok_or_else(|| self.problem(item.span(), form, None))?;
        table
            .iter()
            .map(|(name, item)| {
                let profile = item.as_table_like().ok_or_else(|| {
                    let meant = similar(name, self.keys.iter().map(|key| key.name.as_str()));
                    let hint = meant.map(|_| "keys of a profile stand below `[profile.NAME]`".to_owned());
                    self.problem(item.span(), form, hint)
                })?;
                self.profile(table, name, profile)
            })
            .collect()
    }

    fn profile(&self, all: &dyn TableLike, name: &str, table: &dyn TableLike) -> Result<Profile, Failure> {
        profile_name(name).map_err(|reason| self.problem(span_of_key(all, name), &reason, None))?;
        let mut profile = Profile {
            name: name.to_owned(),
            path: self.path.to_owned(),
            values: Vec::new(),
            tls_used: false,
        };
        for (key, item) in table.iter() {
            if key == TLS_USED {
                profile.tls_used = item.as_bool().ok_or_else(|| self.wrong_type(key, item, Kind::Switch))?;
                continue;
            }
            let Some(known) = self.keys.iter().find(|known| known.name == key) else {
                if SECRETS.contains(&key.to_lowercase().as_str()) {
                    return Err(self.secret(table, key));
                }
                return Err(self.unknown(table, key, self.keys.iter().map(|known| known.name.as_str())));
            };
            let value = plain(known.kind, item).ok_or_else(|| self.wrong_type(key, item, known.kind))?;
            known
                .check(&value)
                .map_err(|reason| self.problem(item.span(), &format!("`{key}`: {reason}"), None))?;
            if known.kind != Kind::Switch || value == "true" {
                profile.values.push((key.to_owned(), value));
            }
        }
        Ok(profile)
    }

    fn wrong_type(&self, key: &str, item: &Item, kind: Kind) -> Failure {
        let expected = match kind {
            Kind::Text => "a text in quotes",
            Kind::Time => "a length of time such as \"90s\"",
            Kind::Files => "a file in quotes, or several with commas between them",
            Kind::Switch => "`true` or `false`",
        };
        let reason = format!("`{key}`: expected {expected}, got a value of type {}", item.type_name());
        self.problem(item.span(), &reason, None)
    }

    fn secret(&self, table: &dyn TableLike, key: &str) -> Failure {
        self.problem(
            span_of_key(table, key),
            &format!("`{key}`: a profile never holds a password, only where it comes from"),
            Some(
                "take the line out, change the password if others could read the file, and name its source: \
                 `password-command`, `password-file` or `password-keyring`"
                    .to_owned(),
            ),
        )
    }

    fn unknown<'k>(
        &self,
        table: &dyn TableLike,
        key: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) -> Failure {
        let hint = match similar(key, known) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "`hvctl help profile` tells the keys".to_owned(),
        };
        self.problem(span_of_key(table, key), &format!("unknown key `{key}`"), Some(hint))
    }

    fn problem(&self, span: Option<Range<usize>>, reason: &str, hint: Option<String>) -> Failure {
        let place = span.map(|span| place(self.text, span.start)).unwrap_or_default();
        problem(format!("failed to read `{}`{place}: {reason}", self.path.display()), hint)
    }
}

/// Names under which people look for a place for a password.
const SECRETS: [&str; 5] = ["password", "passwd", "pass", "pwd", "secret"];

/// A value as it would be typed.
fn plain(kind: Kind, item: &Item) -> Option<String> {
    match (kind, item.as_value()?) {
        (Kind::Text | Kind::Time | Kind::Files, Value::String(text)) => Some(text.value().clone()),
        (Kind::Time, Value::Integer(seconds)) => Some(seconds.value().to_string()),
        (Kind::Switch, Value::Boolean(on)) => Some(on.value().to_string()),
        _ => None,
    }
}

fn span_of_key(table: &dyn TableLike, key: &str) -> Option<Range<usize>> {
    table.get_key_value(key).and_then(|(key, _)| key.span())
}

/// `, line 3, column 1`.
fn place(text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!(", line {line}, column {column}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Profiles, Failure> {
        Profiles::parse(Path::new("config.toml"), text)
    }

    fn refusal(text: &str) -> String {
        let failure = parse(text).unwrap_err();
        assert_eq!(failure.exit_code(), 3);
        failure.to_text()
    }

    #[test]
    fn profiles_hold_options_as_they_would_be_typed() {
        let profiles = parse(
            "default-profile = \"hv1\"\n\
             [profile.hv1]\nhost = \"hv1.example.org\" # the old one\nuser = 'CORP\\backup'\n\
             connect-timeout = 5\ntls-used = true\n\
             [profile.hv2]\nhost = \"hv2\"\n",
        )
        .unwrap();
        assert_eq!(profiles.default.as_deref(), Some("hv1"));
        let profile = profiles.named("hv1").unwrap();
        assert_eq!(profile.value("user"), Some("CORP\\backup"));
        assert_eq!(profile.value("connect-timeout"), Some("5"));
        assert!(profile.tls_used);
        assert_eq!(profiles.all.len(), 2);
    }

    #[test]
    fn what_cannot_be_read_is_told_by_line_and_column() {
        insta::assert_snapshot!(refusal("[profile.a]\nhsot = \"x\"\n"), @r"
        error: failed to read `config.toml`, line 2, column 1: unknown key `hsot`
        hint: did you mean `host`?
        ");
        for (text, says) in [
            (
                "[profile.a]\nauth = \"ntml\"\n",
                "line 2, column 8: `auth`: expected one of `negotiate`, `kerberos`, `ntlm`, `basic`, `certificate`, got `ntml`",
            ),
            (
                "[profile.a]\n\nhost = 5\n",
                "line 3, column 8: `host`: expected a text in quotes, got a value of type integer",
            ),
            ("[profiles.a]\n", "line 1, column 2: unknown key `profiles`\nhint: did you mean `profile`?"),
            ("[profile]\nhost = \"hv1\"\n", "expected profiles as `[profile.NAME]`"),
            ("default-profile = \"b\"\n[profile.a]\n", "line 1, column 19: there is no profile `b`"),
            ("[profile.\"a b\"]\n", "line 1, column 10: expected a name of letters"),
            ("[profile.a]\ntimeout = \"soon\"\n", "line 2, column 11: `timeout`: expected a length of time"),
            ("[profile.a]\ntls-used = 1\n", "`tls-used`: expected `true` or `false`"),
            ("[profile.a\n", "line 1, column 11: "),
        ] {
            let shown = refusal(text);
            assert!(shown.contains(says), "{text}: {shown}");
        }
    }

    #[test]
    fn a_password_is_refused_and_never_shown() {
        for text in [
            "[profile.a]\npassword = \"geheim\"\n",
            "[profile.a]\nPassword = \"geheim\n",
            "[profile.a]\npwd = 'geheim'\n",
            "password = geheim\n",
        ] {
            let shown = refusal(text);
            assert!(!shown.contains("geheim"), "{shown}");
        }
        insta::assert_snapshot!(refusal("[profile.a]\npassword = \"geheim\"\n"), @r"
        error: failed to read `config.toml`, line 2, column 1: `password`: a profile never holds a password, only where it comes from
        hint: take the line out, change the password if others could read the file, and name its source: `password-command`, `password-file` or `password-keyring`
        ");
    }

    #[test]
    fn unknown_profiles_come_with_a_suggestion() {
        let profiles = parse("[profile.production]\n[profile.lab]\n").unwrap();
        let hint = |profiles: &Profiles, name| {
            let failure = profiles.named(name).unwrap_err();
            assert_eq!(failure.exit_code(), 3);
            failure.to_text().lines().nth(1).unwrap().to_owned()
        };
        assert_eq!(hint(&profiles, "prodction"), "hint: did you mean `production`?");
        assert_eq!(hint(&profiles, "x"), "hint: there are production, lab");
        let none = Profiles::none(Path::new("config.toml"));
        assert_eq!(hint(&none, "x"), "hint: `hvctl profile add x` makes it");
    }

    #[test]
    fn a_host_finds_its_profile_unless_several_have_it() {
        let text = "[profile.a]\nhost = \"hv1\"\n[profile.b]\nhost = \"hv2\"\n[profile.c]\nhost = \"hv2\"\n";
        let profiles = parse(text).unwrap();
        assert_eq!(profiles.of_host("HV1").unwrap().name, "a");
        assert_eq!(profiles.of_host("hv2"), None);
    }
}
