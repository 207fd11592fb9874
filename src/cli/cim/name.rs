//! How an instance is named: by object path, by a reference in JSON, or by its class where there is only one.

use super::{Scope, json, place};
use crate::{
    cim::{Epr, ObjectPath, schema::Class},
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

/// The reference of the instance that was typed: `Class.Key="value",…`, `Class="value"` for the only key, `Class` for the
/// only one of its class, a reference or an instance in JSON, or `-` for one of these on standard input.
///
/// # Errors
/// `Config` for what is none, and for keys that the class does not have, unless `unchecked`; `NotFound` and
/// `Ambiguous` for a class without instances, or with several.
pub(crate) async fn instance(session: &Session, typed: &str, unchecked: bool) -> Result<Epr, Failure> {
    find(session, typed, unchecked).await.map(|found| found.epr)
}

/// An instance that was named.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) epr: Epr,
    /// The reference is the host's own: there is such an instance.
    pub(crate) is_there: bool,
}

/// As [`instance`].
///
/// # Errors
/// As [`instance`].
pub(crate) async fn find(session: &Session, typed: &str, unchecked: bool) -> Result<Found, Failure> {
    let typed = match typed {
        "-" => aside(standard_input).await?,
        _ => typed.to_owned(),
    };
    match parse(&typed, session.scope(unchecked))? {
        Named::Instance(epr) => Ok(Found { epr, is_there: false }),
        Named::Class(class) => Ok(Found { epr: only_instance(session, &class).await?, is_there: true }),
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
        let epr = json::read_reference(&value, scope).map_err(|reason| {
            let is_instance = value.get("__PATH").is_some_and(Json::is_null);
            let hint =
                is_instance.then(|| "print it with `--mode both`, which asks for its reference".to_owned());
            refused(&json::in_short(&value), &reason, hint)
        })?;
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
    let mut epr = scope.epr(&path).map_err(|reason| refused(typed, &reason, None))?;
    if path.unnamed_key().is_some() {
        // Its class has no other key.
        return Ok(Named::Instance(epr));
    }
    if path.keys().next().is_none() {
        let singleton = typed.trim_end().ends_with("=@");
        return Ok(if singleton { Named::Instance(epr) } else { Named::Class(epr) });
    }
    if let Some(class) = scope.class_of(&epr) {
        let is_key = |key: &str| class.keys().any(|known| known.eq_ignore_ascii_case(key));
        if let Some((key, _)) = path.keys().find(|(key, _)| !scope.unchecked && !is_key(key)) {
            let keys: Vec<_> = class.keys().map(|key| format!("`{key}`")).collect();
            let reason = format!("`{key}` is no key of `{}`, which has {}", class.name(), keys.join(", "));
            let hint = did_you_mean(key, class.keys()).unwrap_or_else(|| NO_CHECK.to_owned());
            return Err(refused(typed, &reason, Some(hint)));
        }
        // The one key whose value is known beforehand, checked or not.
        if class.keys().any(|key| key == CREATION_CLASS) && path.key(CREATION_CLASS).is_none() {
            epr = epr.with(CREATION_CLASS, class.name()).map_err(Error::from)?;
        }
    }
    Ok(Named::Instance(epr))
}

const CREATION_CLASS: &str = "CreationClassName";

/// The path with quotes around values that have none, as shells tend to eat them.
fn with_quotes(typed: &str) -> Option<String> {
    if let Some((class, value)) = typed.split_once('=')
        && !class.contains('.')
    {
        // More than one value has no form without names.
        let bare = !value.is_empty() && !value.contains(['"', '\'', ',', '=']);
        return bare.then(|| format!("{class}=\"{}\"", value.replace('\\', "\\\\")));
    }
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
    let items = call.await.map_err(|error| unknown_class(session.scope(false), error, class))?;
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
pub(crate) fn unknown_class(scope: Scope<'_>, error: Error, class: &Epr) -> Error {
    match meant(scope, class) {
        Some(hint) if error.fault().is_some() => error.with_hint(hint),
        _ => error,
    }
}

/// The class that was likely meant by one that the schema does not know, though it is about the namespace.
fn meant(scope: Scope<'_>, class: &Epr) -> Option<String> {
    let is_described = class.namespace().is_none_or(place::is_described);
    let is_unknown = is_described && scope.class_of(class).is_none();
    is_unknown.then(|| did_you_mean(class.class(), scope.schema.classes().map(Class::name)))?
}

/// As [`unknown_class`], of a command's failure.
pub(crate) fn explained(scope: Scope<'_>, failure: Failure, class: &Epr) -> Failure {
    match failure {
        Failure::Error(error) => unknown_class(scope, error, class).into(),
        other => other,
    }
}

/// Says that there is no such instance, where that is what the host has said.
pub(crate) fn no_instance(scope: Scope<'_>, error: Error, epr: &Epr) -> Error {
    if epr.selectors().is_empty() || !is_not_found(&error) {
        return unknown_class(scope, error, epr);
    }
    // Of a class that the schema does not know, it may as well be the class: the fault is the same.
    let what = if scope.class_of(epr).is_some() { "instance" } else { "class or instance" };
    let hint = meant(scope, epr).unwrap_or_else(|| {
        let namespace = epr.namespace().filter(|namespace| !place::is_described(namespace));
        let class = namespace.map_or_else(|| epr.class().to_owned(), |at| format!("{at}:{}", epr.class()));
        format!("`hvctl enumerate {class}` lists those that there are")
    });
    Error::new(ErrorKind::NotFound, format!("failed to find `{epr}`: the host knows no such {what}"))
        .with_hint(hint)
        .with_source(error)
}

/// As [`no_instance`], of a command's failure.
pub(crate) fn not_there(scope: Scope<'_>, failure: Failure, epr: &Epr) -> Failure {
    match failure {
        Failure::Error(error) => no_instance(scope, error, epr).into(),
        other => other,
    }
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

/// Reads a name and, from what is printed of it, reads it again.
#[cfg(any(test, fuzzing))]
pub(crate) fn fuzzed(typed: &str, scope: Scope<'_>) {
    match parse(typed, scope) {
        Ok(Named::Instance(epr)) => {
            let again = json::read_reference(&json::reference(&epr), scope);
            assert_eq!(again.as_ref(), Ok(&epr), "{typed}");
        }
        Ok(Named::Class(_)) => {}
        Err(failure) => assert!(!failure.to_text().is_empty(), "{typed}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &str) -> String {
        read_with(typed, false)
    }

    fn read_with(typed: &str, unchecked: bool) -> String {
        match parse(typed, Scope { unchecked, ..Scope::of_tests() }) {
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
        let job = r#"Msvm_ConcreteJob.InstanceID="A.B""#;
        for typed in [r#"Msvm_ConcreteJob="A.B""#, "Msvm_ConcreteJob='A.B'", "Msvm_ConcreteJob=A.B"] {
            assert_eq!((read(typed).as_str(), read_with(typed, true).as_str()), (job, job));
        }
        assert_eq!(read("Msvm_ComputerSystem"), "class Msvm_ComputerSystem");
        assert_eq!(read("Win32_OperatingSystem=@"), "Win32_OperatingSystem");
        assert_eq!(read("root/cimv2:Win32_Service.Name=winrm"), r#"root\cimv2:Win32_Service.Name="winrm""#);
    }

    #[test]
    fn keys_are_completed_whether_they_are_checked_or_not() {
        let machine = r#"Msvm_ComputerSystem.Name="V",CreationClassName="Msvm_ComputerSystem""#;
        assert_eq!(read_with("Msvm_ComputerSystem.Name=V", true), machine);
        assert_eq!(read_with("Msvm_ComputerSystem.New=V", true), machine.replace("Name=\"V", "New=\"V"));
        // Another class of that name.
        let elsewhere = r#"root\cimv2:CIM_ComputerSystem.Name="V""#;
        assert_eq!(read(elsewhere), elsewhere);
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
        insta::assert_snapshot!(read("Win32_Service=winrm"), @r#"error: failed to read `Win32_Service=winrm` as a name: expected the name of the key, `Win32_Service.Key=…`, as the schema has no such class, got `Win32_Service="winrm"`"#);
        insta::assert_snapshot!(read("Msvm_ComputerSystem=V"), @r#"error: failed to read `Msvm_ComputerSystem=V` as a name: expected the keys of `Msvm_ComputerSystem` by name, `Name`, `CreationClassName`, got `Msvm_ComputerSystem="V"`"#);
        insta::assert_snapshot!(read("Msvm_ConcreteJob=A,B"), @r#"
            error: failed to read `Msvm_ConcreteJob=A,B` as a name: expected a value in quotes, a number, `TRUE` or `FALSE`, got `Msvm_ConcreteJob=A,B`
            hint: such as `Msvm_ConcreteJob.InstanceID="…"`; `hvctl schema show CLASS` names the keys
        "#);
        insta::assert_snapshot!(read("a b"), @r#"
            error: failed to read `a b` as a name: expected an object path with a class, `Class.Key="value"`, got `a b`
            hint: such as `Msvm_ConcreteJob.InstanceID="…"`; `hvctl schema show CLASS` names the keys
        "#);
        insta::assert_snapshot!(read(r"\\hv2\root\cimv2:Win32_Service.Name=winrm"), @r"error: failed to read `\\hv2\root\cimv2:Win32_Service.Name=winrm` as a name: the path names the host `hv2`, and the connection is to `hv1.example.org`; if both are one, leave the host out of the path");
        let path = r#"{"__PATH":"\\\\hv2\\root\\cimv2:Win32_Service.Name=\"winrm\""}"#;
        assert!(read(path).contains("names the host `hv2`"), "{}", read(path));
        insta::assert_snapshot!(read(&format!(r#"{{"__CLASS":"X","__PATH":null,"A":"{}"}}"#, "x".repeat(200))), @r#"
            error: failed to read `{"__CLASS":"X","__PATH":null,"A":"xxxxxxxxxxxxxxxxxxxxxxxxxx…` as a name: expected an object of `uri` and `selectors`, or one with `__PATH`
            hint: print it with `--mode both`, which asks for its reference
        "#);
        insta::assert_snapshot!(read("[]"), @"error: failed to read `JSON` as a name: expected one instance, got an array of 0");
        insta::assert_snapshot!(read("{}"), @"error: failed to read `{}` as a name: expected an object of `uri` and `selectors`, or one with `__PATH`");
        insta::assert_snapshot!(read("{"), @r"
            error: failed to read a reference as JSON
            caused by: EOF while parsing an object at line 1 column 1
        ");
    }
}
