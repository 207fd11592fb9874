//! Embedded instances: CIM-XML text (DSP0201 `INSTANCE`) inside string parameters and properties.
//! This is the writer; [`super::embedded_reader`] reads.

use std::borrow::Cow;

use super::{
    CimError, CimType, Epr, Instance, SelectorValue, Text, Value, markup::Markup, schema, text::is_identifier,
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
        let mut markup = Markup::new(numeric_references);
        if !is_identifier(&self.class) {
            return Err(CimError::form("a class name of letters, digits and `_`", &self.class));
        }
        markup.start("INSTANCE", &[("CLASSNAME", &self.class)]);
        for (name, value) in self.properties() {
            write_property(&mut markup, &self.class, name, value)?;
        }
        markup.end("INSTANCE");
        Text::new(markup.into_string())
    }
}

fn write_property(markup: &mut Markup, class: &str, name: &str, value: &Value) -> Result<(), CimError> {
    if !is_identifier(name) {
        return Err(CimError::form("a property name of letters, digits and `_`", name));
    }
    let declared = schema::class(class).and_then(|class| class.property(name));
    let declared_type = declared.map(schema::Property::cim_type);
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
    let is_array = matches!(*value, Value::Array(_)) || declared.is_some_and(schema::Property::is_array);
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
            Value::Instance(instance) => markup.leaf("VALUE", &[], instance.to_cim_xml()?.as_str()),
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
        for part in namespace.split('/') {
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
    for selector in epr.selectors() {
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
