//! `name=value`: parameters of a method and properties of an instance, typed by the schema.

use super::{Scope, json, name};
use crate::{
    cim::{
        CimError, CimType, Epr, Text, Value, check,
        schema::{Class, Method, Parameter, Property},
    },
    cli::{config, failure::Failure},
    error::{Error, ErrorKind},
};
use serde_json::Value as Json;
use std::{path::PathBuf, str::FromStr};

/// One argument as it was typed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Argument {
    pub(crate) name: String,
    source: Source,
}

#[derive(Debug, Clone, PartialEq)]
enum Source {
    /// `name=value`
    Text(String),
    /// `name:=json`
    Json(Json),
    /// `name=@file`
    File(PathBuf),
}

impl Argument {
    /// One that did not come from a command line.
    pub(crate) fn json(name: &str, value: Json) -> Self {
        Self { name: name.to_owned(), source: Source::Json(value) }
    }
}

impl FromStr for Argument {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        let form = || format!("expected NAME=VALUE, NAME=@FILE or NAME:=JSON, got `{typed}`");
        let (name, value) = typed.split_once('=').ok_or_else(form)?;
        let (name, is_json) = name.strip_suffix(':').map_or((name, false), |name| (name, true));
        let plain = |character: char| character.is_ascii_alphanumeric() || character == '_';
        if name.is_empty() || !name.chars().all(plain) {
            return Err(form());
        }
        let source = if is_json {
            let read = serde_json::from_str(value);
            Source::Json(read.map_err(|error| format!("expected JSON behind `{name}:=`: {error}"))?)
        } else if let Some(file) = value.strip_prefix('@') {
            Source::File(file.into())
        } else {
            Source::Text(value.to_owned())
        };
        Ok(Self { name: name.to_owned(), source })
    }
}

/// What a value is for.
#[derive(Debug, Clone)]
pub(crate) struct Declared<'s> {
    name: &'s str,
    /// What it is, and whether of several; `None` where nobody tells.
    kind: Option<(CimType, bool)>,
    /// Of references and embedded instances.
    class: Option<&'s str>,
    values: Vec<(i64, &'s str)>,
}

/// Whose arguments they are.
#[derive(Debug)]
pub(crate) struct Target<'s> {
    /// `Msvm_X.Method` or `Msvm_X`.
    name: String,
    /// `None` where the schema does not know it.
    declared: Option<Vec<Declared<'s>>>,
    owner: Owner<'s>,
    scope: Scope<'s>,
}

/// Who has the parameters or properties.
#[derive(Debug, Clone, Copy)]
enum Owner<'s> {
    Method(Method<'s>),
    Class(Class<'s>),
    Unknown,
}

impl<'s> Target<'s> {
    /// The parameters of a method that are sent.
    pub(crate) fn method(class: &str, name: &str, method: Option<Method<'s>>, scope: Scope<'s>) -> Self {
        let parameters = method.map(|method| {
            method.parameters().filter(|parameter| parameter.direction().is_in()).map(Into::into).collect()
        });
        Self {
            name: format!("{class}.{name}"),
            declared: parameters,
            owner: method.map_or(Owner::Unknown, Owner::Method),
            scope,
        }
    }

    /// The properties of a class.
    ///
    /// # Errors
    /// `Config` for a class that the schema should know.
    pub(crate) fn class(epr: &Epr, scope: Scope<'s>) -> Result<Self, Failure> {
        let known = match check::class(scope.schema, epr) {
            Err(_) if scope.unchecked => None,
            known => known.map_err(super::refused_class)?,
        };
        Ok(Self::properties(epr.class(), known, scope))
    }

    /// The properties of an embedded instance.
    pub(super) fn properties(name: &str, class: Option<Class<'s>>, scope: Scope<'s>) -> Self {
        let properties = class.map(|class| class.properties().map(Into::into).collect());
        Self {
            name: name.to_owned(),
            declared: properties,
            owner: class.map_or(Owner::Unknown, Owner::Class),
            scope,
        }
    }

    /// The values of all arguments, in the order of their first mention. One that is repeated is an array.
    ///
    /// # Errors
    /// `Config` for what the target does not have, and for values that do not fit; `Io` for files.
    pub(crate) fn values(&self, arguments: &[Argument]) -> Result<Vec<(String, Value)>, Failure> {
        let mut groups: Vec<(&str, Vec<&Source>)> = Vec::new();
        for Argument { name, source } in arguments {
            match groups.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
                Some((_, sources)) => sources.push(source),
                None => groups.push((name, vec![source])),
            }
        }
        let one = |(name, sources): (&str, Vec<&Source>)| {
            let declared = self.find(name)?;
            let reader = Reader { target: self, name, declared };
            let spelled = declared.map_or(name, |declared| declared.name);
            Ok((spelled.to_owned(), reader.read(&sources)?))
        };
        groups.into_iter().map(one).collect()
    }

    fn find(&self, name: &str) -> Result<Option<&Declared<'s>>, Failure> {
        let Some(all) = &self.declared else { return Ok(None) };
        let found = all.iter().find(|declared| declared.name.eq_ignore_ascii_case(name));
        if found.is_some() || self.scope.unchecked {
            return Ok(found);
        }
        match self.owner {
            Owner::Method(method) => check::parameter(&self.name, method, name).map(drop),
            Owner::Class(class) => check::property(class, name).map(drop),
            Owner::Unknown => Ok(()),
        }
        .map_err(super::refused)?;
        Ok(None)
    }
}

/// Reads the values of one argument.
struct Reader<'a> {
    target: &'a Target<'a>,
    name: &'a str,
    declared: Option<&'a Declared<'a>>,
}

impl Reader<'_> {
    fn read(&self, sources: &[&Source]) -> Result<Value, Failure> {
        let mut elements = Vec::new();
        let mut is_array = sources.len() > 1;
        for source in sources {
            match self.source(source)? {
                Value::Array(more) => {
                    is_array = true;
                    elements.extend(more);
                }
                one => elements.push(one),
            }
        }
        match self.declared_type().map(|(_, is_array)| is_array) {
            Some(false) if is_array => Err(self.refused("one value", "several", None)),
            // A null array is null, not an array of it.
            Some(true) if elements.as_slice() != [Value::Null] => Ok(Value::Array(elements)),
            None if is_array => Ok(Value::Array(elements)),
            _ => Ok(elements.pop().unwrap_or(Value::Null)),
        }
    }

    fn source(&self, source: &Source) -> Result<Value, Failure> {
        match source {
            // Text of that word is `:="null"`, where it could be meant.
            Source::Text(text) if text == "null" && !self.is_text() => Ok(Value::Null),
            Source::Text(text) => self.text(text),
            Source::Json(value) => self.json(value),
            Source::File(path) => {
                let text = String::from_utf8(config::read(path)?).map_err(|error| {
                    let message = format!("failed to use `{}` for `{}`", path.display(), self.name);
                    Error::new(ErrorKind::Config, message).with_source(error.utf8_error())
                })?;
                let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
                if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
                    let value = serde_json::from_str(text).map_err(|error| {
                        let message = format!("failed to read `{}` as JSON", path.display());
                        Error::new(ErrorKind::Config, message).with_source(error)
                    })?;
                    return self.json(&value);
                }
                self.text(text)
            }
        }
    }

    fn is_text(&self) -> bool {
        self.declared_type().is_none_or(|(cim_type, _)| {
            matches!(cim_type, CimType::String | CimType::Char16 | CimType::Object)
        })
    }

    fn declared_type(&self) -> Option<(CimType, bool)> {
        self.declared?.kind
    }

    fn text(&self, text: &str) -> Result<Value, Failure> {
        let Some((declared, (cim_type, _))) = self.declared.zip(self.declared_type()) else {
            return Value::string(text).map_err(|error| self.unreadable(&error));
        };
        let code = declared.values.iter().find(|(_, name)| name.eq_ignore_ascii_case(text));
        match (cim_type, code) {
            (CimType::Reference, _) => Ok(name::reference(text, self.target.scope)?.into()),
            // Embedded instances travel as text.
            (CimType::Object | CimType::String, _) => {
                Value::string(text).map_err(|error| self.unreadable(&error))
            }
            (cim_type, Some((code, _))) => {
                Value::parse(cim_type, &code.to_string()).map_err(|error| self.unreadable(&error))
            }
            (cim_type, None) => Value::parse(cim_type, text).map_err(|error| self.unreadable(&error)),
        }
    }

    fn json(&self, value: &Json) -> Result<Value, Failure> {
        match value {
            Json::Null => Ok(Value::Null),
            Json::String(text) => self.text(text),
            Json::Bool(value) if self.declared_type().is_none() => Ok((*value).into()),
            Json::Number(number) if self.declared_type().is_none() => {
                Ok(match (number.as_i64(), number.as_u64()) {
                    (Some(integer), _) => integer.into(),
                    (None, Some(integer)) => integer.into(),
                    (None, None) => number.as_f64().unwrap_or_default().into(),
                })
            }
            Json::Bool(_) | Json::Number(_) => self.text(&value.to_string()),
            Json::Array(elements) => {
                let elements = elements.iter().map(|element| match element {
                    Json::Array(_) => Err(self.refused("an array of single values", "an array in it", None)),
                    one => self.json(one),
                });
                Ok(Value::Array(elements.collect::<Result<_, _>>()?))
            }
            Json::Object(_) if self.declared_type().is_some_and(|(one, _)| one == CimType::Reference) => {
                let epr: Result<Epr, String> = json::read_reference(value, self.target.scope);
                epr.map(Value::from).map_err(|reason| self.refused("a reference", &reason, None))
            }
            Json::Object(_) => {
                if !self.is_text() {
                    return Err(self.refused("a single value", "an object", None));
                }
                let class = self.declared.and_then(|declared| declared.class);
                self.embedded(value, class).map(Value::String)
            }
        }
    }

    /// An embedded instance as the text that it travels as.
    fn embedded(&self, value: &Json, class: Option<&str>) -> Result<Text, Failure> {
        let has_class = class.is_some() || value.get("__CLASS").is_some_and(Json::is_string);
        if !has_class {
            let hint = "an instance in JSON names its class: {\"__CLASS\": \"Msvm_…\", …}";
            return Err(self.refused("an instance with its class as `__CLASS`", "one without", Some(hint)));
        }
        let instance = json::read_instance(value, class, self.target.scope)?;
        instance.to_cim_xml_with(self.target.scope.schema).map_err(|error| self.unreadable(&error))
    }

    fn unreadable(&self, error: &CimError) -> Failure {
        let message = format!("failed to use `{}` of `{}`: {error}", self.name, self.target.name);
        let error = Error::new(ErrorKind::Config, message);
        match self.declared.filter(|declared| !declared.values.is_empty()) {
            Some(declared) => {
                let known: Vec<_> =
                    declared.values.iter().map(|(code, name)| format!("{code} ({name})")).collect();
                error.with_hint(format!("it knows {}", known.join(", "))).into()
            }
            None => error.into(),
        }
    }

    fn refused(&self, expected: &str, found: &str, hint: Option<&str>) -> Failure {
        let message = format!(
            "failed to use `{}` of `{}`: expected {expected}, got {found}",
            self.name, self.target.name
        );
        let error = Error::new(ErrorKind::Config, message);
        match hint {
            Some(hint) => error.with_hint(hint).into(),
            None => error.into(),
        }
    }
}

impl<'s> From<Property<'s>> for Declared<'s> {
    fn from(property: Property<'s>) -> Self {
        Self {
            name: property.name(),
            kind: property.declared_type(),
            class: property.class_name(),
            values: property.values().collect(),
        }
    }
}

impl<'s> From<Parameter<'s>> for Declared<'s> {
    fn from(parameter: Parameter<'s>) -> Self {
        Self {
            name: parameter.name(),
            kind: parameter.declared_type(),
            class: parameter.class_name(),
            values: parameter.values().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(class: &str, method: &str, typed: &[&str]) -> Result<Vec<(String, Value)>, String> {
        let arguments: Vec<Argument> = typed.iter().map(|typed| typed.parse().unwrap()).collect();
        let scope = Scope::of_tests();
        let declared = scope.schema.class(class).unwrap().method(method);
        let target = Target::method(class, method, declared, scope);
        target.values(&arguments).map_err(|failure| failure.to_text())
    }

    fn one(class: &str, method: &str, typed: &str) -> String {
        match values(class, method, &[typed]) {
            Ok(values) => format!("{:?} {}", values[0].1.cim_type(), values[0].1.to_plain_text()),
            Err(error) => error,
        }
    }

    #[test]
    fn values_have_the_types_of_their_parameters() {
        let create = |typed: &str| one("Msvm_CollectionSnapshotService", "CreateSnapshot", typed);
        assert_eq!(create("SnapshotType=2"), "Some(Uint16) 2");
        assert_eq!(create("snapshottype:=2"), "Some(Uint16) 2");
        assert_eq!(create("SnapshotType=null"), "None ");
        assert_eq!(create("SnapshotSettings=null"), "Some(String) null");
        assert_eq!(create("SnapshotSettings:=null"), "None ");
        assert_eq!(create("SnapshotSettings=a=b"), "Some(String) a=b");
        assert_eq!(
            create("Collection=Msvm_VirtualSystemCollection.CollectionID=5D1F"),
            r#"Some(Reference) root\virtualization\v2:Msvm_VirtualSystemCollection.CollectionID="5D1F""#
        );
        let settings =
            r#"SnapshotSettings:={"__CLASS":"Msvm_VirtualSystemSnapshotSettingData","ConsistencyLevel":1}"#;
        assert!(
            create(settings).contains(r#"<PROPERTY NAME="ConsistencyLevel" TYPE="uint8"><VALUE>1</VALUE>"#),
            "{}",
            create(settings)
        );
    }

    #[test]
    fn what_is_repeated_is_an_array() {
        let class = "Msvm_VirtualSystemManagementService";
        let typed = ["ResourceSettings=a", "resourcesettings=b", "AffectedConfiguration:=null"];
        let values = values(class, "AddResourceSettings", &typed).unwrap();
        assert_eq!(values.len(), 2);
        assert_eq!(values[0].1.as_slice().len(), 2);
        let single = ["ResourceSettings=a"];
        let value = self::values(class, "AddResourceSettings", &single).unwrap().remove(0).1;
        assert!(matches!(value, Value::Array(elements) if elements.len() == 1));
    }

    #[test]
    fn what_nobody_tells_the_type_of_is_taken_as_it_is_typed() {
        let set =
            |typed: &[&str]| values("__SystemSecurity", "SetSecurityDescriptor", typed).unwrap().remove(0).1;
        assert_eq!(set(&["Descriptor=D:"]), Value::string("D:").unwrap());
        assert_eq!(set(&["Descriptor:=5"]), Value::from(5_i64));
        assert_eq!(set(&["Descriptor:=1", "Descriptor:=2"]), Value::from(vec![1_i64, 2]));
    }

    #[test]
    fn what_does_not_fit_is_refused_with_a_hint() {
        let create = |typed: &str| one("Msvm_CollectionSnapshotService", "CreateSnapshot", typed);
        insta::assert_snapshot!(create("SnapshotTyp=2"), @r"
            error: failed to use `SnapshotTyp`: `Msvm_CollectionSnapshotService.CreateSnapshot` has no such parameter
            hint: did you mean `SnapshotType`?
        ");
        insta::assert_snapshot!(create("Job=2"), @r"
            error: failed to use `Job` of `Msvm_CollectionSnapshotService.CreateSnapshot`: expected a parameter that is sent, got one that the host answers with
            hint: it has Collection, SnapshotSettings, SnapshotType, ResultingSnapshotCollection; for a host that is newer than the schema there is --no-check
        ");
        insta::assert_snapshot!(create("SnapshotType=70000"), @r"
            error: failed to use `SnapshotType` of `Msvm_CollectionSnapshotService.CreateSnapshot`: expected uint16, got `70000`
            hint: it knows 0 (Unknown), 1 (Standard Snapshot), 2 (Recovery Snapshot)
        ");
        insta::assert_snapshot!(create("SnapshotType:=[1]"), @"error: failed to use `SnapshotType` of `Msvm_CollectionSnapshotService.CreateSnapshot`: expected one value, got several");
        insta::assert_snapshot!(create("Collection=x y"), @r#"
            error: failed to read `x y` as a name: expected an object path with a class, `Class.Key="value"`, got `x y`
            hint: such as `Msvm_ConcreteJob.InstanceID="…"`; `hvctl schema show CLASS` names the keys
        "#);
        insta::assert_snapshot!(create("SnapshotSettings=@/does/not/exist"), @r"
            error: failed to read `/does/not/exist`
            caused by: No such file or directory (os error 2)
        ");
        insta::assert_snapshot!(create("SnapshotSettings:={\"A\":1}"), @r#"
            error: failed to use `SnapshotSettings` of `Msvm_CollectionSnapshotService.CreateSnapshot`: expected an instance with its class as `__CLASS`, got one without
            hint: an instance in JSON names its class: {"__CLASS": "Msvm_…", …}
        "#);
    }

    #[test]
    fn text_that_is_no_argument_is_refused() {
        for typed in ["", "x", "=x", "a b=c", "a:={", ":=1"] {
            assert!(typed.parse::<Argument>().is_err(), "{typed}");
        }
    }
}
