//! WS-CIM XML (DSP0230) to values, typed by the schema.

use std::collections::HashMap;

use super::{CimError, CimType, DateTime, Epr, Instance, Text, Value, schema};
use crate::xml::{
    Element,
    names::{ADDRESSING, ANONYMOUS, CIM_COMMON, WSMAN, XSI},
};

/// An instance element (`p:Msvm_X xsi:type=…`): class = local name; repeated elements become
/// arrays, also where the schema declares an array and one came; unknown properties stay untyped
/// (or, when they hold a reference or a datetime wrapper or a nested instance, what they show).
pub(crate) fn instance(element: &Element) -> Result<Instance, CimError> {
    instance_of(&element.name.local, element)
}

/// A reference: `a:Address` + `a:ReferenceParameters` directly inside `element`, or wrapped in
/// `a:EndpointReference`.
pub(crate) fn epr(element: &Element) -> Result<Epr, CimError> {
    let missing = |what: &str| CimError::shape(what, format!("`{}` without it", element.name.local));
    let holder = element.child(ADDRESSING, "EndpointReference").unwrap_or(element);
    let parameters = holder
        .child(ADDRESSING, "ReferenceParameters")
        .ok_or_else(|| missing("a reference with `a:ReferenceParameters`"))?;
    let resource_uri = parameters
        .child(WSMAN, "ResourceURI")
        .map(|uri| uri.text().trim().to_owned())
        .filter(|uri| !uri.is_empty())
        .ok_or_else(|| missing("a reference with `w:ResourceURI`"))?;
    let address = holder.child(ADDRESSING, "Address").map(|address| address.text().trim().to_owned());
    let mut epr =
        Epr { address: address.unwrap_or_else(|| ANONYMOUS.to_owned()), resource_uri, selectors: Vec::new() };
    let selectors = parameters.child(WSMAN, "SelectorSet");
    for selector in
        selectors.into_iter().flat_map(Element::elements).filter(|child| child.is(WSMAN, "Selector"))
    {
        let name = selector.attribute("", "Name").ok_or_else(|| missing("a selector with `Name`"))?;
        epr = if selector.child(ADDRESSING, "EndpointReference").is_some() {
            epr.with_reference(name, self::epr(selector)?)?
        } else {
            epr.with(name, &selector.text())?
        };
    }
    Ok(epr)
}

/// The value of one or more sibling elements of the same name, of the declared type and whether
/// that is an array (`None`: unknown, decide by shape).
///
/// # Errors
/// [`CimError`]; [`CimError::of_property`] says whose value it was.
pub(crate) fn value(elements: &[&Element], declared: Option<(CimType, bool)>) -> Result<Value, CimError> {
    let (cim_type, is_array) =
        declared.map_or((None, false), |(cim_type, is_array)| (Some(cim_type), is_array));
    match elements {
        [] => Ok(Value::Null),
        // A null array is one nil element (MS-WSMV 3.1.4.1.26).
        [one] if !is_array || one.is_nil() => scalar(one, cim_type),
        all => all.iter().map(|one| scalar(one, cim_type)).collect::<Result<_, _>>().map(Value::Array),
    }
}

/// The properties of `element` as an instance of `class`.
fn instance_of(class: &str, element: &Element) -> Result<Instance, CimError> {
    let schema_class = schema::class(class);
    let mut instance = Instance::new(class);
    for (name, elements) in by_name(element) {
        let declared = schema_class.and_then(|class| class.property(name));
        let declared = declared.map(|property| (property.cim_type(), property.is_array()));
        let value = value(&elements, declared).map_err(|error| error.of_property(class, name))?;
        instance.properties.push((name.to_owned(), value));
    }
    Ok(instance)
}

/// The child elements by local name, in order of first appearance; those of one name need not be
/// neighbours.
fn by_name(element: &Element) -> Vec<(&str, Vec<&Element>)> {
    let mut groups: Vec<(&str, Vec<&Element>)> = Vec::new();
    let mut positions: HashMap<&str, usize> = HashMap::new();
    for child in element.elements() {
        let name = child.name.local.as_str();
        let position = *positions.entry(name).or_insert(groups.len());
        match groups.get_mut(position) {
            Some((_, group)) => group.push(child),
            None => groups.push((name, vec![child])),
        }
    }
    groups
}

/// One element: null, or by what it holds, or by the declared type of its text.
fn scalar(element: &Element, declared: Option<CimType>) -> Result<Value, CimError> {
    if element.is_nil() {
        return Ok(Value::Null);
    }
    let Some(content) = element.elements().next() else {
        return text(element, declared);
    };
    if &*content.name.namespace == ADDRESSING {
        epr(element).map(Value::from)
    } else if &*content.name.namespace == CIM_COMMON {
        datetime(content)
    } else {
        instance_of(&embedded_class(element, content), element).map(Value::from)
    }
}

/// The value of an element that holds text alone. Strings are not trimmed.
fn text(element: &Element, declared: Option<CimType>) -> Result<Value, CimError> {
    let text = element.text();
    match declared.or_else(|| announced_type(element)) {
        None => Ok(Value::Untyped(Text::new(text)?)),
        // An embedded object that came as CIM-XML text stays text, see `Instance::from_cim_xml`.
        Some(CimType::Object) => Value::string(text),
        Some(CimType::Reference) if text.trim().is_empty() => Ok(Value::Null),
        Some(cim_type) => Value::parse(cim_type, &text),
    }
}

/// The content of a datetime (DSP0230 5.7.5). `cim:Date`, `cim:Time` and text with `*` fields are
/// no point in time and stay text.
fn datetime(wrapper: &Element) -> Result<Value, CimError> {
    let text = wrapper.text();
    let exact = match wrapper.name.local.as_str() {
        "Datetime" | "Interval" => true,
        "CIM_DateTime" => !text.contains('*'),
        _ => false,
    };
    if exact {
        DateTime::parse(text.trim()).map(Value::DateTime)
    } else {
        Ok(Value::Untyped(Text::new(text)?))
    }
}

/// The class of an embedded object: its `xsi:type` (`q:Class_Type`), else the last segment of the
/// namespace that its properties are in.
fn embedded_class(element: &Element, property: &Element) -> String {
    let announced =
        element.attribute(XSI, "type").map(|name| name.rsplit_once(':').map_or(name, |(_, local)| local));
    let class = match announced {
        Some(name) => name.strip_suffix("_Type").unwrap_or(name),
        None => property.name.namespace.rsplit('/').next().unwrap_or_default(),
    };
    if class.is_empty() { element.name.local.clone() } else { class.to_owned() }
}

/// The type that an `xsi:type` announces (DSP0230 annex, `cim:cimUnsignedShort`); hosts write it
/// only in answers to the DMTF class URI.
fn announced_type(element: &Element) -> Option<CimType> {
    let name = element.resolve(element.attribute(XSI, "type")?)?;
    if &*name.namespace != CIM_COMMON {
        return None;
    }
    Some(match name.local.as_str() {
        "cimBoolean" => CimType::Boolean,
        "cimUnsignedByte" => CimType::Uint8,
        "cimByte" => CimType::Sint8,
        "cimUnsignedShort" => CimType::Uint16,
        "cimShort" => CimType::Sint16,
        "cimUnsignedInt" => CimType::Uint32,
        "cimInt" => CimType::Sint32,
        "cimUnsignedLong" => CimType::Uint64,
        "cimLong" => CimType::Sint64,
        "cimFloat" => CimType::Real32,
        "cimDouble" => CimType::Real64,
        "cimChar16" => CimType::Char16,
        "cimString" => CimType::String,
        "cimDateTime" => CimType::DateTime,
        _ => return None,
    })
}
