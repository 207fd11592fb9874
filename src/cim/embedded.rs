//! Embedded instances: CIM-XML text (DSP0201 `INSTANCE`) inside string parameters and properties.
//! This is the writer; [`super::embedded_reader`] reads.

use std::borrow::Cow;

use super::{
    CimError, CimType, Epr, Instance, SelectorValue, Text, Value,
    markup::Markup,
    schema::{Property, Schema},
    text::is_identifier,
};

impl Instance {
    /// The CIM-XML text of this instance, as a Hyper-V host accepts it in a string parameter: only
    /// the properties that are set, each with its TYPE; `& < > "` in values as numeric references.
    ///
    /// A value has the type it was made with; the schema types null and untyped values, and makes
    /// an array of a single value where it declares one.
    ///
    /// ```
    /// use hyperv_wsman::cim::Instance;
    ///
    /// let settings = Instance::new("Msvm_CollectionSnapshotExportSettingData").with("BackupIntent", 1_u16);
    /// assert_eq!(
    ///     settings.to_cim_xml()?.as_str(),
    ///     "<INSTANCE CLASSNAME=\"Msvm_CollectionSnapshotExportSettingData\">\
    ///      <PROPERTY NAME=\"BackupIntent\" TYPE=\"uint16\"><VALUE>1</VALUE></PROPERTY></INSTANCE>",
    /// );
    /// # Ok::<(), hyperv_wsman::cim::CimError>(())
    /// ```
    ///
    /// # Errors
    /// [`CimError`] for a value that has no CIM-XML form (an untyped one whose type the schema
    /// does not know, an array of references or of mixed types) and for names that are none.
    pub fn to_cim_xml(&self) -> Result<Text, CimError> {
        self.to_cim_xml_with(&Schema::default())
    }

    /// As [`Self::to_cim_xml`], by another schema than the compiled one.
    ///
    /// # Errors
    /// As [`Self::to_cim_xml`].
    pub fn to_cim_xml_with(&self, schema: &Schema) -> Result<Text, CimError> {
        let mut markup = Markup::new(numeric_references);
        if !is_identifier(&self.class) {
            return Err(CimError::form("a class name of letters, digits and `_`", &self.class));
        }
        markup.start("INSTANCE", &[("CLASSNAME", &self.class)]);
        for (name, value) in self.properties() {
            write_property(&mut markup, schema, &self.class, name, value)?;
        }
        markup.end("INSTANCE");
        Text::new(markup.into_string())
    }
}

fn write_property(
    markup: &mut Markup,
    schema: &Schema,
    class: &str,
    name: &str,
    value: &Value,
) -> Result<(), CimError> {
    if !is_identifier(name) {
        return Err(CimError::form("a property name of letters, digits and `_`", name));
    }
    let declared = schema.class(class).and_then(|class| class.property(name));
    let declared_type = declared.map(Property::cim_type);
    let refuse = |expected: &str| CimError::form(expected, &value.to_plain_text()).of_property(class, name);
    let value = typed(value, declared_type).map_err(|error| error.of_property(class, name))?;

    if let Value::Reference(epr) = &*value {
        markup.start("PROPERTY.REFERENCE", &[("NAME", name), ("REFERENCECLASS", epr.class())]);
        write_reference(markup, epr);
        markup.end("PROPERTY.REFERENCE");
        return Ok(());
    }
    let cim_type = value.cim_type().or(declared_type).unwrap_or(CimType::String);
    if cim_type == CimType::Reference {
        return if value.is_null() {
            markup.empty("PROPERTY.REFERENCE", &[("NAME", name)]);
            Ok(())
        } else {
            Err(refuse("no array of references, which CIM-XML cannot hold"))
        };
    }
    let mut attributes = vec![("NAME", name), ("TYPE", cim_type.name())];
    if cim_type == CimType::Object {
        attributes = vec![("NAME", name), ("TYPE", CimType::String.name()), ("EmbeddedObject", "instance")];
    }
    let is_array = matches!(*value, Value::Array(_)) || declared.is_some_and(Property::is_array);
    let element = if is_array { "PROPERTY.ARRAY" } else { "PROPERTY" };
    if value.is_null() {
        markup.empty(element, &attributes);
        return Ok(());
    }
    if value.as_slice().iter().any(|one| !one.is_null() && !is_scalar_of(one, cim_type)) {
        return Err(refuse("elements of one type"));
    }
    markup.start(element, &attributes);
    if is_array {
        markup.start("VALUE.ARRAY", &[]);
    }
    for one in value.as_slice() {
        match one {
            Value::Null => markup.empty("VALUE.NULL", &[]),
            Value::Instance(instance) => {
                markup.leaf("VALUE", &[], instance.to_cim_xml_with(schema)?.as_str());
            }
            scalar => markup.leaf("VALUE", &[], &scalar.to_plain_text()),
        }
    }
    if is_array {
        markup.end("VALUE.ARRAY");
    }
    markup.end(element);
    Ok(())
}

fn is_scalar_of(value: &Value, cim_type: CimType) -> bool {
    !matches!(value, Value::Array(_)) && value.cim_type() == Some(cim_type)
}

/// The value with untyped texts read as their declared type.
fn typed(value: &Value, declared: Option<CimType>) -> Result<Cow<'_, Value>, CimError> {
    match value {
        Value::Untyped(text) => {
            let cim_type = declared
                .ok_or_else(|| CimError::form("a value of a type that the schema knows", text.as_str()))?;
            Value::parse(cim_type, text.as_str()).map(Cow::Owned)
        }
        Value::Array(elements) if elements.iter().any(|one| matches!(one, Value::Untyped(_))) => {
            let elements = elements.iter().map(|one| typed(one, declared).map(Cow::into_owned));
            elements.collect::<Result<_, _>>().map(|elements| Cow::Owned(Value::Array(elements)))
        }
        other => Ok(Cow::Borrowed(other)),
    }
}

/// `VALUE.REFERENCE` with the path of an instance (DSP0201 5.2.4).
fn write_reference(markup: &mut Markup, epr: &Epr) {
    markup.start("VALUE.REFERENCE", &[]);
    if let Some(namespace) = epr.namespace() {
        markup.start("LOCALINSTANCEPATH", &[]);
        markup.start("LOCALNAMESPACEPATH", &[]);
        for part in namespace.split(['/', '\\']).filter(|part| !part.is_empty()) {
            markup.empty("NAMESPACE", &[("NAME", part)]);
        }
        markup.end("LOCALNAMESPACEPATH");
        write_instance_name(markup, epr);
        markup.end("LOCALINSTANCEPATH");
    } else {
        write_instance_name(markup, epr);
    }
    markup.end("VALUE.REFERENCE");
}

fn write_instance_name(markup: &mut Markup, epr: &Epr) {
    markup.start("INSTANCENAME", &[("CLASSNAME", epr.class())]);
    for selector in epr.keys() {
        markup.start("KEYBINDING", &[("NAME", selector.name())]);
        match selector.value() {
            SelectorValue::Text(text) => markup.leaf("KEYVALUE", &[("VALUETYPE", "string")], text.as_str()),
            SelectorValue::Reference(nested) => write_reference(markup, nested),
        }
        markup.end("KEYBINDING");
    }
    markup.end("INSTANCENAME");
}

/// Named references in a VALUE make a host refuse the instance (`&amp;` with 32768, `&lt;` with
/// 32773, go-wsman #173), numeric ones pass. A raw carriage return would be read as a line feed.
fn numeric_references(text: &str) -> Cow<'_, str> {
    const SPECIAL: [char; 5] = ['&', '<', '>', '"', '\r'];
    if !text.contains(SPECIAL) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&#38;"),
            '<' => escaped.push_str("&#60;"),
            '>' => escaped.push_str("&#62;"),
            '"' => escaped.push_str("&#34;"),
            '\r' => escaped.push_str("&#13;"),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cim::{DateTime, strategies};
    use proptest::prelude::*;

    fn xml(instance: &Instance) -> String {
        instance.to_cim_xml().map_or_else(|error| error.to_string(), Text::into_string)
    }

    fn property(value: impl Into<Value>) -> String {
        let text = xml(&Instance::new("X_Settings").with("A", value));
        let inner = text.strip_prefix(r#"<INSTANCE CLASSNAME="X_Settings">"#);
        inner.and_then(|inner| inner.strip_suffix("</INSTANCE>")).unwrap_or(&text).to_owned()
    }

    fn text(text: &str) -> Value {
        Value::string(text).unwrap()
    }

    #[test]
    fn each_property_has_its_type_and_zero_is_not_left_out() {
        assert_eq!(property(false), r#"<PROPERTY NAME="A" TYPE="boolean"><VALUE>false</VALUE></PROPERTY>"#);
        assert_eq!(property(0_u16), r#"<PROPERTY NAME="A" TYPE="uint16"><VALUE>0</VALUE></PROPERTY>"#);
        assert_eq!(property(text("")), r#"<PROPERTY NAME="A" TYPE="string"><VALUE></VALUE></PROPERTY>"#);
        assert_eq!(property(Value::Null), r#"<PROPERTY NAME="A" TYPE="string"/>"#);
        let wait = DateTime::from_iso("PT30M").unwrap();
        assert_eq!(
            property(wait),
            r#"<PROPERTY NAME="A" TYPE="datetime"><VALUE>00000000003000.000000:000</VALUE></PROPERTY>"#
        );
    }

    #[test]
    fn markup_in_values_becomes_numeric_references() {
        assert_eq!(
            property(text("a&b<c>\"d'\r\n")),
            "<PROPERTY NAME=\"A\" TYPE=\"string\"><VALUE>a&#38;b&#60;c&#62;&#34;d'&#13;\n</VALUE></PROPERTY>"
        );
    }

    #[test]
    fn arrays_have_their_own_element() {
        assert_eq!(
            property(vec![Some(1_u8), None]),
            "<PROPERTY.ARRAY NAME=\"A\" TYPE=\"uint8\"><VALUE.ARRAY><VALUE>1</VALUE><VALUE.NULL/></VALUE.ARRAY></PROPERTY.ARRAY>"
        );
        assert_eq!(
            property(Vec::<u8>::new()),
            "<PROPERTY.ARRAY NAME=\"A\" TYPE=\"string\"><VALUE.ARRAY></VALUE.ARRAY></PROPERTY.ARRAY>"
        );
    }

    #[test]
    fn the_schema_makes_arrays_and_types_what_is_untyped() {
        let untyped = Value::Untyped(Text::new("2").unwrap());
        let machine = Instance::new("Msvm_VirtualSystemSettingData").with("Notes", text("one"));
        assert!(xml(&machine).contains(
            r#"<PROPERTY.ARRAY NAME="Notes" TYPE="string"><VALUE.ARRAY><VALUE>one</VALUE></VALUE.ARRAY></PROPERTY.ARRAY>"#
        ));
        let job = Instance::new("Msvm_ConcreteJob")
            .with("JobState", untyped.clone())
            .with("ErrorCode", Value::Null);
        assert!(xml(&job).contains(r#"<PROPERTY NAME="JobState" TYPE="uint16"><VALUE>2</VALUE></PROPERTY>"#));
        assert!(xml(&job).contains(r#"<PROPERTY NAME="ErrorCode" TYPE="uint16"/>"#));
        assert_eq!(
            property(untyped),
            "`X_Settings.A`: expected a value of a type that the schema knows, got `2`"
        );
    }

    #[test]
    fn references_are_the_path_of_an_instance() {
        let epr = Epr::class_of("C", "root/v2").with("K", "v").unwrap();
        assert_eq!(
            property(&epr),
            "<PROPERTY.REFERENCE NAME=\"A\" REFERENCECLASS=\"C\"><VALUE.REFERENCE><LOCALINSTANCEPATH>\
             <LOCALNAMESPACEPATH><NAMESPACE NAME=\"root\"/><NAMESPACE NAME=\"v2\"/></LOCALNAMESPACEPATH>\
             <INSTANCENAME CLASSNAME=\"C\"><KEYBINDING NAME=\"K\"><KEYVALUE VALUETYPE=\"string\">v</KEYVALUE>\
             </KEYBINDING></INSTANCENAME></LOCALINSTANCEPATH></VALUE.REFERENCE></PROPERTY.REFERENCE>"
        );
        assert!(property(vec![epr]).starts_with("`X_Settings.A`: expected no array of references"));
    }

    #[test]
    fn an_instance_within_an_instance_is_text() {
        let inner = Instance::new("I").with("B", 1_u8);
        assert_eq!(
            property(inner),
            "<PROPERTY NAME=\"A\" TYPE=\"string\" EmbeddedObject=\"instance\"><VALUE>&#60;INSTANCE CLASSNAME=&#34;I&#34;&#62;\
             &#60;PROPERTY NAME=&#34;B&#34; TYPE=&#34;uint8&#34;&#62;&#60;VALUE&#62;1&#60;/VALUE&#62;&#60;/PROPERTY&#62;\
             &#60;/INSTANCE&#62;</VALUE></PROPERTY>"
        );
    }

    #[test]
    fn arrays_of_mixed_types_and_bad_names_are_refused() {
        let mixed = Value::Array(vec![Value::from(1_u8), text("x")]);
        assert_eq!(property(mixed), "`X_Settings.A`: expected elements of one type, got `1, x`");
        let nested = Value::Array(vec![Value::from(vec![1_u8])]);
        assert_eq!(property(nested), "`X_Settings.A`: expected elements of one type, got `1`");
        assert!(Instance::new("a b").to_cim_xml().is_err());
        assert!(Instance::new("C").with("\u{1}", 1_u8).to_cim_xml().is_err());
    }

    proptest! {
        #[test]
        fn instances_round_trip(instance in strategies::instance()) {
            let text = instance.to_cim_xml().unwrap();
            prop_assert_eq!(Instance::from_cim_xml(text.as_str()), Ok(instance));
        }
    }
}
