//! `hvctl simulate`.

use crate::{
    cli::{args::SimulateArgs, failure::Failure, output::Output, shell},
    error::{Error, ErrorKind},
    sim::{Host, Inventory, Rule, Server, Settings, SimError},
};
use serde_json::json;

pub(super) async fn run(output: &Output, args: SimulateArgs) -> Result<(), Failure> {
    let mut settings = Settings::default();
    if let Some(path) = &args.inventory {
        settings.inventory = Inventory::read(path).map_err(failure)?;
    }
    settings.time_scale = args.time_scale;
    for rule in &args.rules {
        let rule: Rule = rule.parse().map_err(failure)?;
        settings.rules.push(rule);
    }
    let server = Host::new(settings).serve(args.listen).await.map_err(failure)?;
    announce(output, &server)?;
    output.note("serving a simulated host until Ctrl-C");
    tokio::signal::ctrl_c().await.map_err(|error| Failure::io("failed to wait for Ctrl-C", error))?;
    Ok(())
}

/// All lines in one write, so that a reader never sees half of them.
fn announce(output: &Output, server: &Server) -> Result<(), Failure> {
    let lines = [
        ("HVCTL_HOST", server.url().to_string()),
        ("HVCTL_USER", server.user().to_owned()),
        ("HVCTL_PASSWORD", server.password().to_owned()),
        ("HVCTL_FINGERPRINT", server.fingerprint()),
    ];
    let document: serde_json::Map<_, _> =
        lines.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    output.document(&document, || {
        lines.iter().fold(String::new(), |shown, (name, value)| {
            shown + &format!("export {name}={}\n", shell::quoted(value))
        })
    })
}

/// Input that is wrong is the user's; sockets and files are the machine's.
pub(super) fn failure(error: SimError) -> Failure {
    match error {
        SimError::Input(message) => Error::new(ErrorKind::Config, message).into(),
        SimError::Io { action, source } => Failure::io(action, source),
    }
}
