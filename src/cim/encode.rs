//! Values to WS-CIM XML (DSP0230): parameters of a method, properties of an instance.

use super::{CimError, DateTime, Epr, SelectorValue, Value, markup::Markup, text::is_identifier};
use crate::xml::{XmlFragment, escape::escape};

/// `<prefix:name>…</prefix:name>` for a value: arrays repeat the element, null is `xsi:nil`, a
/// reference puts `a:Address` and `a:ReferenceParameters` directly inside, a datetime gets its
/// `cim:` wrapper, an instance is CIM-XML text. The prefixes a, w, cim and xsi must be declared by
/// the envelope.
///
/// # Errors
/// [`CimError::Form`] for a name that is none in CIM; what [`super::Instance::to_cim_xml`] says.
pub(crate) fn element(prefix: &str, name: &str, value: &Value) -> Result<XmlFragment, CimError> {
    if !is_identifier(name) {
        return Err(CimError::form("a name of letters, digits and `_`", name));
    }
    let mut markup = Markup::new(escape);
    write_value(&mut markup, &format!("{prefix}:{name}"), value)?;
    Ok(fragment(markup))
}

/// `a:Address` and `a:ReferenceParameters` of a reference, without an element around them: a host
/// refuses a parameter that wraps them in `a:EndpointReference`.
pub(crate) fn epr_content(epr: &Epr) -> XmlFragment {
    let mut markup = Markup::new(escape);
    write_epr(&mut markup, epr);
    fragment(markup)
}

/// `w:SelectorSet` of a reference; empty fragment without selectors.
pub(crate) fn selector_set(epr: &Epr) -> XmlFragment {
    let mut markup = Markup::new(escape);
    write_selectors(&mut markup, epr);
    fragment(markup)
}

fn fragment(markup: Markup) -> XmlFragment {
    XmlFragment::from_escaped(markup.into_string())
}

fn write_value(markup: &mut Markup, name: &str, value: &Value) -> Result<(), CimError> {
    match value {
        Value::Null => markup.empty(name, &[("xsi:nil", "true")]),
        Value::Array(elements) => {
            for element in elements {
                write_value(markup, name, element)?;
            }
        }
        Value::Reference(epr) => {
            markup.start(name, &[]);
            write_epr(markup, epr);
            markup.end(name);
        }
        Value::DateTime(value) => {
            markup.start(name, &[]);
            let wrapper = match value {
                DateTime::Timestamp(_) => "cim:Datetime",
                DateTime::Interval(_) => "cim:Interval",
            };
            markup.leaf(wrapper, &[], &value.to_iso());
            markup.end(name);
        }
        Value::Instance(instance) => markup.leaf(name, &[], instance.to_cim_xml()?.as_str()),
        scalar => markup.leaf(name, &[], &scalar.to_plain_text()),
    }
    Ok(())
}

fn write_epr(markup: &mut Markup, epr: &Epr) {
    markup.leaf("a:Address", &[], &epr.address);
    markup.start("a:ReferenceParameters", &[]);
    markup.leaf("w:ResourceURI", &[], &epr.resource_uri);
    write_selectors(markup, epr);
    markup.end("a:ReferenceParameters");
}

/// A selector holds text, or an `a:EndpointReference` where the key is a REF (DSP0226 5.1.2.2).
fn write_selectors(markup: &mut Markup, epr: &Epr) {
    if epr.selectors().is_empty() {
        return;
    }
    markup.start("w:SelectorSet", &[]);
    for selector in epr.selectors() {
        let name = [("Name", selector.name())];
        match selector.value() {
            SelectorValue::Text(text) => markup.leaf("w:Selector", &name, text.as_str()),
            SelectorValue::Reference(nested) => {
                markup.start("w:Selector", &name);
                markup.start("a:EndpointReference", &[]);
                write_epr(markup, nested);
                markup.end("a:EndpointReference");
                markup.end("w:Selector");
            }
        }
    }
    markup.end("w:SelectorSet");
}
