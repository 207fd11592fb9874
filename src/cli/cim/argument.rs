//! `name=value`: parameters of a method and properties of an instance, typed by the schema.

use super::{condition::NO_CHECK, json, name};
use crate::{
    cim::{
        CimError, CimType, Epr, Text, Value,
        schema::{Class, Method, Parameter, Property},
    },
    cli::{config, failure::Failure, similar::did_you_mean},
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
    cim_type: CimType,
    is_array: bool,
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
    /// `parameter` or `property`.
    kind: &'static str,
    unchecked: bool,
}

impl<'s> Target<'s> {
    /// The parameters of a method that are sent.
    pub(crate) fn method(class: &str, name: &str, method: Option<Method<'s>>, unchecked: bool) -> Self {
        let parameters = method.map(|method| {
            method.parameters().filter(|parameter| parameter.direction().is_in()).map(Into::into).collect()
        });
        Self { name: format!("{class}.{name}"), declared: parameters, kind: "parameter", unchecked }
    }

    /// The properties of a class.
    pub(crate) fn class(name: &str, class: Option<Class<'s>>, unchecked: bool) -> Self {
        let properties = class.map(|class| class.properties().map(Into::into).collect());
        Self { name: name.to_owned(), declared: properties, kind: "property", unchecked }
    }

    /// The values of all arguments, in the order of their first mention. One that is repeated is an array.
    ///
    /// # Errors
    /// `Config` for what the target does not have, and for values that do not fit; `Io` for files.
    pub(crate) fn values(
        &self,
        arguments: &[Argument],
        namespace: &str,
    ) -> Result<Vec<(String, Value)>, Failure> {
        let mut groups: Vec<(&str, Vec<&Source>)> = Vec::new();
        for Argument { name, source } in arguments {
            match groups.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
                Some((_, sources)) => sources.push(source),
                None => groups.push((name, vec![source])),
            }
        }
        let one = |(name, sources): (&str, Vec<&Source>)| {
            let declared = self.find(name)?;
            let reader = Reader { target: self, name, declared, namespace };
            let spelled = declared.map_or(name, |declared| declared.name);
            Ok((spelled.to_owned(), reader.read(&sources)?))
        };
        groups.into_iter().map(one).collect()
    }

    fn find(&self, name: &str) -> Result<Option<&Declared<'s>>, Failure> {
        let Some(all) = &self.declared else { return Ok(None) };
        let found = all.iter().find(|declared| declared.name.eq_ignore_ascii_case(name));
        if found.is_some() || self.unchecked {
            return Ok(found);
        }
        let message = format!("failed to use `{name}`: `{}` has no such {}", self.name, self.kind);
        let names: Vec<&str> = all.iter().map(|declared| declared.name).collect();
        let hint = did_you_mean(name, names.iter().copied()).unwrap_or_else(|| match names.as_slice() {
            [] => "it has none".to_owned(),
            names => format!("it has {}; {NO_CHECK}", names.join(", ")),
        });
        Err(Error::new(ErrorKind::Config, message).with_hint(hint).into())
    }
}

/// Reads the values of one argument.
struct Reader<'a> {
    target: &'a Target<'a>,
    name: &'a str,
    declared: Option<&'a Declared<'a>>,
    namespace: &'a str,
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
        match self.declared.map(|declared| declared.is_array) {
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
        self.declared.is_none_or(|declared| {
            matches!(declared.cim_type, CimType::String | CimType::Char16 | CimType::Object)
        })
    }

    fn text(&self, text: &str) -> Result<Value, Failure> {
        let Some(declared) = self.declared else {
            return Value::string(text).map_err(|error| self.unreadable(&error));
        };
        let code = declared.values.iter().find(|(_, name)| name.eq_ignore_ascii_case(text));
        match (declared.cim_type, code) {
            (CimType::Reference, _) => Ok(name::reference(text, self.namespace)?.into()),
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
            Json::Bool(value) if self.declared.is_none() => Ok((*value).into()),
            Json::Number(number) if self.declared.is_none() => Ok(match (number.as_i64(), number.as_u64()) {
                (Some(integer), _) => integer.into(),
                (None, Some(integer)) => integer.into(),
                (None, None) => number.as_f64().unwrap_or_default().into(),
            }),
            Json::Bool(_) | Json::Number(_) => self.text(&value.to_string()),
            Json::Array(elements) => {
                let elements = elements.iter().map(|element| match element {
                    Json::Array(_) => Err(self.refused("an array of single values", "an array in it", None)),
                    one => self.json(one),
                });
                Ok(Value::Array(elements.collect::<Result<_, _>>()?))
            }
            Json::Object(_) if self.declared.is_some_and(|one| one.cim_type == CimType::Reference) => {
                let epr: Result<Epr, String> = json::read_reference(value, self.namespace);
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
        let instance = json::read_instance(value, class, self.namespace, self.target.unchecked)?;
        instance.to_cim_xml().map_err(|error| self.unreadable(&error))
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
            cim_type: property.cim_type(),
            is_array: property.is_array(),
            class: property.class_name(),
            values: property.values().collect(),
        }
    }
}

impl<'s> From<Parameter<'s>> for Declared<'s> {
    fn from(parameter: Parameter<'s>) -> Self {
        Self {
            name: parameter.name(),
            cim_type: parameter.cim_type(),
            is_array: parameter.is_array(),
            class: parameter.class_name(),
            values: parameter.values().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cim::schema;

    fn values(class: &str, method: &str, typed: &[&str]) -> Result<Vec<(String, Value)>, String> {
        let arguments: Vec<Argument> = typed.iter().map(|typed| typed.parse().unwrap()).collect();
        let declared = schema::class(class).unwrap().method(method);
        let target = Target::method(class, method, declared, false);
        target.values(&arguments, "root/virtualization/v2").map_err(|failure| failure.to_text())
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
    fn what_does_not_fit_is_refused_with_a_hint() {
        let create = |typed: &str| one("Msvm_CollectionSnapshotService", "CreateSnapshot", typed);
        insta::assert_snapshot!(create("SnapshotTyp=2"), @r"
            error: failed to use `SnapshotTyp`: `Msvm_CollectionSnapshotService.CreateSnapshot` has no such parameter
            hint: did you mean `SnapshotType`?
        ");
        insta::assert_snapshot!(create("Job=2"), @r"
            error: failed to use `Job`: `Msvm_CollectionSnapshotService.CreateSnapshot` has no such parameter
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
        insta::assert_snapshot!(create("SnapshotSettings:={\"A\":1}"), @"error: failed to read an instance: expected its class as `__CLASS`");
    }

    #[test]
    fn text_that_is_no_argument_is_refused() {
        for typed in ["", "x", "=x", "a b=c", "a:={", ":=1"] {
            assert!(typed.parse::<Argument>().is_err(), "{typed}");
        }
    }
}
