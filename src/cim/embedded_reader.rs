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
        instance(found.ok_or_else(|| CimError::form("an `INSTANCE` element", &root.name.local))?)
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
        instance.properties.push((name.into(), value));
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
        other => Err(CimError::form("`VALUE` or `VALUE.NULL`", other)),
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
        .ok_or_else(|| CimError::form("an element with `INSTANCENAME`", &value.name.local))?;
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
                return Err(CimError::form("a key with `KEYVALUE` or `VALUE.REFERENCE`", key));
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
        .ok_or_else(|| CimError::form("a `TYPE` of CIM", name))
}

fn required<'e>(element: &'e Element, attribute: &str) -> Result<&'e str, CimError> {
    element
        .attribute("", attribute)
        .ok_or_else(|| CimError::form(&format!("an element with `{attribute}`"), &element.name.local))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(properties: &str) -> Instance {
        Instance::from_cim_xml(&format!("<INSTANCE CLASSNAME=\"C\">{properties}</INSTANCE>")).unwrap()
    }

    fn refused(text: &str) -> String {
        Instance::from_cim_xml(text).unwrap_err().to_string()
    }

    #[test]
    fn values_have_the_type_that_the_text_names() {
        let instance = read(
            "<PROPERTY NAME='A' TYPE='uint32'><VALUE>33554432</VALUE></PROPERTY>\
             <PROPERTY NAME='B' CLASSORIGIN='X' TYPE='boolean'><VALUE>TRUE</VALUE></PROPERTY>\
             <PROPERTY NAME='C' TYPE='string' EmbeddedObject='instance'><VALUE> &amp;&#60; </VALUE></PROPERTY>\
             <PROPERTY NAME='D' TYPE='datetime'><VALUE>20251217095522.702341+000</VALUE></PROPERTY>",
        );
        assert_eq!(instance.get("A"), Some(&Value::Uint32(33_554_432)));
        assert_eq!(instance.get("B"), Some(&Value::Boolean(true)));
        assert_eq!(instance.str("C"), Some(" &< "));
        assert_eq!(instance.get("D").unwrap().to_plain_text(), "20251217095522.702341+000");
    }

    #[test]
    fn a_property_without_value_is_null() {
        let instance = read(
            "<PROPERTY NAME='A' PROPAGATED='true' TYPE='uint64'></PROPERTY><PROPERTY.ARRAY NAME='B' TYPE='string'/>\
             <PROPERTY.REFERENCE NAME='C'/><PROPERTY.OBJECT NAME='D'/>",
        );
        assert!(instance.properties().all(|(_, value)| value.is_null()));
        assert_eq!(instance.properties().count(), 4);
    }

    #[test]
    fn qualifiers_are_passed_over() {
        let instance = read(
            "<QUALIFIER NAME='Version' TYPE='string'><VALUE>1</VALUE></QUALIFIER>\
             <PROPERTY NAME='A' TYPE='uint8'><QUALIFIER NAME='read' TYPE='boolean'><VALUE>true</VALUE></QUALIFIER>\
             <VALUE>7</VALUE></PROPERTY>",
        );
        assert_eq!(instance.properties().collect::<Vec<_>>(), [("A", &Value::Uint8(7))]);
    }

    #[test]
    fn arrays_may_hold_null_and_be_empty() {
        let instance = read(
            "<PROPERTY.ARRAY NAME='A' TYPE='sint16'><VALUE.ARRAY><VALUE>-1</VALUE><VALUE.NULL/></VALUE.ARRAY></PROPERTY.ARRAY>\
             <PROPERTY.ARRAY NAME='B' TYPE='string'><VALUE.ARRAY/></PROPERTY.ARRAY>",
        );
        assert_eq!(instance.get("A"), Some(&Value::Array(vec![Value::Sint16(-1), Value::Null])));
        assert_eq!(instance.get("B"), Some(&Value::Array(Vec::new())));
    }

    #[test]
    fn references_come_with_or_without_host_and_namespace() {
        let name = "<INSTANCENAME CLASSNAME='J'><KEYBINDING NAME='K'><KEYVALUE>v</KEYVALUE></KEYBINDING></INSTANCENAME>";
        let namespace =
            "<LOCALNAMESPACEPATH><NAMESPACE NAME='root'/><NAMESPACE NAME='v2'/></LOCALNAMESPACEPATH>";
        let instance = read(&format!(
            "<PROPERTY.REFERENCE NAME='A'><VALUE.REFERENCE><INSTANCEPATH><NAMESPACEPATH><HOST>h</HOST>{namespace}\
             </NAMESPACEPATH>{name}</INSTANCEPATH></VALUE.REFERENCE></PROPERTY.REFERENCE>\
             <PROPERTY.REFERENCE NAME='B'><VALUE.REFERENCE>{name}</VALUE.REFERENCE></PROPERTY.REFERENCE>"
        ));
        assert_eq!(instance.epr("A"), Some(&Epr::class_of("J", "root/v2").with("K", "v").unwrap()));
        assert_eq!(instance.str("B"), Some(r#"J.K="v""#));
    }

    #[test]
    fn an_object_property_is_an_instance() {
        let instance = read(
            "<PROPERTY.OBJECT NAME='A'><VALUE.OBJECT><INSTANCE CLASSNAME='I'><PROPERTY NAME='B' TYPE='uint8'>\
             <VALUE>1</VALUE></PROPERTY></INSTANCE></VALUE.OBJECT></PROPERTY.OBJECT>",
        );
        assert_eq!(instance.get("A").and_then(Value::as_instance), Some(&Instance::new("I").with("B", 1_u8)));
    }

    #[test]
    fn the_instance_is_found_inside_a_declaration() {
        let text = "<?xml version='1.0'?><CIM><DECLARATION><VALUE.OBJECT><INSTANCE CLASSNAME='C'/></VALUE.OBJECT></DECLARATION></CIM>";
        assert_eq!(Instance::from_cim_xml(text), Ok(Instance::new("C")));
    }

    #[test]
    fn what_is_no_instance_is_told() {
        assert_eq!(refused("<CLASS NAME='C'/>"), "expected an `INSTANCE` element, got `CLASS`");
        assert_eq!(refused("<INSTANCE/>"), "expected an element with `CLASSNAME`, got `INSTANCE`");
        for text in ["", "Msvm_Error", "<INSTANCE", "<!DOCTYPE a><INSTANCE CLASSNAME='C'/>"] {
            assert_eq!(refused(text), "embedded XML is not readable", "{text}");
        }
        let property = |property: &str| refused(&format!("<INSTANCE CLASSNAME='C'>{property}</INSTANCE>"));
        assert_eq!(property("<PROPERTY TYPE='uint8'/>"), "expected an element with `NAME`, got `PROPERTY`");
        assert_eq!(
            property("<PROPERTY NAME='A'><VALUE>1</VALUE></PROPERTY>"),
            "`C.A`: expected an element with `TYPE`, got `PROPERTY`"
        );
        assert_eq!(
            property("<PROPERTY NAME='A' TYPE='varchar'/>"),
            "`C.A`: expected a `TYPE` of CIM, got `varchar`"
        );
        assert_eq!(
            property("<PROPERTY NAME='A' TYPE='uint8'><VALUE>256</VALUE></PROPERTY>"),
            "`C.A`: expected uint8, got `256`"
        );
        assert_eq!(
            property(
                "<PROPERTY.ARRAY NAME='A' TYPE='uint8'><VALUE.ARRAY><X/></VALUE.ARRAY></PROPERTY.ARRAY>"
            ),
            "`C.A`: expected `VALUE` or `VALUE.NULL`, got `X`"
        );
    }
}
