//! The properties that `put` and `create` send: as arguments, from a JSON file, or both.

use crate::{
    cli::{
        args::cim::PropertyArgs,
        cim::{argument::Argument, json, name},
        config,
        failure::Failure,
        interruption::aside,
    },
    error::{Error, ErrorKind},
};
use serde_json::Value as Json;

/// Those of the file first; an argument replaces the one of its name.
pub(super) async fn read(args: &PropertyArgs) -> Result<Vec<Argument>, Failure> {
    let mut all = match args.from.clone() {
        Some(path) => {
            let text = aside(move || {
                if path.as_os_str() == "-" {
                    return name::standard_input();
                }
                String::from_utf8(config::read(&path)?).map_err(|error| unreadable(error.utf8_error()))
            });
            from_json(&text.await?)?
        }
        None => Vec::new(),
    };
    all.retain(|one| !args.properties.iter().any(|typed| typed.name.eq_ignore_ascii_case(&one.name)));
    all.extend(args.properties.iter().cloned());
    if all.is_empty() {
        return Err(Failure::usage(
            "no property is given",
            "give NAME=VALUE, NAME:=JSON or NAME=@FILE, or an instance in JSON with --from FILE",
        ));
    }
    Ok(all)
}

/// The properties of an object; what begins with `__` is not one.
fn from_json(text: &str) -> Result<Vec<Argument>, Failure> {
    match serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)).map_err(unreadable)? {
        Json::Object(fields) => Ok(fields
            .into_iter()
            .filter(|(name, _)| !name.starts_with("__"))
            .map(|(name, value)| Argument::json(&name, value))
            .collect()),
        other => Err(unreadable(format!("expected an object, got {}", json::in_short(&other)))),
    }
}

fn unreadable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    Error::new(ErrorKind::Config, "failed to read --from as an instance in JSON").with_source(cause).into()
}
