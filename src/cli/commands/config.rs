//! `hvctl config`.

use super::Context;
use crate::cli::{
    args::{self, ConfigCommand},
    failure::Failure,
    password::{self, Source},
    profiles::{ConfigFile, Key, keys},
    settings::{Origin, Settings},
    text,
};
use serde::Serialize;
use serde_json::json;

/// One setting.
#[derive(Debug, Serialize)]
struct SettingView {
    name: String,
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
}

pub(super) fn run(context: &Context, command: &ConfigCommand) -> Result<(), Failure> {
    match command {
        ConfigCommand::Show { origin } => show(context, *origin),
        ConfigCommand::Path => {
            let path = ConfigFile::locate()?.path().display().to_string();
            context.output.document(&json!({ "path": path }), || format!("{path}\n"))
        }
    }
}

fn show(context: &Context, with_origin: bool) -> Result<(), Failure> {
    let settings = &context.settings;
    let mut shown: Vec<_> = keys()
        .iter()
        .map(|key| {
            let origin = settings.origin(key);
            SettingView {
                name: key.name.clone(),
                value: settings.written(key).map(|value| harmless(&key.name, &value)),
                origin: with_origin.then_some(origin_name(origin)),
                place: place(settings, key, origin).filter(|_| with_origin),
            }
        })
        .collect();
    shown.push(password_view(settings, with_origin)?);
    context.output.document(&shown, || {
        if !with_origin {
            let rows =
                shown.iter().map(|setting| [setting.name.clone(), text::or_dash(setting.value.as_deref())]);
            return text::table(["name", "value"], rows);
        }
        let rows = shown.iter().map(|setting| {
            let from = setting.place.as_deref().or(setting.origin);
            [setting.name.clone(), text::or_dash(setting.value.as_deref()), text::or_dash(from)]
        });
        text::table(["name", "value", "from"], rows)
    })
}

/// Which source the password will come from; never the password.
fn password_view(settings: &Settings, with_origin: bool) -> Result<SettingView, Failure> {
    let variable = std::env::var_os("HVCTL_PASSWORD").is_some();
    let (value, origin, place) = match password::source(settings, variable)? {
        Some(Source::Variable) => ("variable", Origin::Environment, Some("HVCTL_PASSWORD".to_owned())),
        Some(Source::Stdin) => named(settings, "password-stdin", "standard input"),
        Some(Source::Command(_)) => named(settings, "password-command", "command"),
        Some(Source::File(_)) => named(settings, "password-file", "file"),
        Some(Source::Keyring) => named(settings, "password-keyring", "keyring"),
        None => ("prompt", Origin::Default, None),
    };
    Ok(SettingView {
        name: "password".to_owned(),
        value: Some(value.to_owned()),
        origin: with_origin.then_some(origin_name(origin)),
        place: place.filter(|_| with_origin),
    })
}

fn named<'a>(settings: &Settings, option: &str, what: &'a str) -> (&'a str, Origin, Option<String>) {
    let origin = settings.origin_of_option(option);
    let place = match keys().iter().find(|key| key.name == option) {
        Some(key) => place(settings, key, origin),
        None => Some(format!("--{option}")),
    };
    (what, origin, place)
}

/// A value that can be shown: of a command only its program, as its arguments may be secrets, and of a proxy or a host
/// neither user nor password.
pub(super) fn harmless(name: &str, value: &str) -> String {
    match name {
        "password-command" => {}
        "proxy" => return args::proxy::harmless(value),
        "host" => return args::host::harmless(value),
        _ => return value.to_owned(),
    }
    match shlex::split(value).unwrap_or_default().split_first() {
        Some((program, [])) => program.clone(),
        Some((program, _)) => format!("{program} …"),
        None => "…".to_owned(),
    }
}

fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Flag => "flag",
        Origin::Environment => "environment",
        Origin::Profile => "profile",
        Origin::Default => "default",
    }
}

fn place(settings: &Settings, key: &Key, origin: Origin) -> Option<String> {
    match origin {
        Origin::Flag => Some(format!("--{}", key.name)),
        Origin::Environment => Some(key.variable()),
        Origin::Profile => {
            let profile = settings.profile.as_ref()?;
            Some(format!("profile {} in {}", profile.name, profile.path.display()))
        }
        Origin::Default => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_of_a_password_command_are_not_shown() {
        assert_eq!(harmless("password-command", "printf geheim"), "printf …");
        assert_eq!(harmless("password-command", "'unclosed geheim"), "…");
        assert_eq!(harmless("host", "hv1"), "hv1");
        assert_eq!(harmless("host", "https://me:geheim@hv1"), "…");
    }
}
