//! How an instance is named: by object path, by a reference in JSON, or by its class where there is only one.

use super::{Scope, json};
use crate::{
    cim::{
        Epr, ObjectPath,
        schema::{Class, Schema},
    },
    cli::{
        cim::condition::NO_CHECK, failure::Failure, interruption::aside, session::Session,
        similar::did_you_mean,
    },
    error::{Error, ErrorKind},
    hyperv::is_not_found,
    wsman::EnumerationMode,
};
use serde_json::Value as Json;
use std::io::Read as _;

/// The reference of the instance that was typed: `Class.Key="value",…`, `Class` for the only one of its class, a
/// reference or an instance in JSON, or `-` for one of these on standard input.
///
/// # Errors
/// `Config` for what is none, and for keys that the class does not have, unless `unchecked`; `NotFound` and
/// `Ambiguous` for a class without instances, or with several.
pub(crate) async fn instance(session: &Session, typed: &str, unchecked: bool) -> Result<Epr, Failure> {
    let typed = match typed {
        "-" => aside(standard_input).await?,
        _ => typed.to_owned(),
    };
    match parse(&typed, session.scope(unchecked))? {
        Named::Instance(epr) => Ok(epr),
        Named::Class(class) => only_instance(session, &class).await,
    }
}

/// A class: a name, or a path that ends with one.
///
/// # Errors
/// `Config`.
pub(crate) fn class(typed: &str, scope: Scope<'_>) -> Result<Epr, Failure> {
    match parse(typed, Scope { unchecked: true, ..scope })? {
        Named::Class(class) => Ok(class),
        Named::Instance(_) => Err(refused(typed, "expected a class, got an instance of one", None)),
    }
}

/// A reference to one instance, as the value of an argument.
///
/// # Errors
/// `Config`.
pub(crate) fn reference(typed: &str, scope: Scope<'_>) -> Result<Epr, Failure> {
    match parse(typed, Scope { unchecked: true, ..scope })? {
        Named::Instance(epr) => Ok(epr),
        Named::Class(_) => Err(refused(typed, "expected an instance, got a class", None)),
    }
}

#[derive(Debug)]
enum Named {
    Instance(Epr),
    Class(Epr),
}

fn parse(typed: &str, scope: Scope<'_>) -> Result<Named, Failure> {
    let typed = typed.trim();
    if typed.starts_with(['{', '[', '"']) {
        let value = from_json(typed)?;
        if let Json::String(path) = &value {
            return parse_path(path, scope);
        }
        let epr = json::read_reference(&value, scope).map_err(|reason| refused(typed, &reason, None))?;
        return Ok(Named::Instance(epr));
    }
    parse_path(typed, scope)
}

/// A JSON document, of an array its only element.
fn from_json(typed: &str) -> Result<Json, Failure> {
    let mut documents = serde_json::Deserializer::from_str(typed).into_iter::<Json>();
    let first = documents.next().unwrap_or(Ok(Json::Null)).map_err(|error| {
        Failure::from(Error::new(ErrorKind::Config, "failed to read a reference as JSON").with_source(error))
    })?;
    let more = documents.next().is_some();
    match first {
        Json::Array(mut elements) if elements.len() == 1 && !more => Ok(elements.remove(0)),
        Json::Array(elements) => {
            let reason = format!("expected one instance, got an array of {}", elements.len());
            Err(refused("JSON", &reason, None))
        }
        _ if more => Err(refused("JSON", "expected one instance, got several documents", None)),
        one => Ok(one),
    }
}

fn parse_path(typed: &str, scope: Scope<'_>) -> Result<Named, Failure> {
    let path = ObjectPath::parse(typed).or_else(|error| match with_quotes(typed) {
        Some(quoted) => ObjectPath::parse(&quoted).map_err(|_| error),
        None => Err(error),
    });
    let path = path.map_err(|error| {
        let hint = "such as `Msvm_ConcreteJob.InstanceID=\"…\"`; `hvctl schema show CLASS` names the keys";
        refused(typed, &error.to_string(), Some(hint.to_owned()))
    })?;
    let mut epr = path.to_epr_with(scope.schema, scope.namespace).map_err(Error::from)?;
    if path.keys().next().is_none() {
        let singleton = typed.trim_end().ends_with("=@");
        return Ok(if singleton { Named::Instance(epr) } else { Named::Class(epr) });
    }
    if let Some(class) = scope.schema.class(path.class())
        && !scope.unchecked
    {
        for (key, _) in path.keys() {
            if !class.keys().any(|known| known.eq_ignore_ascii_case(key)) {
                let keys: Vec<_> = class.keys().map(|key| format!("`{key}`")).collect();
                let reason =
                    format!("`{key}` is no key of `{}`, which has {}", class.name(), keys.join(", "));
                let hint = did_you_mean(key, class.keys()).unwrap_or_else(|| NO_CHECK.to_owned());
                return Err(refused(typed, &reason, Some(hint)));
            }
        }
        // The one key whose value is known beforehand.
        if class.keys().any(|key| key == CREATION_CLASS) && path.key(CREATION_CLASS).is_none() {
            epr = epr.with(CREATION_CLASS, class.name()).map_err(Error::from)?;
        }
    }
    Ok(Named::Instance(epr))
}

const CREATION_CLASS: &str = "CreationClassName";

/// The path with quotes around values that have none, as shells tend to eat them.
fn with_quotes(typed: &str) -> Option<String> {
    let (class, keys) = typed.split_once('.')?;
    let keys = keys.split(',').map(|key| {
        let (name, value) = key.split_once('=')?;
        let bare = !value.contains(['"', '\'']);
        bare.then(|| format!("{name}=\"{}\"", value.replace('\\', "\\\\")))
    });
    Some(format!("{class}.{}", keys.collect::<Option<Vec<_>>>()?.join(",")))
}

/// The only instance of a class, by its own reference.
async fn only_instance(session: &Session, class: &Epr) -> Result<Epr, Failure> {
    let call = session.client.enumerate(class).mode(EnumerationMode::Epr);
    let items = call.await.map_err(|error| unknown_class(session.client.schema(), error, class.class()))?;
    let mut eprs: Vec<Epr> = items.into_iter().filter_map(|item| item.epr).collect();
    let name = class.class();
    match eprs.len() {
        1 => Ok(eprs.remove(0)),
        0 => Err(Error::new(
            ErrorKind::NotFound,
            format!("failed to find an instance of `{name}`: there is none"),
        )
        .into()),
        several => {
            let shown: Vec<String> = eprs.iter().take(SHOWN).map(ToString::to_string).collect();
            let more = if several > SHOWN { ", …" } else { "" };
            let message = format!("failed to choose an instance of `{name}`: there are {several}");
            Err(Error::new(ErrorKind::Ambiguous, message)
                .with_hint(format!("name one: {}{more}", shown.join(", ")))
                .into())
        }
    }
}

/// How many of several instances are named in an error.
const SHOWN: usize = 5;

/// Says what class may have been meant, where a host refuses one that the schema does not know either.
pub(crate) fn unknown_class(schema: &Schema, error: Error, class: &str) -> Error {
    if error.fault().is_none() || schema.class(class).is_some() {
        return error;
    }
    match did_you_mean(class, schema.classes().map(Class::name)) {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

/// As [`unknown_class`], of a command's failure.
pub(crate) fn explained(schema: &Schema, failure: Failure, class: &str) -> Failure {
    match failure {
        Failure::Error(error) => unknown_class(schema, error, class).into(),
        other => other,
    }
}

/// Says that there is no such instance, where the class is one that hosts know.
pub(crate) fn no_instance(schema: &Schema, error: Error, epr: &Epr) -> Error {
    if schema.class(epr.class()).is_none() || !is_not_found(&error) {
        return unknown_class(schema, error, epr.class());
    }
    let look = format!("`hvctl enumerate {}` lists those that there are", epr.class());
    Error::new(ErrorKind::NotFound, format!("failed to find `{epr}`: the host knows no such instance"))
        .with_hint(look)
        .with_source(error)
}

fn refused(typed: &str, reason: &str, hint: Option<String>) -> Failure {
    let error = Error::new(ErrorKind::Config, format!("failed to read `{typed}` as a name: {reason}"));
    match hint {
        Some(hint) => error.with_hint(hint).into(),
        None => error.into(),
    }
}

/// What is on standard input.
///
/// # Errors
/// `Io`.
pub(crate) fn standard_input() -> Result<String, Failure> {
    /// Far more than an instance needs.
    const LARGEST: u64 = 1024 * 1024;
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(LARGEST)
        .read_to_string(&mut text)
        .map_err(|error| Failure::io("failed to read standard input", error))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &str) -> String {
        match parse(typed, Scope::of_tests()) {
            Ok(Named::Instance(epr)) => epr.to_string().replace("root\\virtualization\\v2:", ""),
            Ok(Named::Class(epr)) => format!("class {}", epr.class()),
            Err(failure) => failure.to_text(),
        }
    }

    #[test]
    fn paths_are_read_with_and_without_quotes() {
        let machine = r#"Msvm_ComputerSystem.Name="V",CreationClassName="Msvm_ComputerSystem""#;
        assert_eq!(read(machine), machine);
        assert_eq!(read("Msvm_ComputerSystem.Name='V'"), machine);
        assert_eq!(read("Msvm_ComputerSystem.Name=V"), machine);
        assert_eq!(
            read(r"Msvm_VirtualSystemSettingData.InstanceID=Microsoft:A\B"),
            r#"Msvm_VirtualSystemSettingData.InstanceID="Microsoft:A\\B""#
        );
        assert_eq!(read("Msvm_ComputerSystem"), "class Msvm_ComputerSystem");
        assert_eq!(read("Win32_OperatingSystem=@"), "Win32_OperatingSystem");
        assert_eq!(read("root/cimv2:Win32_Service.Name=winrm"), r#"root\cimv2:Win32_Service.Name="winrm""#);
    }

    #[test]
    fn references_and_instances_in_json_are_names_too() {
        let machine = r#"Msvm_ConcreteJob.InstanceID="A""#;
        let epr =
            Epr::class_of("Msvm_ConcreteJob", "root/virtualization/v2").with("InstanceID", "A").unwrap();
        assert_eq!(read(&json::reference(&epr).to_string()), machine);
        assert_eq!(read(&format!("[{}]", json::reference(&epr))), machine);
        assert_eq!(
            read(r#"{"__CLASS":"X","__PATH":"root\\virtualization\\v2:Msvm_ConcreteJob.InstanceID=\"A\""}"#),
            machine
        );
    }

    #[test]
    fn what_names_nothing_is_refused_with_a_hint() {
        insta::assert_snapshot!(read("Msvm_ComputerSystem.Nmae=V"), @r"
            error: failed to read `Msvm_ComputerSystem.Nmae=V` as a name: `Nmae` is no key of `Msvm_ComputerSystem`, which has `Name`, `CreationClassName`
            hint: did you mean `Name`?
        ");
        insta::assert_snapshot!(read("a b"), @r#"
            error: failed to read `a b` as a name: expected an object path with a class, `Class.Key="value"`, got `a b`
            hint: such as `Msvm_ConcreteJob.InstanceID="…"`; `hvctl schema show CLASS` names the keys
        "#);
        insta::assert_snapshot!(read("[]"), @"error: failed to read `JSON` as a name: expected one instance, got an array of 0");
        insta::assert_snapshot!(read("{}"), @"error: failed to read `{}` as a name: expected an object of `uri` and `selectors`, or one with `__PATH`");
        insta::assert_snapshot!(read("{"), @r"
            error: failed to read a reference as JSON
            caused by: EOF while parsing an object at line 1 column 1
        ");
    }
}
