//! The keys of a profile: each option of a connection is one, under its own name and with its own rules.

use crate::cli::args::{is_profile_option, shared};
use clap::{Arg, ArgAction, Command, builder::Resettable, error::ContextKind, error::ContextValue};
use std::error::Error as _;

/// A key that a profile may hold.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// As written in a profile, and behind `--`.
    pub(crate) name: String,
    /// What it holds.
    pub(crate) kind: Kind,
    option: Arg,
}

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text.
    Text,
    /// A length of time: a text such as `90s`, or seconds as a number.
    Time,
    /// `true` or `false`.
    Switch,
    /// A file, or several with commas between them.
    Files,
}

/// All keys, in the order of `--help`.
pub(crate) fn keys() -> Vec<Key> {
    shared().get_arguments().filter(|option| is_profile_option(option)).map(Key::new).collect()
}

impl Key {
    fn new(option: &Arg) -> Self {
        let kind = match option.get_action() {
            ArgAction::SetTrue => Kind::Switch,
            ArgAction::Append => Kind::Files,
            _ if option.get_value_names().is_some_and(|names| names.iter().any(|name| name == "TIME")) => {
                Kind::Time
            }
            _ => Kind::Text,
        };
        Self { name: option.get_long().unwrap_or_default().to_owned(), kind, option: option.clone() }
    }

    /// What clap calls the option.
    pub(crate) fn id(&self) -> &str {
        self.option.get_id().as_str()
    }

    /// The environment variable of the option.
    pub(crate) fn variable(&self) -> String {
        self.option.get_env().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Checks a value by the option's own rule.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn check(&self, value: &str) -> Result<(), String> {
        if self.kind == Kind::Switch {
            return match value {
                "true" | "false" => Ok(()),
                other => Err(format!("expected `true` or `false`, got `{other}`")),
            };
        }
        let option = self.option.clone().env(Resettable::Reset);
        let typed = format!("--{}={value}", self.name);
        match Command::new("profile").arg(option).try_get_matches_from(["profile", &typed]) {
            Ok(_) => Ok(()),
            Err(error) => Err(reason(&error, value)),
        }
    }
}

/// What clap says of a value, without what it says of command lines.
fn reason(error: &clap::Error, value: &str) -> String {
    if let Some(source) = error.source() {
        return source.to_string();
    }
    if let Some(ContextValue::String(reason)) = error.get(ContextKind::Custom) {
        return reason.clone();
    }
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(valid)) if !valid.is_empty() => {
            let valid: Vec<_> = valid.iter().map(|name| format!("`{name}`")).collect();
            format!("expected one of {}, got `{value}`", valid.join(", "))
        }
        _ => "expected a value".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        keys().into_iter().find(|key| key.name == name).unwrap()
    }

    #[test]
    fn options_of_a_connection_are_keys_and_others_are_not() {
        let names: Vec<_> = keys().into_iter().map(|key| key.name).collect();
        for name in ["host", "user", "auth", "namespace", "cacert", "fingerprint", "timeout", "tls"] {
            assert!(names.iter().any(|known| known == name), "{name}: {names:?}");
        }
        for name in ["profile", "password", "password-stdin", "record", "replay", "output", "verbose"] {
            assert!(!names.iter().any(|known| known == name), "{name}");
        }
    }

    #[test]
    fn values_are_checked_by_the_rules_of_the_option() {
        assert_eq!(key("auth").check("basic"), Ok(()));
        assert_eq!(
            key("tls").check("sometimes").unwrap_err(),
            "expected one of `require`, `prefer`, `never`, got `sometimes`"
        );
        assert_eq!(
            key("timeout").check("soon").unwrap_err(),
            "expected a length of time such as `90s`, `10m` or `1h30m`, got `soon`"
        );
        assert!(key("user").check("a\u{1b}").unwrap_err().contains("U+001B"));
        let reason = key("proxy").check("http://me:geheim@gate:3128").unwrap_err();
        assert!(reason.contains("a profile holds no password") && !reason.contains("geheim"), "{reason}");
        assert!(key("host").check("").is_err());
    }

    #[test]
    fn kinds_follow_the_grammar() {
        assert_eq!(key("host").kind, Kind::Text);
        assert_eq!(key("connect-timeout").kind, Kind::Time);
    }
}
