//! `Win32_Environment` of `root\cimv2`: the variables of the host's environment.
//!
//! The one class here that WS-Transfer makes, changes and deletes. Its page (Win32 documentation) says
//! that it supports all three; the classes of Hyper-V have methods for that. Which variables there are
//! is chosen.

use super::soap::{Fault, family::Family};
use crate::{
    cim::{CimType, Epr, Instance, Text, Value},
    xml::Element,
};

pub(super) const CLASS: &str = "Win32_Environment";
pub(super) const NAMESPACE: &str = "root/cimv2";

/// By name, as hosts write them.
pub(super) const PROPERTIES: [(&str, CimType); 8] = [
    ("Caption", CimType::String),
    ("Description", CimType::String),
    ("InstallDate", CimType::DateTime),
    ("Name", CimType::String),
    ("Status", CimType::String),
    ("SystemVariable", CimType::Boolean),
    ("UserName", CimType::String),
    ("VariableValue", CimType::String),
];
const KEYS: [&str; 2] = ["Name", "UserName"];
/// The page marks it as the only one that can be written.
const WRITABLE: &str = "VariableValue";

/// The variables.
#[derive(Debug)]
pub(super) struct Environment {
    variables: Vec<Instance>,
}

impl Default for Environment {
    fn default() -> Self {
        let variables = [("ComSpec", r"%SystemRoot%\system32\cmd.exe"), ("OS", "Windows_NT")];
        Self { variables: variables.into_iter().map(|(name, value)| variable(name, SYSTEM, value)).collect() }
    }
}

/// Owner of the variables of the system.
const SYSTEM: &str = "<SYSTEM>";

impl Environment {
    pub(super) fn all(&self) -> &[Instance] {
        &self.variables
    }

    /// Those with these values, all of them.
    ///
    /// # Errors
    /// `n:CannotProcessFilter` for a property that is none.
    pub(super) fn with_values(&self, selectors: &[(String, String)]) -> Result<Vec<Instance>, Fault> {
        for (name, _) in selectors {
            if declared(name).is_none() {
                return Err(Fault::filter(&format!("{CLASS} has no property {name}"), ""));
            }
        }
        let has = |instance: &Instance, (name, value): &(String, String)| {
            instance.get(name).is_some_and(|own| same(&own.to_plain_text(), value))
        };
        let all = |instance: &&Instance| selectors.iter().all(|selector| has(instance, selector));
        Ok(self.variables.iter().filter(all).cloned().collect())
    }

    /// The one that a reference names.
    ///
    /// # Errors
    /// `w:InvalidSelectors`, or that there is none.
    pub(super) fn find(&self, epr: &Epr, operation: &'static str) -> Result<&Instance, Fault> {
        self.position(epr, operation).and_then(|at| self.variables.get(at).ok_or_else(not_there))
    }

    /// Writes what came in the body and gives what is there now.
    ///
    /// # Errors
    /// What the host refuses; then nothing is written.
    pub(super) fn put(&mut self, epr: &Epr, body: &Element) -> Result<Instance, Fault> {
        let values = values(instance_element(body)?)?;
        self.write(epr, &values)
    }

    /// Writes one value.
    ///
    /// # Errors
    /// As [`Environment::put`].
    pub(super) fn put_text(&mut self, epr: &Epr, property: &str, text: &str) -> Result<Instance, Fault> {
        let (name, cim_type) = declared(property).ok_or_else(|| Fault::fragment_path(property))?;
        let value = Value::parse(cim_type, text).map_err(|error| Fault::schema(&error.to_string()))?;
        self.write(epr, &[(name, value)])
    }

    /// Writes one property, from its element.
    ///
    /// # Errors
    /// As [`Environment::put`].
    pub(super) fn put_property(
        &mut self,
        epr: &Epr,
        property: &str,
        holder: &Element,
    ) -> Result<Instance, Fault> {
        let values = values(holder)?;
        match values.as_slice() {
            [(name, _)] if same(name, property) => self.write(epr, &values),
            _ => Err(Fault::schema(&format!("the fragment does not hold {property} alone"))),
        }
    }

    fn write(&mut self, epr: &Epr, values: &[(&'static str, Value)]) -> Result<Instance, Fault> {
        let at = self.position(epr, "PutInstance")?;
        let variable = self.variables.get_mut(at).ok_or_else(not_there)?;
        // A client sends back what it got: what is the same as before is not a change.
        let differs = |(name, value): &&(&str, Value)| variable.get(name).unwrap_or(&Value::Null) != value;
        let changes: Vec<_> = values.iter().filter(differs).cloned().collect();
        if let Some((name, _)) = changes.iter().find(|(name, _)| *name != WRITABLE) {
            return Err(Fault::read_only(name));
        }
        for (name, value) in changes {
            variable.set(name, value);
        }
        Ok(variable.clone())
    }

    /// Makes a variable from what came in the body.
    ///
    /// # Errors
    /// What the host refuses.
    pub(super) fn create(&mut self, body: &Element) -> Result<Epr, Fault> {
        let values = values(instance_element(body)?)?;
        let text = |name: &str| {
            let value = values.iter().find(|(known, _)| *known == name).and_then(|(_, value)| value.as_str());
            value.ok_or_else(|| Fault::schema(&format!("{CLASS} needs {name}")))
        };
        let made = variable(text("Name")?, text("UserName")?, text(WRITABLE)?);
        let epr = reference(&made);
        if self.variables.iter().any(|known| reference(known) == epr) {
            return Err(Fault::already_exists(&epr.to_path().to_string()));
        }
        self.variables.push(made);
        Ok(epr)
    }

    /// Forgets a variable.
    ///
    /// # Errors
    /// As [`Environment::find`].
    pub(super) fn delete(&mut self, epr: &Epr) -> Result<(), Fault> {
        let at = self.position(epr, "DeleteInstance")?;
        self.variables.remove(at);
        Ok(())
    }

    fn position(&self, epr: &Epr, operation: &'static str) -> Result<usize, Fault> {
        let selectors = || epr.selectors().iter().filter(|s| s.name != super::world::CIM_NAMESPACE);
        if let Some(unknown) = selectors().find(|s| !KEYS.iter().any(|key| same(key, &s.name))) {
            return Err(Fault::unexpected_selector(&unknown.name));
        }
        if selectors().count() == 0 {
            return Err(Fault::no_keys(CLASS));
        }
        let names_it = |variable: &Instance| {
            KEYS.iter().all(|key| {
                epr.selector(key).is_some_and(|wanted| variable.str(key).is_some_and(|own| same(own, wanted)))
            })
        };
        let found = self.variables.iter().position(names_it);
        found.ok_or_else(|| Fault::not_found(operation, &epr.to_path().to_string()))
    }
}

/// The reference to a variable.
pub(super) fn reference(variable: &Instance) -> Epr {
    let epr = Epr::class_of(CLASS, NAMESPACE);
    let with =
        |epr: Epr, key: &str| epr.clone().with(key, variable.str(key).unwrap_or_default()).unwrap_or(epr);
    KEYS.into_iter().fold(epr, with)
}

/// Whether the class has such a property.
pub(super) fn is_property(name: &str) -> bool {
    declared(name).is_some()
}

/// Whether it is the class of this module.
pub(super) fn is_class(name: &str) -> bool {
    same(name, CLASS)
}

fn variable(name: &str, user: &str, value: &str) -> Instance {
    let text = |text: &str| Text::new(text).map_or(Value::Null, Value::String);
    Instance::new(CLASS)
        .with("Caption", text(name))
        .with("Description", text(name))
        .with("Name", text(name))
        .with("Status", text("OK"))
        .with("SystemVariable", user == SYSTEM)
        .with("UserName", text(user))
        .with(WRITABLE, text(value))
}

fn declared(name: &str) -> Option<(&'static str, CimType)> {
    PROPERTIES.into_iter().find(|(known, _)| same(known, name))
}

/// The element of the instance in a body.
fn instance_element(body: &Element) -> Result<&Element, Fault> {
    let element = body.elements().next();
    element
        .filter(|element| same(&element.name.local, CLASS) && in_class(element))
        .ok_or_else(|| Fault::schema(&format!("the body does not hold an instance of {CLASS}")))
}

/// The properties in an element, each at most once.
fn values(holder: &Element) -> Result<Vec<(&'static str, Value)>, Fault> {
    let mut values: Vec<(&'static str, Value)> = Vec::new();
    for element in holder.elements() {
        let name = element.name.local.as_str();
        let Some((name, cim_type)) = declared(name).filter(|_| in_class(element)) else {
            return Err(Fault::schema(&format!("{name} is not a property of {CLASS}")));
        };
        if values.iter().any(|(known, _)| *known == name) {
            return Err(Fault::schema(&format!("{name} occurs twice")));
        }
        let value = if element.is_nil() {
            Value::Null
        } else if element.elements().next().is_some() {
            return Err(Fault::schema(&format!("{name} holds elements")));
        } else {
            let value = Value::parse(cim_type, &element.text());
            value.map_err(|error| Fault::schema(&format!("{name}: {error}")))?
        };
        values.push((name, value));
    }
    Ok(values)
}

/// In whichever way the class is named.
fn in_class(element: &Element) -> bool {
    [Family::Windows, Family::Dmtf]
        .into_iter()
        .any(|family| element.name.namespace.eq_ignore_ascii_case(&family.uri(CLASS, NAMESPACE)))
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

fn not_there() -> Fault {
    Fault::not_found("GetObject", CLASS)
}
