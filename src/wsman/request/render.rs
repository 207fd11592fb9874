//! The templates of `soap-templates/`, one struct for each.

use super::{Association, Filter, Headers, Operation, enumerated, is_identifier};
use crate::{
    cim::{CimError, Epr, Instance, encode},
    xml::{
        XmlFragment,
        escape::{escape, first_forbidden},
    },
};
use askama::{
    Template,
    filters::{Escaper, Safe},
};
use std::fmt;

/// What `{{ … }}` in a template goes through (`askama.toml`).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct XmlEscaper;

impl Escaper for XmlEscaper {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, string: &str) -> fmt::Result {
        dest.write_str(&escape(string))
    }
}

#[derive(Template)]
#[template(path = "identify.xml")]
struct Identify;

#[derive(Template)]
#[template(path = "get.xml")]
struct Get<'a> {
    headers: &'a Headers,
    resource_uri: &'a str,
    action: String,
    selector_set: Unescaped,
}

#[derive(Template)]
#[template(path = "get-fragment.xml")]
struct GetFragment<'a> {
    headers: &'a Headers,
    resource_uri: &'a str,
    action: String,
    selector_set: Unescaped,
    fragment: &'a str,
}

#[derive(Template)]
#[template(path = "put.xml")]
struct Put<'a> {
    headers: &'a Headers,
    resource_uri: &'a str,
    action: String,
    selector_set: Unescaped,
    class: &'a str,
    properties: Unescaped,
}

#[derive(Template)]
#[template(path = "put-fragment.xml")]
struct PutFragment<'a> {
    headers: &'a Headers,
    resource_uri: &'a str,
    action: String,
    selector_set: Unescaped,
    fragment: &'a str,
    content: Unescaped,
}

#[derive(Template)]
#[template(path = "create.xml")]
struct Create<'a> {
    headers: &'a Headers,
    resource_uri: &'a str,
    action: String,
    selector_set: Unescaped,
    class: &'a str,
    properties: Unescaped,
}

#[derive(Template)]
#[template(path = "delete.xml")]
struct Delete<'a> {
    headers: &'a Headers,
    resource_uri: &'a str,
    action: String,
    selector_set: Unescaped,
}

#[derive(Template)]
#[template(path = "enumerate.xml")]
struct Enumerate<'a> {
    headers: &'a Headers,
    resource_uri: &'a str,
    action: String,
    selector_set: Unescaped,
    mode: Option<&'static str>,
    filter: Option<&'a Filter>,
    max_elements: u32,
}

#[derive(Template)]
#[template(path = "pull.xml")]
struct Pull<'a> {
    headers: &'a Headers,
    resource_uri: &'a str,
    action: String,
    selector_set: Unescaped,
    context: &'a str,
    max_elements: u32,
}

#[derive(Template)]
#[template(path = "release.xml")]
struct Release<'a> {
    headers: &'a Headers,
    resource_uri: &'a str,
    action: String,
    selector_set: Unescaped,
    context: &'a str,
}

#[derive(Template)]
#[template(path = "invoke.xml")]
struct Invoke<'a> {
    headers: &'a Headers,
    resource_uri: &'a str,
    action: String,
    selector_set: Unescaped,
    method: &'a str,
    parameters: Unescaped,
}

/// A fragment on its way into a template: askama passes `Safe` through unescaped, and only
/// [`unescaped`] makes one here.
type Unescaped = Safe<String>;

fn unescaped(fragment: &XmlFragment) -> Unescaped {
    Safe(fragment.as_str().to_owned())
}

impl Association {
    /// What stands in `b:Object`: the reference, without an `a:EndpointReference` around it.
    fn object_content(&self) -> Unescaped {
        unescaped(&encode::epr_content(&self.object))
    }
}

/// The name of a class, which becomes the name of an element, and the properties in it.
fn instance<'a>(epr: &'a Epr, instance: &Instance) -> Result<(&'a str, Unescaped), CimError> {
    let class = epr.class();
    if !is_identifier(class) {
        return Err(CimError::form("the name of a class", class));
    }
    Ok((class, elements(instance.properties())?))
}

/// Values as elements of the class's namespace.
fn elements<'a>(
    values: impl IntoIterator<Item = (&'a str, &'a crate::cim::Value)>,
) -> Result<Unescaped, CimError> {
    let mut content = String::new();
    for (name, value) in values {
        content.push_str(encode::element("p", name, value)?.as_str());
    }
    Ok(Safe(content))
}

/// The whole message.
pub(super) fn message(operation: &Operation, headers: &Headers) -> Result<String, CimError> {
    let operation = &*headers.dialect.operation(operation)?;
    let action = operation.action();
    let rendered = match operation {
        Operation::Identify => Identify.render(),
        Operation::Get { epr } => Get {
            headers,
            resource_uri: epr.resource_uri(),
            action,
            selector_set: unescaped(&encode::selector_set(epr)),
        }
        .render(),
        Operation::GetFragment { epr, fragment } => GetFragment {
            headers,
            resource_uri: epr.resource_uri(),
            action,
            selector_set: unescaped(&encode::selector_set(epr)),
            fragment: fragment.expression(),
        }
        .render(),
        Operation::Put { epr, instance: new } => {
            let (class, properties) = instance(epr, new)?;
            let selector_set = unescaped(&encode::selector_set(epr));
            Put { headers, resource_uri: epr.resource_uri(), action, selector_set, class, properties }
                .render()
        }
        Operation::PutFragment { epr, fragment, value } => PutFragment {
            headers,
            resource_uri: epr.resource_uri(),
            action,
            selector_set: unescaped(&encode::selector_set(epr)),
            fragment: fragment.expression(),
            content: if fragment.is_text() {
                Safe(escape(&value.to_plain_text()).into_owned())
            } else {
                elements([(fragment.element(), value)])?
            },
        }
        .render(),
        Operation::Create { class: epr, instance: new } => {
            let (class, properties) = instance(epr, new)?;
            let selector_set = unescaped(&encode::selector_set(epr));
            Create { headers, resource_uri: epr.resource_uri(), action, selector_set, class, properties }
                .render()
        }
        Operation::Delete { epr } => Delete {
            headers,
            resource_uri: epr.resource_uri(),
            action,
            selector_set: unescaped(&encode::selector_set(epr)),
        }
        .render(),
        Operation::Enumerate { class, filter, .. } => {
            enumeration(operation, headers, &enumerated(class, filter.as_ref()))
        }
        Operation::Pull { class, .. } | Operation::Release { class, .. } => {
            enumeration(operation, headers, class)
        }
        Operation::Invoke { epr, method, parameters } => {
            if !is_identifier(method) {
                return Err(CimError::form("the name of a method", method));
            }
            Invoke {
                headers,
                resource_uri: epr.resource_uri(),
                action,
                selector_set: unescaped(&encode::selector_set(epr)),
                method,
                parameters: elements(parameters.iter().map(|(name, value)| (name.as_str(), value)))?,
            }
            .render()
        }
    };
    // The templates call nothing that fails.
    let message = rendered.map_err(|error| CimError::form("a message", &error.to_string()))?;
    match first_forbidden(&message) {
        Some((offset, character)) => Err(CimError::Character { character, offset }),
        None => Ok(message),
    }
}

/// Enumerate, Pull and Release. They go to a class, which has no keys, but may have a namespace beside its URI.
fn enumeration(operation: &Operation, headers: &Headers, class: &Epr) -> askama::Result<String> {
    let resource_uri = class.resource_uri();
    let action = operation.action();
    let selector_set = unescaped(&encode::selector_set(class));
    match operation {
        Operation::Pull { context, max_elements, .. } => {
            let (context, max_elements) = (context.as_str(), *max_elements);
            Pull { headers, resource_uri, action, selector_set, context, max_elements }.render()
        }
        Operation::Release { context, .. } => {
            let context = context.as_str();
            Release { headers, resource_uri, action, selector_set, context }.render()
        }
        Operation::Enumerate { mode, filter, max_elements, .. } => {
            let (mode, filter, max_elements) = (mode.wire_name(), filter.as_ref(), *max_elements);
            Enumerate { headers, resource_uri, action, selector_set, mode, filter, max_elements }.render()
        }
        // Nothing else is an enumeration.
        _ => Err(askama::Error::Fmt),
    }
}
