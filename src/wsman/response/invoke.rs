//! The output of a method: `<Method>_OUTPUT` in the namespace of the class (DSP0227 10).

use super::{Output, ResponseError, Returned};
use crate::{
    cim::{
        Epr, Value, decode,
        schema::{self, Schema},
    },
    xml::Element,
};

pub(super) fn read(
    epr: &Epr,
    method: &str,
    output: &Element,
    schema: &Schema,
) -> Result<Output, ResponseError> {
    let expected = format!("{method}_OUTPUT");
    let uri = epr.resource_uri();
    // Windows does not distinguish case in the names of classes. Servers have families of URIs of their own, each of
    // which ends with the class. That of the class above it that declares the method is no stranger either.
    let namespace = &*output.name.namespace;
    let of_class = namespace.rsplit('/').next().is_some_and(|class| schema.is_akin(class, epr.class()));
    if !output.name.local.eq_ignore_ascii_case(&expected) || !of_class {
        let found = format!("`{}` of `{}`", output.name.local, &*output.name.namespace);
        return Err(ResponseError::shape(&format!("`{expected}` of `{uri}`"), found));
    }
    let declared = schema.class(epr.class()).and_then(|class| class.method(method));
    if let Some(foreign) = output.elements().find(|child| child.name.namespace != output.name.namespace) {
        let found = format!("`{}`", foreign.name.local);
        return Err(ResponseError::shape("a parameter in the class's namespace", found));
    }

    // What is not declared otherwise returns a code, as all of Hyper-V's methods do: without one nobody knows what it did.
    let returns_code = declared.is_none_or(schema::Method::returns_code);
    let mut return_value =
        if returns_code { Err("none".to_owned()) } else { Ok(Returned::Other(Value::Null)) };
    let mut parameters = Vec::new();
    for (name, elements) in decode::by_name(output) {
        if name.eq_ignore_ascii_case("ReturnValue") {
            return_value = if returns_code {
                read_return_code(&elements).map(Returned::Code)
            } else {
                let value = decode::value(&elements, None, schema);
                Ok(Returned::Other(value.map_err(|error| error.of_property(epr.class(), name))?))
            };
            continue;
        }
        let parameter = declared.and_then(|method| method.parameter(name));
        let parameter = parameter.and_then(schema::Parameter::declared_type);
        let value = decode::value(&elements, parameter, schema);
        parameters.push((name.to_owned(), value.map_err(|error| error.of_property(epr.class(), name))?));
    }
    let return_value =
        return_value.map_err(|found| ResponseError::ReturnValue { method: method.to_owned(), found })?;
    let return_name = match (declared, &return_value) {
        (Some(method), Returned::Code(code)) => method.return_name(*code).map(str::to_owned),
        _ => None,
    };
    Ok(Output {
        class: epr.class().to_owned(),
        method: method.to_owned(),
        return_value,
        return_name,
        parameters,
    })
}

/// The return code, or what is there instead.
fn read_return_code(elements: &[&Element]) -> Result<u32, String> {
    match elements {
        [one] if one.is_nil() => Err("null".to_owned()),
        [one] => {
            let text = one.text();
            text.trim().parse().map_err(|_| {
                let beginning: String = text.chars().take(40).collect();
                format!("`{beginning}`")
            })
        }
        all => Err(format!("{} of them", all.len())),
    }
}
