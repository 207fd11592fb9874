//! Reading of CIM-XML instances (DSP0201).

use super::{CimError, CimType, Epr, Instance, Text, Value};
use crate::xml::{Element, Limits};

impl Instance {
    /// Reads CIM-XML text (`Msvm_Error` of `GetErrorEx`, setting data). PROPERTY without VALUE is
    /// null; PROPAGATED, CLASSORIGIN and QUALIFIER are passed over.
    ///
    /// ```
    /// use hyperv_wsman::cim::{Instance, Value};
    ///
    /// let error = Instance::from_cim_xml(
    ///     r#"<INSTANCE CLASSNAME="Msvm_Error">
    ///          <PROPERTY NAME="Message" TYPE="string"><VALUE>disk full</VALUE></PROPERTY>
    ///          <PROPERTY NAME="ProbableCause" TYPE="uint16"></PROPERTY>
    ///        </INSTANCE>"#,
    /// )?;
    /// assert_eq!(error.str("Message"), Some("disk full"));
    /// assert_eq!(error.get("ProbableCause"), Some(&Value::Null));
    /// # Ok::<(), hyperv_wsman::cim::CimError>(())
    /// ```
    ///
    /// # Errors
    /// [`CimError`] naming what was expected and what came.
    pub fn from_cim_xml(text: &str) -> Result<Self, CimError> {
        let root = Element::parse(text.as_bytes(), &Limits::default())?;
        // A peer may wrap it (`CIM/DECLARATION/DECLGROUP/VALUE.OBJECT`).
        let found = if root.is("", "INSTANCE") { Some(&root) } else { root.find("", "INSTANCE") };
        instance(
            found
                .ok_or_else(|| CimError::shape("an `INSTANCE` element", format!("`{}`", root.name.local)))?,
        )
    }
}

fn instance(element: &Element) -> Result<Instance, CimError> {
    let class = required(element, "CLASSNAME")?;
    let mut instance = Instance::new(class);
    for property in element.elements() {
        let read = match property.name.local.as_str() {
            "PROPERTY" => scalar,
            "PROPERTY.ARRAY" => array,
            "PROPERTY.REFERENCE" => reference_property,
            "PROPERTY.OBJECT" => object,
            // QUALIFIER, METHOD and whatever a peer adds carry no value.
            _ => continue,
        };
        let name = required(property, "NAME")?;
        let value = read(property).map_err(|error| error.of_property(class, name))?;
        instance.set(name, value);
    }
    Ok(instance)
}

fn scalar(property: &Element) -> Result<Value, CimError> {
    let cim_type = declared_type(property)?;
    match property.child("", "VALUE") {
        Some(value) => Value::parse(cim_type, &value.text()),
        None => Ok(Value::Null),
    }
}

fn array(property: &Element) -> Result<Value, CimError> {
    let cim_type = declared_type(property)?;
    let Some(values) = property.child("", "VALUE.ARRAY") else {
        return Ok(Value::Null);
    };
    let elements = values.elements().map(|value| match value.name.local.as_str() {
        "VALUE" => Value::parse(cim_type, &value.text()),
        "VALUE.NULL" => Ok(Value::Null),
        other => Err(CimError::shape("`VALUE` or `VALUE.NULL`", format!("`{other}`"))),
    });
    elements.collect::<Result<_, _>>().map(Value::Array)
}

fn reference_property(property: &Element) -> Result<Value, CimError> {
    property.child("", "VALUE.REFERENCE").map_or(Ok(Value::Null), |value| {
        let (namespace, epr) = reference(value)?;
        if namespace.is_empty() {
            // A name relative to a namespace that is not known here.
            return Ok(Value::Untyped(Text::new(epr.to_path().to_string())?));
        }
        Ok(Value::from(epr))
    })
}

/// WMI's own form of an embedded object: `VALUE.OBJECT` with the `INSTANCE`.
fn object(property: &Element) -> Result<Value, CimError> {
    property.find("", "INSTANCE").map_or(Ok(Value::Null), |element| instance(element).map(Value::from))
}

/// The instance that `VALUE.REFERENCE` names: an `INSTANCENAME`, alone or in a path, with the
/// namespace of the path (empty without).
fn reference(value: &Element) -> Result<(String, Epr), CimError> {
    let path =
        ["INSTANCEPATH", "LOCALINSTANCEPATH"].iter().find_map(|name| value.child("", name)).unwrap_or(value);
    let name = path
        .child("", "INSTANCENAME")
        .ok_or_else(|| CimError::shape("an `INSTANCENAME`", format!("`{}` without it", value.name.local)))?;
    let parts = path.find("", "LOCALNAMESPACEPATH").into_iter().flat_map(Element::elements);
    let parts = parts.map(|part| required(part, "NAME")).collect::<Result<Vec<_>, _>>()?;
    let namespace = parts.join("/");
    let mut epr = Epr::class_of(required(name, "CLASSNAME")?, &namespace);
    for binding in name.elements().filter(|child| child.is("", "KEYBINDING")) {
        let key = required(binding, "NAME")?;
        epr = match (binding.child("", "KEYVALUE"), binding.child("", "VALUE.REFERENCE")) {
            (Some(text), _) => epr.with(key, &text.text())?,
            (None, Some(nested)) => epr.with_reference(key, reference(nested)?.1)?,
            (None, None) => {
                return Err(CimError::shape(
                    "a `KEYVALUE` or `VALUE.REFERENCE`",
                    format!("key `{key}` without it"),
                ));
            }
        };
    }
    Ok((namespace, epr))
}

/// The type that the TYPE attribute names; the types of references and objects are not among them.
fn declared_type(property: &Element) -> Result<CimType, CimError> {
    let name = required(property, "TYPE")?;
    CimType::from_name(name)
        .filter(|cim_type| !matches!(cim_type, CimType::Reference | CimType::Object))
        .ok_or_else(|| CimError::shape("a `TYPE` of CIM", name))
}

fn required<'e>(element: &'e Element, attribute: &str) -> Result<&'e str, CimError> {
    element.attribute("", attribute).ok_or_else(|| {
        CimError::shape(&format!("`{}` with `{attribute}`", element.name.local), "one without")
    })
}
