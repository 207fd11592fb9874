//! `hvctl simulate`.

use super::Context;
use crate::{
    cli::{args::SimulateArgs, failure::Failure, output::Output, shell},
    error::{Error, ErrorKind},
    sim::{Host, Inventory, Rule, Settings, SimError},
};
use serde_json::json;
use url::Url;

pub(super) async fn run(context: &Context, args: SimulateArgs) -> Result<(), Failure> {
    let output = &context.output;
    let mut settings = Settings::default();
    if let Some(path) = &args.inventory {
        settings.inventory = Inventory::read(path).map_err(failure)?;
    }
    settings.time_scale = args.time_scale;
    settings.generate = args.generate.into();
    for rule in &args.rules {
        let rule: Rule = rule.parse().map_err(failure)?;
        settings.rules.push(rule);
    }
    let host = Host::new(settings);
    // Either serves until it is dropped.
    if args.plain {
        let server = host.serve_plain(args.listen).await.map_err(failure)?;
        announce(output, &server.url(), server.user(), server.password(), None)?;
        until_interrupted(context, &host).await;
    } else {
        let server = host.serve(args.listen).await.map_err(failure)?;
        announce(output, &server.url(), server.user(), server.password(), Some(&server.fingerprint()))?;
        until_interrupted(context, &host).await;
    }
    Ok(())
}

/// Serves, and says at the end whether the clients have left something open, as a host would count that against them.
async fn until_interrupted(context: &Context, host: &Host) {
    context.output.note("serving a simulated host until Ctrl-C");
    context.interruption.answered_here().await;
    context.output.note(&format!(
        "requests: {}, enumerations left open: {}",
        host.requests(),
        host.open_contexts()
    ));
}

/// All lines in one write, so that a reader never sees half of them. Without a certificate, the fingerprint
/// of another host must not stay behind in the shell.
fn announce(
    output: &Output,
    url: &Url,
    user: &str,
    password: &str,
    fingerprint: Option<&str>,
) -> Result<(), Failure> {
    let variables = [
        ("HVCTL_HOST", Some(url.as_str())),
        ("HVCTL_USER", Some(user)),
        ("HVCTL_PASSWORD", Some(password)),
        // It has no Kerberos: there is nothing to choose, and so nothing to tell.
        ("HVCTL_AUTH", Some("ntlm")),
        ("HVCTL_FINGERPRINT", fingerprint),
    ];
    let document: serde_json::Map<_, _> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    output.document(&document, || {
        let line = |(name, value): &(&str, Option<&str>)| match value {
            Some(value) => format!("export {name}={}\n", shell::quoted(value)),
            None => format!("unset {name}\n"),
        };
        variables.iter().map(line).collect()
    })
}

/// Input that is wrong is the user's; sockets and files are the machine's.
pub(super) fn failure(error: SimError) -> Failure {
    match error {
        SimError::Input(message) => Error::new(ErrorKind::Config, message).into(),
        SimError::Io { action, source } => Failure::io(action, source),
    }
}
