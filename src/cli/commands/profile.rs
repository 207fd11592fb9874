//! `hvctl profile`.

use super::{Context, config::harmless};
use crate::{
    cli::{
        args::ProfileCommand,
        config::Login,
        failure::Failure,
        keyring, password,
        profiles::{self, ConfigFile, Profile, Profiles},
        text,
    },
    error::{Error, ErrorKind},
};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::time::Instant;

#[derive(Debug, Serialize)]
struct ProfileRow {
    name: String,
    host: Option<String>,
    user: Option<String>,
    default: bool,
}

#[derive(Debug, Serialize)]
struct ProfileView {
    name: String,
    file: String,
    default: bool,
    settings: Map<String, Value>,
}

#[derive(Debug, Serialize)]
struct TestView {
    profile: String,
    url: String,
    product_vendor: String,
    product_version: String,
    login_seconds: f64,
    round_trip_seconds: f64,
}

pub(super) async fn run(context: &Context, command: ProfileCommand) -> Result<(), Failure> {
    match command {
        ProfileCommand::List => list(context),
        ProfileCommand::Show { name } => show(context, &name),
        ProfileCommand::Add { name, update, default } => add(context, &name, update, default).await,
        ProfileCommand::Remove { name, yes } => remove(context, &name, yes).await,
        ProfileCommand::Test { name } => test(context, name).await,
    }
}

fn read() -> Result<Profiles, Failure> {
    let file = ConfigFile::locate()?;
    match file.read()? {
        Some(text) => Profiles::parse(file.path(), &text),
        None => Ok(Profiles::none(file.path())),
    }
}

fn list(context: &Context) -> Result<(), Failure> {
    let profiles = read()?;
    let rows: Vec<_> = profiles
        .all
        .iter()
        .map(|profile| ProfileRow {
            name: profile.name.clone(),
            host: profile.value("host").map(str::to_owned),
            user: profile.value("user").map(str::to_owned),
            default: profiles.default.as_ref() == Some(&profile.name),
        })
        .collect();
    context.output.document(&rows, || {
        text::table(
            ["name", "host", "user", "default"],
            rows.iter().map(|row| {
                let default = if row.default { "yes" } else { "-" };
                [
                    row.name.clone(),
                    text::or_dash(row.host.as_deref()),
                    text::or_dash(row.user.as_deref()),
                    default.to_owned(),
                ]
            }),
        )
    })
}

fn show(context: &Context, name: &str) -> Result<(), Failure> {
    let profiles = read()?;
    let view = ProfileView::new(profiles.named(name)?, profiles.default.as_deref());
    context.output.document(&view, || view.to_text())
}

async fn add(context: &Context, name: &str, update: bool, default: bool) -> Result<(), Failure> {
    let file = ConfigFile::locate()?;
    let there = read()?.find(name).cloned();
    match &there {
        Some(_) if !update => return Err(taken(name)),
        None if update => {
            read()?.named(name)?;
        }
        _ => {}
    }
    let mut values = context.settings.typed();
    if there.is_none() {
        complete(context, &mut values).await?;
    }
    let kept = keep_password(there.as_ref(), &values).await?;
    let values: Vec<_> = values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    file.edit(|document| {
        let now_there = Profiles::parse(file.path(), &document.to_string())?.find(name).is_some();
        if now_there && !update {
            return Err(taken(name));
        }
        profiles::set(document, name, &values)?;
        if default {
            profiles::set_default(document, name);
        }
        Ok(())
    })?;
    context.output.note(&format!("profile {name} is in `{}`", file.path().display()));
    if kept == Kept::NobodyAsked {
        context.output.warning(&format!(
            "no password was put into the keyring, as there is no terminal to ask on: `hvctl profile add {name} --update \
             --password-keyring` at one does"
        ));
    }
    show(context, name)
}

fn taken(name: &str) -> Failure {
    Error::new(ErrorKind::Config, format!("failed to add profile `{name}`: there is one of that name"))
        .with_hint("`--update` changes it: what is not given stays")
        .into()
}

/// Asks for what a new profile lacks.
async fn complete(context: &Context, values: &mut Vec<(String, String)>) -> Result<(), Failure> {
    let has = |values: &[(String, String)], name: &str| values.iter().any(|(known, _)| known == name);
    if !has(values, "host") && !Context::is_watched() {
        return Err(Failure::usage(
            "no host: --host is not given, and there is no terminal to ask on",
            "give it with --host NAME",
        ));
    }
    if !Context::is_watched() {
        return Ok(());
    }
    let questions = [
        ("host", "Host (name or URL)"),
        ("user", "User (DOMAIN\\user, user@realm; empty: ask each time)"),
        ("password-command", "Command that prints the password (empty: ask each time)"),
    ];
    for (name, question) in questions {
        let other_source = has(values, "password-file") || has(values, "password-keyring");
        let answered = has(values, name) || name == "password-command" && other_source;
        if answered {
            continue;
        }
        let key = profiles::keys().into_iter().find(|key| key.name == name);
        let answer = context.output.ask(question).await?;
        match key {
            Some(key) if !answer.is_empty() || name == "host" => {
                key.check(&answer).map_err(|reason| {
                    Error::new(ErrorKind::Config, format!("failed to use the answer for `{name}`: {reason}"))
                })?;
                values.push((name.to_owned(), answer));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether a password went into the keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Password,
    NobodyAsked,
    /// None is to be there.
    Nothing,
}

/// Asks for the password that is to be in the keyring, where somebody can answer.
async fn keep_password(there: Option<&Profile>, values: &[(String, String)]) -> Result<Kept, Failure> {
    let typed = |name: &str| values.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    if typed("password-keyring").is_none() {
        return Ok(Kept::Nothing);
    }
    keyring::check()?;
    let value = |name: &str| typed(name).or_else(|| there?.value(name));
    match (value("host"), value("user")) {
        (Some(host), Some(user)) if Context::is_watched() => {
            keyring::write(host, user, &password::ask(user).await?)?;
            Ok(Kept::Password)
        }
        (Some(_), Some(_)) => Ok(Kept::NobodyAsked),
        _ => Err(Failure::usage(
            "a password in the keyring is that of a user of a host, and the profile does not name both",
            "give --host and --user too",
        )),
    }
}

async fn remove(context: &Context, name: &str, yes: bool) -> Result<(), Failure> {
    Context::can_ask(yes)?;
    let file = ConfigFile::locate()?;
    if !yes {
        let profiles = read()?;
        let profile = ProfileView::new(profiles.named(name)?, profiles.default.as_deref());
        context.output.note(&format!("this will remove the profile:\n{}", profile.to_text().trim_end()));
    }
    context.confirm(yes, "remove the profile?").await?;
    // Also out of a file whose other profiles cannot be used.
    let there = read().ok().and_then(|profiles| profiles.find(name).cloned());
    if file.edit(|document| Ok(profiles::remove(document, name)))? {
        context.output.note(&format!("profile {name} is removed from `{}`", file.path().display()));
        if let Some(entry) = there.as_ref().and_then(keyring_entry) {
            context.output.warning(&format!("its password stays in the system's keyring: {entry}"));
        }
        return Ok(());
    }
    read()?.named(name).map(|_| ())
}

/// What holds the password of a profile; another profile of the same host and user may need it too.
fn keyring_entry(profile: &Profile) -> Option<String> {
    profile.value("password-keyring")?;
    let (host, user) = (profile.value("host")?, profile.value("user")?);
    Some(format!("the entry `{}` of `{user}`", keyring::service(host)))
}

async fn test(context: &Context, profile: String) -> Result<(), Failure> {
    context
        .connect(Login::User)
        .await?
        .run(context, async |session| {
            let begin = Instant::now();
            let identity = session.client.identify().await?;
            let logged_in = Instant::now();
            session.client.identify().await?;
            let view = TestView {
                profile,
                url: session.client.url().to_string(),
                product_vendor: identity.product_vendor,
                product_version: identity.product_version,
                login_seconds: logged_in.duration_since(begin).as_secs_f64(),
                round_trip_seconds: logged_in.elapsed().as_secs_f64(),
            };
            context.output.document(&view, || view.to_text())
        })
        .await
}

impl ProfileView {
    fn new(profile: &Profile, default: Option<&str>) -> Self {
        let settings =
            profile.values.iter().map(|(name, value)| (name.clone(), harmless(name, value).into()));
        let mut settings: Map<_, _> = settings.collect();
        if profile.tls_used {
            settings.insert(profiles::TLS_USED.to_owned(), "true".into());
        }
        Self {
            name: profile.name.clone(),
            file: profile.path.display().to_string(),
            default: default == Some(profile.name.as_str()),
            settings,
        }
    }

    fn to_text(&self) -> String {
        let mut rows = vec![("profile", self.name.clone()), ("file", self.file.clone())];
        if self.default {
            rows.push(("default", "yes".to_owned()));
        }
        let settings = self.settings.iter();
        rows.extend(settings.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or("-").to_owned())));
        text::fields(rows)
    }
}

impl TestView {
    fn to_text(&self) -> String {
        text::fields([
            ("profile", self.profile.clone()),
            ("url", self.url.clone()),
            ("vendor", text::or_dash(Some(&self.product_vendor))),
            ("version", text::or_dash(Some(&self.product_version))),
            ("login", format!("{:.0} ms", self.login_seconds * 1000.0)),
            ("round trip", format!("{:.0} ms", self.round_trip_seconds * 1000.0)),
        ])
    }
}
