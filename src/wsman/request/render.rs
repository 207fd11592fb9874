//! The templates of `soap-templates/`, one struct for each.

use super::{Filter, Headers, Operation, enumeration_uri};
use crate::{
    cim::{CimError, encode},
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
#[template(path = "enumerate.xml")]
struct Enumerate<'a> {
    headers: &'a Headers,
    resource_uri: &'a str,
    action: String,
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
    context: &'a str,
    max_elements: u32,
}

#[derive(Template)]
#[template(path = "release.xml")]
struct Release<'a> {
    headers: &'a Headers,
    resource_uri: &'a str,
    action: String,
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

/// The whole message.
pub(super) fn message(operation: &Operation, headers: &Headers) -> Result<String, CimError> {
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
        Operation::Enumerate { resource_uri, mode, filter, max_elements } => Enumerate {
            headers,
            resource_uri: &enumeration_uri(resource_uri, filter.as_ref()),
            action,
            mode: mode.wire_name(),
            filter: filter.as_ref(),
            max_elements: *max_elements,
        }
        .render(),
        Operation::Pull { resource_uri, context, max_elements, .. } => {
            Pull { headers, resource_uri, action, context: context.as_str(), max_elements: *max_elements }
                .render()
        }
        Operation::Release { resource_uri, context } => {
            Release { headers, resource_uri, action, context: context.as_str() }.render()
        }
        Operation::Invoke { epr, method, parameters } => {
            if !is_method_name(method) {
                return Err(CimError::form("the name of a method", method));
            }
            let mut content = String::new();
            for (name, value) in parameters {
                content.push_str(encode::element("p", name, value)?.as_str());
            }
            Invoke {
                headers,
                resource_uri: epr.resource_uri(),
                action,
                selector_set: unescaped(&encode::selector_set(epr)),
                method,
                parameters: unescaped(&XmlFragment::from_escaped(content)),
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

/// Names of methods become names of elements.
fn is_method_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|next| next.is_ascii_alphanumeric() || next == '_')
}
