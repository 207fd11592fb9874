//! `hvctl trust`.

use super::Context;
use crate::{
    cli::{
        args::{TlsPolicy, TrustArgs},
        config,
        failure::Failure,
        port::{self, Question, Way},
        profiles::{self, ConfigFile, FINGERPRINT, Profiles, profile_name},
        proxy::{Chosen, Proxies},
        settings::Origin,
        text,
    },
    error::{Error, ErrorKind},
    transport::{CertificateInfo, Fingerprint, probe_certificate},
};
use serde::Serialize;
use url::Url;

/// The document of `hvctl trust`.
#[derive(Debug, Serialize)]
struct CertificateView {
    url: String,
    fingerprint: String,
    subject: Option<String>,
    issuer: Option<String>,
    names: Vec<String>,
    not_before: Option<String>,
    not_after: Option<String>,
    key: Option<String>,
    version: Option<u32>,
    ca: Option<bool>,
    trusted: bool,
    problem: Option<String>,
    /// `None` where none can be told from the host.
    profile: Option<String>,
    stored: bool,
}

/// What is to be done with the certificate that the host has shown.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It is the stored one.
    Known,
    /// `--fingerprint` says that it is the right one.
    Confirmed,
    /// Nothing is known of it.
    New,
    /// `--fingerprint` says that another one is the right one.
    Unexpected(Fingerprint),
    /// Another one is stored.
    Changed(Fingerprint),
}

pub(super) async fn run(context: &Context, args: TrustArgs) -> Result<(), Failure> {
    let settings = &context.settings;
    let given = settings.origin_of_option(FINGERPRINT) < Origin::Profile;
    let expected = settings.global.fingerprint.as_deref().filter(|_| given);
    if args.yes && expected.is_none() {
        return Err(Failure::usage(
            "--yes needs --fingerprint: without it, whatever certificate is shown would be trusted",
            "compare the fingerprint on the host, and give it with --fingerprint sha256:…",
        ));
    }
    let expected: Option<Fingerprint> = expected.map(str::parse).transpose()?;
    let stored = settings.profile.as_ref().and_then(|profile| profile.value(FINGERPRINT));
    let stored: Option<Fingerprint> = stored.map(str::parse).transpose()?;
    let Some(host) = args.target.as_ref().or(settings.global.host.as_ref()) else {
        return Err(Failure::usage("no host: neither HOST nor --profile is given", "hvctl trust HOST"));
    };
    let url = tls_url(host)?;
    let profile = profile_of(context, &url)?;
    let mut global = settings.global.clone();
    global.fingerprint = None;
    let Chosen { proxy, told } = Proxies::new(&global.proxy).to(&url)?;
    if let Some(told) = told {
        context.output.note(&told);
    }
    let trust = config::trust(&global)?;
    let look = probe_certificate(&url, &trust, proxy.as_ref(), global.connect_timeout).await?;
    let mut view = CertificateView::new(&url, &look, profile.as_ref().ok());
    let profile = match profile {
        Ok(profile) => profile,
        Err(reason) => {
            context.output.document(&view, || view.to_text())?;
            return Err(no_profile(&reason));
        }
    };
    match verdict(look.fingerprint, expected, stored) {
        Verdict::Known => {
            view.stored = true;
            context.output.note(&format!("profile {profile} trusts this certificate"));
            return context.output.document(&view, || view.to_text());
        }
        Verdict::Confirmed => {}
        Verdict::New if Context::is_watched() => {
            context.output.note(&view.to_text());
            context.output.note("compare the fingerprint on the host itself before you agree");
            context.confirm(false, &format!("store it in profile {profile}?")).await?;
        }
        Verdict::New => {
            context.output.document(&view, || view.to_text())?;
            return Err(nobody_agreed(&look.fingerprint));
        }
        Verdict::Unexpected(expected) => {
            return Err(other(host, &look.fingerprint, &expected, "--fingerprint says"));
        }
        Verdict::Changed(stored) => {
            let says = format!("profile `{profile}` holds");
            return Err(other(host, &look.fingerprint, &stored, &says));
        }
    }
    store(context, &profile, host, &look.fingerprint)?;
    view.stored = true;
    context.output.document(&view, || view.to_text())
}

/// What is given now counts more than what was stored: so a renewed certificate gets in.
fn verdict(shown: Fingerprint, expected: Option<Fingerprint>, stored: Option<Fingerprint>) -> Verdict {
    match (expected, stored) {
        (Some(expected), _) if expected != shown => Verdict::Unexpected(expected),
        (_, Some(stored)) if stored == shown => Verdict::Known,
        (Some(_), _) => Verdict::Confirmed,
        (None, Some(stored)) => Verdict::Changed(stored),
        (None, None) => Verdict::New,
    }
}

/// The profile named, else the one of this host, else a new one of the host's name; or why there is none.
fn profile_of(context: &Context, url: &Url) -> Result<Result<String, String>, Failure> {
    let settings = &context.settings;
    if let Some(name) =
        settings.global.profile.as_ref().or(settings.profile.as_ref().map(|profile| &profile.name))
    {
        return Ok(Ok(name.clone()));
    }
    let host = url.host_str().unwrap_or_default();
    let Ok(name) = profile_name(host) else {
        return Ok(Err(format!("`{}` cannot be the name of one", text::line(host))));
    };
    let file = ConfigFile::locate()?;
    let profiles = file.read()?.map(|text| Profiles::parse(file.path(), &text)).transpose()?;
    let known = profiles.as_ref().and_then(|profiles| profiles.find(&name));
    Ok(match known {
        None => Ok(name),
        Some(_) => Err(format!("`{name}` is the name of one for another host or port")),
    })
}

fn tls_url(host: &str) -> Result<Url, Failure> {
    match port::way(Question { host, policy: TlsPolicy::Require, meant: None })? {
        Way::Fixed(url) | Way::Either { tls: url, .. } => Ok(url),
    }
}

fn store(context: &Context, profile: &str, host: &str, fingerprint: &Fingerprint) -> Result<(), Failure> {
    let file = ConfigFile::locate()?;
    let pin = fingerprint.to_string();
    let is_new = context.settings.profile.is_none();
    let mut values = vec![(FINGERPRINT, pin.as_str())];
    if is_new {
        values.insert(0, ("host", host));
    }
    file.edit(|document| profiles::set(document, profile, &values))?;
    let path = file.path().display();
    context.output.note(&format!("stored in profile {profile} in `{path}`; use it with --profile {profile}"));
    Ok(())
}

fn no_profile(reason: &str) -> Failure {
    Failure::usage(
        format!("no profile to store the certificate in: {reason}"),
        "name the profile with --profile NAME",
    )
}

fn nobody_agreed(shown: &Fingerprint) -> Failure {
    Error::new(ErrorKind::Trust, "failed to store the certificate: nobody said that it is the right one")
        .with_hint(format!("compare it on the host, and give --fingerprint {shown} if it is the host's own"))
        .into()
}

fn other(host: &str, shown: &Fingerprint, known: &Fingerprint, says: &str) -> Failure {
    let message = format!(
        "failed to trust the certificate of `{}`: it is another one: {says} {known}, the host shows {shown}",
        text::line(host)
    );
    Error::new(ErrorKind::Trust, message)
        .with_hint(format!(
            "if the host's certificate was renewed, compare the new fingerprint on the host and give \
             --fingerprint {shown}; otherwise something is between here and the host"
        ))
        .into()
}

impl CertificateView {
    fn new(url: &Url, look: &CertificateInfo, profile: Option<&String>) -> Self {
        let content = look.content.as_ref();
        let problem = look.problem.as_ref().map(|(reason, advice)| match advice {
            Some(advice) => format!("{reason}; {advice}"),
            None => reason.clone(),
        });
        Self {
            url: url.to_string(),
            fingerprint: look.fingerprint.to_string(),
            subject: content.map(|content| content.subject.clone()),
            issuer: content.map(|content| content.issuer.clone()),
            names: content.map(|content| content.names.clone()).unwrap_or_default(),
            not_before: content.and_then(|content| time(content.not_before)),
            not_after: content.and_then(|content| time(content.not_after)),
            key: content.map(|content| content.key.clone()),
            version: content.map(|content| content.version),
            ca: content.map(|content| content.is_ca),
            trusted: problem.is_none(),
            problem,
            profile: profile.cloned(),
            stored: false,
        }
    }

    fn to_text(&self) -> String {
        let validity = self.not_before.as_ref().zip(self.not_after.as_ref());
        text::fields([
            ("url", self.url.clone()),
            ("subject", text::or_dash(self.subject.as_deref())),
            ("issuer", text::or_dash(self.issuer.as_deref())),
            ("names", text::or_dash(Some(&self.names.join(", ")))),
            ("valid", text::or_dash(validity.map(|(from, to)| format!("{from} to {to}")).as_deref())),
            ("key", text::or_dash(self.key.as_deref())),
            ("fingerprint", self.fingerprint.clone()),
            ("trusted", self.problem.as_ref().map_or("yes".to_owned(), |problem| format!("no: {problem}"))),
            (
                "profile",
                format!(
                    "{}{}",
                    text::or_dash(self.profile.as_deref()),
                    if self.stored { " (stored)" } else { "" }
                ),
            ),
        ])
    }
}

fn time(seconds: i64) -> Option<String> {
    jiff::Timestamp::from_second(seconds).ok().map(|time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_given_replaces_what_is_stored() {
        let [a, b] = [b"a", b"b"].map(|text| Fingerprint::of(text));
        assert_eq!(verdict(a, None, None), Verdict::New);
        assert_eq!(verdict(a, None, Some(a)), Verdict::Known);
        assert_eq!(verdict(a, None, Some(b)), Verdict::Changed(b));
        assert_eq!(verdict(a, Some(a), None), Verdict::Confirmed);
        assert_eq!(verdict(a, Some(a), Some(b)), Verdict::Confirmed);
        assert_eq!(verdict(a, Some(b), None), Verdict::Unexpected(b));
        assert_eq!(verdict(a, Some(b), Some(b)), Verdict::Unexpected(b));
    }
}
