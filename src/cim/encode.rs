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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cim::{DateTime, Instance, Text, decode, strategies},
        xml::{Element, Limits},
    };
    use proptest::prelude::*;

    fn xml(value: impl Into<Value>) -> String {
        element("p", "X", &value.into()).unwrap().as_str().to_owned()
    }

    /// The elements as a reader finds them in an envelope that declares the prefixes.
    fn read(xml: &str) -> Element {
        let declarations = "xmlns:p='urn:p' \
             xmlns:a='http://schemas.xmlsoap.org/ws/2004/08/addressing' \
             xmlns:w='http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd' \
             xmlns:cim='http://schemas.dmtf.org/wbem/wscim/1/common' \
             xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'";
        Element::parse(format!("<r {declarations}>{xml}</r>").as_bytes(), &Limits::default()).unwrap()
    }

    fn collection() -> Epr {
        Epr::class_of("Msvm_VirtualSystemCollection", "root/virtualization/v2")
            .with("CollectionID", "a<b")
            .unwrap()
    }

    #[test]
    fn scalars_are_plain_text_and_null_is_told_from_empty() {
        assert_eq!(xml(2_u16), "<p:X>2</p:X>");
        assert_eq!(xml(u64::MAX), "<p:X>18446744073709551615</p:X>");
        assert_eq!(xml(true), "<p:X>true</p:X>");
        assert_eq!(xml(Text::default()), "<p:X></p:X>");
        assert_eq!(xml(Value::Null), r#"<p:X xsi:nil="true"/>"#);
        assert_eq!(xml(Text::new("R&D <1>").unwrap()), "<p:X>R&amp;D &lt;1&gt;</p:X>");
    }

    #[test]
    fn arrays_repeat_the_element() {
        assert_eq!(xml(vec![1_u8, 2]), "<p:X>1</p:X><p:X>2</p:X>");
        assert_eq!(xml(Vec::<u8>::new()), "");
    }

    #[test]
    fn datetimes_have_their_wrapper() {
        assert_eq!(
            xml(DateTime::from_iso("2025-12-17T09:55:22.702341Z").unwrap()),
            "<p:X><cim:Datetime>2025-12-17T09:55:22.702341Z</cim:Datetime></p:X>"
        );
        assert_eq!(
            xml(DateTime::from_iso("PT5M").unwrap()),
            "<p:X><cim:Interval>P0DT0H5M0S</cim:Interval></p:X>"
        );
    }

    #[test]
    fn a_reference_stands_directly_in_the_parameter() {
        insta::assert_snapshot!(xml(collection()).replace("><", ">\n<"), @r#"
        <p:X>
        <a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address>
        <a:ReferenceParameters>
        <w:ResourceURI>http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_VirtualSystemCollection</w:ResourceURI>
        <w:SelectorSet>
        <w:Selector Name="CollectionID">a&lt;b</w:Selector>
        </w:SelectorSet>
        </a:ReferenceParameters>
        </p:X>
        "#);
    }

    #[test]
    fn a_reference_within_a_reference_is_wrapped_in_its_selector() {
        let outer = Epr::from_uri("u").with_reference("K", Epr::from_uri("v")).unwrap();
        insta::assert_snapshot!(selector_set(&outer).as_str().replace("><", ">\n<"), @r#"
        <w:SelectorSet>
        <w:Selector Name="K">
        <a:EndpointReference>
        <a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address>
        <a:ReferenceParameters>
        <w:ResourceURI>v</w:ResourceURI>
        </a:ReferenceParameters>
        </a:EndpointReference>
        </w:Selector>
        </w:SelectorSet>
        "#);
        assert_eq!(selector_set(&Epr::from_uri("u")).as_str(), "");
    }

    #[test]
    fn an_embedded_instance_is_escaped_text() {
        let settings = Instance::new("C").with("A", Text::new("R&D").unwrap());
        assert_eq!(
            xml(settings),
            "<p:X>&lt;INSTANCE CLASSNAME=&quot;C&quot;&gt;&lt;PROPERTY NAME=&quot;A&quot; TYPE=&quot;string&quot;&gt;\
             &lt;VALUE&gt;R&amp;#38;D&lt;/VALUE&gt;&lt;/PROPERTY&gt;&lt;/INSTANCE&gt;</p:X>"
        );
    }

    #[test]
    fn a_name_that_is_none_is_refused() {
        for name in ["", "a b", "a>", "1a", "x:y", "é"] {
            let error = element("p", name, &Value::Null).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("expected a name of letters, digits and `_`, got `{name}`")
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in prop_oneof![strategies::scalar(), strategies::array()]) {
            let xml = element("p", "X", &value).unwrap();
            let root = read(xml.as_str());
            let elements: Vec<_> = root.elements().collect();
            let is_array = matches!(value, Value::Array(_));
            let declared = value.cim_type().map(|cim_type| (cim_type, is_array));
            prop_assert_eq!(decode::value(&elements, declared, &crate::cim::schema::Schema::default()), Ok(value));
        }

        #[test]
        fn references_are_read_back(epr in strategies::epr()) {
            prop_assert_eq!(decode::epr(&read(epr_content(&epr).as_str())), Ok(epr));
        }
    }
}
