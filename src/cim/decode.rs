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
    instance_of(class_of(element), element)
}

/// The class of an instance element: its name; of some properties in `w:XmlFragment`, which stand there
/// without an instance around them, the last segment of their namespace, where they have one.
fn class_of(element: &Element) -> &str {
    let property = element.elements().next().filter(|_| element.is(WSMAN, "XmlFragment"));
    let segment = property.and_then(|property| property.name.namespace.rsplit('/').next());
    segment.filter(|class| !class.is_empty()).unwrap_or(&element.name.local)
}

/// A reference: `a:Address` + `a:ReferenceParameters` directly inside `element`, or wrapped in
/// `a:EndpointReference`.
pub(crate) fn epr(element: &Element) -> Result<Epr, CimError> {
    let missing = |what: &str| CimError::form(what, &element.name.local);
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
    in_one_namespace(class, element)?;
    let mut instance = Instance::new(class);
    for (name, elements) in by_name(element) {
        let declared = schema_class.and_then(|class| class.property(name));
        let declared = declared.and_then(schema::Property::declared_type);
        let value = value(&elements, declared).map_err(|error| error.of_property(class, name))?;
        instance.properties.push((name.to_owned(), value));
    }
    Ok(instance)
}

/// The properties of an instance are in one namespace, that of its class (DSP0230 7.1): those of another would be taken
/// for properties of this class.
fn in_one_namespace(class: &str, element: &Element) -> Result<(), CimError> {
    let mut properties = element.elements().filter(|child| &*child.name.namespace != CIM_COMMON);
    let Some(first) = properties.next() else { return Ok(()) };
    match properties.find(|property| property.name.namespace != first.name.namespace) {
        None => Ok(()),
        Some(foreign) => Err(CimError::Property {
            class: class.to_owned(),
            property: foreign.name.local.clone(),
            expected: format!("a property of namespace `{}`", &*first.name.namespace),
            found: foreign.name.namespace.to_string(),
        }),
    }
}

/// The child elements by local name, in order of first appearance; those of one name need not be
/// neighbours.
pub(crate) fn by_name(element: &Element) -> Vec<(&str, Vec<&Element>)> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::Limits;

    const V2: &str = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2";

    fn element(class: &str, properties: &str) -> Element {
        let xml = format!(
            "<p:{class} xmlns:p='{V2}/{class}' xmlns:xsi='{XSI}' xmlns:cim='{CIM_COMMON}' xmlns:a='{ADDRESSING}' \
             xmlns:w='{WSMAN}' xsi:type='p:{class}_Type'>{properties}</p:{class}>"
        );
        Element::parse(xml.as_bytes(), &Limits::default()).unwrap()
    }

    fn job(properties: &str) -> Instance {
        instance(&element("Msvm_ConcreteJob", properties)).unwrap()
    }

    fn reference(class: &str, key: &str) -> String {
        format!(
            "<a:Address>{ANONYMOUS}</a:Address><a:ReferenceParameters><w:ResourceURI>{V2}/{class}</w:ResourceURI>\
             <w:SelectorSet><w:Selector Name='InstanceID'>{key}</w:Selector></w:SelectorSet></a:ReferenceParameters>"
        )
    }

    fn untyped(text: &str) -> Value {
        Value::Untyped(Text::new(text).unwrap())
    }

    #[test]
    fn the_schema_types_what_came_untyped() {
        let job =
            job("<p:JobState>7</p:JobState><p:Cancellable>TRUE</p:Cancellable><p:Name> two words\n</p:Name>\
             <p:Notify></p:Notify><p:Owner xsi:nil='true'/><p:NewInLaterWindows>42</p:NewInLaterWindows>");
        assert_eq!(job.class(), "Msvm_ConcreteJob");
        assert_eq!(job.get("JobState"), Some(&Value::Uint16(7)));
        assert_eq!(job.get("Cancellable"), Some(&Value::Boolean(true)));
        assert_eq!(job.str("Name"), Some(" two words\n"));
        assert_eq!(job.str("Notify"), Some(""));
        assert_eq!(job.get("Owner"), Some(&Value::Null));
        assert_eq!(job.get("NewInLaterWindows"), Some(&untyped("42")));
        assert_eq!(job.get("ErrorCode"), None);
    }

    #[test]
    fn properties_without_an_instance_around_them_are_of_the_class_of_their_namespace() {
        let fragment = |properties: &str| {
            let xml = format!("<w:XmlFragment xmlns:w='{WSMAN}'>{properties}</w:XmlFragment>");
            instance(&Element::parse(xml.as_bytes(), &Limits::default()).unwrap()).unwrap()
        };
        let job = fragment(&format!("<p:JobState xmlns:p='{V2}/Msvm_ConcreteJob'>7</p:JobState>"));
        assert_eq!((job.class(), job.get("JobState")), ("Msvm_ConcreteJob", Some(&Value::Uint16(7))));
        // Windows leaves the namespace out of the answer to a query with a list of properties.
        let nameless = fragment("<JobState>7</JobState>");
        assert_eq!((nameless.class(), nameless.get("JobState")), ("XmlFragment", Some(&untyped("7"))));
        assert_eq!(fragment("").class(), "XmlFragment");
    }

    #[test]
    fn repeated_elements_are_an_array_wherever_they_stand() {
        let instance = job("<p:OperationalStatus>17</p:OperationalStatus><p:Unknown>a</p:Unknown>\
             <p:OperationalStatus>2</p:OperationalStatus><p:Unknown>b</p:Unknown>");
        assert_eq!(instance.get("OperationalStatus"), Some(&Value::from(vec![17_u16, 2])));
        assert_eq!(instance.get("Unknown"), Some(&Value::Array(vec![untyped("a"), untyped("b")])));
        assert_eq!(instance.properties().count(), 2);
    }

    #[test]
    fn an_array_of_one_and_a_null_array_are_known_by_the_schema() {
        let instance =
            job("<p:OperationalStatus>2</p:OperationalStatus><p:StatusDescriptions xsi:nil='true'/>");
        assert_eq!(instance.get("OperationalStatus"), Some(&Value::from(vec![2_u16])));
        assert_eq!(instance.get("StatusDescriptions"), Some(&Value::Null));
    }

    #[test]
    fn datetimes_come_in_wrappers() {
        let instance = job("<p:ElapsedTime><cim:Interval>P0DT0H0M1.00417S</cim:Interval></p:ElapsedTime>\
             <p:InstallDate><cim:Datetime>1601-01-01T00:00:00Z</cim:Datetime></p:InstallDate>\
             <p:StartTime>20251217095522.702341+000</p:StartTime>\
             <p:Later><cim:Datetime>2025-12-17T09:55:22Z</cim:Datetime></p:Later>");
        let datetime = |name: &str| instance.get(name).and_then(Value::as_datetime).copied().unwrap();
        assert_eq!(datetime("ElapsedTime").to_iso(), "P0DT0H0M1.00417S");
        assert!(datetime("InstallDate").is_never());
        assert_eq!(datetime("StartTime").to_iso(), "2025-12-17T09:55:22.702341Z");
        assert_eq!(datetime("Later").to_iso(), "2025-12-17T09:55:22Z");
    }

    #[test]
    fn what_is_no_point_in_time_stays_text() {
        let instance = job("<p:InstallDate><cim:Date>2025-12-17</cim:Date></p:InstallDate>\
             <p:StartTime><cim:Time>09:55:22</cim:Time></p:StartTime>\
             <p:UntilTime><cim:CIM_DateTime>20251217******.******+000</cim:CIM_DateTime></p:UntilTime>\
             <p:TimeSubmitted><cim:CIM_DateTime>20251217095522.702341+000</cim:CIM_DateTime></p:TimeSubmitted>");
        assert_eq!(instance.get("InstallDate"), Some(&untyped("2025-12-17")));
        assert_eq!(instance.get("StartTime"), Some(&untyped("09:55:22")));
        assert_eq!(instance.get("UntilTime"), Some(&untyped("20251217******.******+000")));
        assert!(instance.get("TimeSubmitted").unwrap().as_datetime().is_some());
    }

    #[test]
    fn references_stand_directly_in_the_property_or_wrapped() {
        let instance = instance(&element(
            "Msvm_AffectedJobElement",
            &format!(
                "<p:AffectedElement>{}</p:AffectedElement>\
                 <p:AffectingElement><a:EndpointReference>{}</a:EndpointReference></p:AffectingElement>\
                 <p:ElementEffects>5</p:ElementEffects>",
                reference("Msvm_VirtualSystemSettingData", r"Microsoft:A\0"),
                reference("Msvm_ConcreteJob", "J"),
            ),
        ))
        .unwrap();
        let affected = instance.epr("AffectedElement").unwrap();
        assert_eq!(
            affected.to_string(),
            r#"root\virtualization\v2:Msvm_VirtualSystemSettingData.InstanceID="Microsoft:A\\0""#
        );
        assert_eq!(instance.epr("AffectingElement").unwrap().selector("instanceid"), Some("J"));
        assert_eq!(instance.get("ElementEffects"), Some(&Value::from(vec![5_u16])));
    }

    #[test]
    fn a_reference_may_hold_a_reference() {
        let inner = reference("Msvm_ConcreteJob", "J");
        let wrapped = format!(
            "<a:ReferenceParameters><w:ResourceURI>{V2}/C</w:ResourceURI><w:SelectorSet><w:Selector Name='K'>\
             <a:EndpointReference>{inner}</a:EndpointReference></w:Selector></w:SelectorSet></a:ReferenceParameters>"
        );
        let outer = epr(&element("C", &wrapped)).unwrap();
        let job =
            Epr::class_of("Msvm_ConcreteJob", "root/virtualization/v2").with("InstanceID", "J").unwrap();
        assert_eq!(outer, Epr::class_of("C", "root/virtualization/v2").with_reference("K", job).unwrap());
    }

    #[test]
    fn what_is_no_reference_is_told() {
        for (content, expected) in [
            ("", "expected a reference with `a:ReferenceParameters`, got `C`"),
            ("<a:ReferenceParameters/>", "expected a reference with `w:ResourceURI`, got `C`"),
            (
                "<a:ReferenceParameters><w:ResourceURI>u</w:ResourceURI><w:SelectorSet><w:Selector>v</w:Selector>\
                 </w:SelectorSet></a:ReferenceParameters>",
                "expected a selector with `Name`, got `C`",
            ),
        ] {
            assert_eq!(epr(&element("C", content)).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn an_embedded_object_is_an_instance_of_its_own_class() {
        let summaries = element(
            "Msvm_VirtualSystemManagementService",
            &format!(
                "<p:Typed xmlns:q='{V2}/Msvm_SummaryInformation' xsi:type='q:Msvm_SummaryInformation_Type'>\
                 <q:ElementName>one</q:ElementName><q:HealthState>5</q:HealthState></p:Typed>\
                 <p:Untyped xmlns:q='{V2}/Msvm_SummaryInformation'><q:HealthState>5</q:HealthState></p:Untyped>\
                 <p:Text>&lt;INSTANCE CLASSNAME=&quot;C&quot;/&gt;</p:Text>",
            ),
        );
        let read = instance(&summaries).unwrap();
        for name in ["Typed", "Untyped"] {
            let summary = read.get(name).and_then(Value::as_instance).unwrap();
            assert_eq!(summary.class(), "Msvm_SummaryInformation");
            assert_eq!(summary.get("HealthState"), Some(&Value::Uint16(5)));
        }
        let text = summaries.elements().last().unwrap();
        let embedded = value(&[text], Some((CimType::Object, false))).unwrap();
        assert_eq!(embedded.as_str(), Some(r#"<INSTANCE CLASSNAME="C"/>"#));
    }

    #[test]
    fn a_value_beyond_its_type_is_named_with_its_property() {
        let error =
            |properties: &str| instance(&element("Msvm_ConcreteJob", properties)).unwrap_err().to_string();
        assert_eq!(
            error("<p:JobState>65536</p:JobState>"),
            "`Msvm_ConcreteJob.JobState`: expected uint16, got `65536`"
        );
        assert_eq!(
            error(&format!("<p:Cancellable>{}</p:Cancellable>", "x".repeat(100))),
            format!("`Msvm_ConcreteJob.Cancellable`: expected boolean, got `{}…`", "x".repeat(60))
        );
        assert!(
            error("<p:StartTime>soon</p:StartTime>")
                .starts_with("`Msvm_ConcreteJob.StartTime`: expected an ISO")
        );
    }

    #[test]
    fn an_announced_type_counts_where_the_schema_is_silent() {
        let status = instance(&element(
            "X_ExtendedStatus",
            "<p:A xsi:type='cim:cimUnsignedInt'>5</p:A><p:B xsi:type='cim:cimString'>5</p:B><p:C xsi:type='p:cimInt'>5</p:C>",
        ))
        .unwrap();
        assert_eq!(status.get("A"), Some(&Value::Uint32(5)));
        assert_eq!(status.get("B"), Some(&Value::string("5").unwrap()));
        assert_eq!(status.get("C"), Some(&untyped("5")));
    }

    #[test]
    fn parameters_are_typed_by_their_declaration() {
        let output = element("C", "<p:Job/><p:Job xsi:nil='true'/><p:Return>4096</p:Return>");
        let elements: Vec<_> = output.elements().collect();
        assert_eq!(value(&[], Some((CimType::String, false))), Ok(Value::Null));
        assert_eq!(value(&elements[..1], Some((CimType::Reference, false))), Ok(Value::Null));
        assert_eq!(value(&elements[1..2], Some((CimType::Reference, false))), Ok(Value::Null));
        assert_eq!(value(&elements[2..], Some((CimType::Uint32, false))), Ok(Value::Uint32(4096)));
    }
}
