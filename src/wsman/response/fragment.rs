//! The content of `w:XmlFragment`: a part of an instance (DSP0226 7.7).

use super::ResponseError;
use crate::{
    cim::{Epr, Text, Value, decode, schema::Schema},
    wsman::request::Fragment,
    xml::Element,
};

/// The value of what `fragment` names. Nothing there is null.
pub(super) fn read(
    epr: &Epr,
    fragment: &Fragment,
    wrapper: &Element,
    schema: &Schema,
) -> Result<Value, ResponseError> {
    let declared = fragment
        .property()
        .and_then(|property| schema.class(epr.class())?.property(property))
        .map(|property| (property.cim_type(), property.is_array() && !fragment.is_text()));
    let of_property = |error: crate::cim::CimError| error.of_property(epr.class(), fragment.element());

    let elements: Vec<&Element> = wrapper.elements().collect();
    if elements.is_empty() {
        let text = wrapper.text();
        if wrapper.is_nil() || (text.is_empty() && !fragment.is_text()) {
            return Ok(Value::Null);
        }
        if fragment.is_text() {
            let value = match declared {
                Some((cim_type, _)) => Value::parse(cim_type, &text),
                None => Text::new(text).map(Value::Untyped),
            };
            return Ok(value.map_err(of_property)?);
        }
        return Err(ResponseError::shape(&format!("`{}` in the fragment", fragment.element()), "text"));
    }
    if let Some(other) =
        elements.iter().find(|element| !element.name.local.eq_ignore_ascii_case(fragment.element()))
    {
        let expected = format!("`{}` in the fragment", fragment.element());
        return Err(ResponseError::shape(&expected, format!("`{}`", other.name.local)));
    }
    // One element of an array is one value, not an array of one.
    let declared = declared.map(|(cim_type, is_array)| (cim_type, is_array && !fragment.is_indexed()));
    Ok(decode::value(&elements, declared, schema).map_err(of_property)?)
}
