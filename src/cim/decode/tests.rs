//! Tests of decoding.

use super::*;
use crate::{
    cim::{CimType, Epr, Text},
    xml::{
        Event, Limits, Reader,
        names::{ADDRESSING, ANONYMOUS, CIM_COMMON, XSI},
    },
};

const V2: &str = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2";

fn document(class: &str, properties: &str) -> String {
    format!(
        "<p:{class} xmlns:p='{V2}/{class}' xmlns:xsi='{XSI}' xmlns:cim='{CIM_COMMON}' xmlns:a='{ADDRESSING}' \
         xmlns:w='{WSMAN}' xsi:type='p:{class}_Type'>{properties}</p:{class}>"
    )
}

fn element(class: &str, properties: &str) -> Element {
    Element::parse(document(class, properties).as_bytes(), &Limits::default()).unwrap()
}

/// An instance, decoded while it is read and after it was read, which must come to the same.
fn read(class: &str, properties: &str) -> Result<Instance, CimError> {
    read_document(&document(class, properties))
}

fn read_document(text: &str) -> Result<Instance, CimError> {
    let schema = Schema::default();
    let mut reader = Reader::new(text, &Limits::default()).unwrap();
    let Event::Start { namespace, local, attributes } = reader.next().unwrap() else { panic!("{text}") };
    let start = Start::of(namespace, local, attributes);
    let streamed = Decoder::new(&schema).item(&start, &mut reader).map_err(DecodeError::of_tree);
    let whole = instance(&Element::parse(text.as_bytes(), &Limits::default()).unwrap(), &schema);
    assert_eq!(streamed, whole, "{text}");
    whole
}

fn value_of(elements: &[&Element], declared: Option<(CimType, bool)>) -> Result<Value, CimError> {
    value(elements, declared, &Schema::default())
}

fn job(properties: &str) -> Instance {
    read("Msvm_ConcreteJob", properties).unwrap()
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
        instance(&Element::parse(xml.as_bytes(), &Limits::default()).unwrap(), &Schema::default()).unwrap()
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
    let instance = job("<p:OperationalStatus>2</p:OperationalStatus><p:StatusDescriptions xsi:nil='true'/>");
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
    let instance = read(
        "Msvm_AffectedJobElement",
        &format!(
            "<p:AffectedElement>{}</p:AffectedElement>\
             <p:AffectingElement><a:EndpointReference>{}</a:EndpointReference></p:AffectingElement>\
             <p:ElementEffects>5</p:ElementEffects>",
            reference("Msvm_VirtualSystemSettingData", r"Microsoft:A\0"),
            reference("Msvm_ConcreteJob", "J"),
        ),
    )
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
    let job = Epr::class_of("Msvm_ConcreteJob", "root/virtualization/v2").with("InstanceID", "J").unwrap();
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
    let class = "Msvm_VirtualSystemManagementService";
    let properties = format!(
        "<p:Typed xmlns:q='{V2}/Msvm_SummaryInformation' xsi:type='q:Msvm_SummaryInformation_Type'>\
         <q:ElementName>one</q:ElementName><q:HealthState>5</q:HealthState></p:Typed>\
         <p:Untyped xmlns:q='{V2}/Msvm_SummaryInformation'><q:HealthState>5</q:HealthState></p:Untyped>\
         <p:Within><p:Within xsi:type='p:{class}_Type'><p:ElementName>two</p:ElementName></p:Within></p:Within>\
         <p:Text>&lt;INSTANCE CLASSNAME=&quot;C&quot;/&gt;</p:Text>",
    );
    let service = read(class, &properties).unwrap();
    let within = service.get("Within").and_then(Value::as_instance).unwrap();
    assert_eq!(within.get("Within").and_then(Value::as_instance).unwrap().str("ElementName"), Some("two"));
    let summaries = element(class, &properties);
    for name in ["Typed", "Untyped"] {
        let summary = service.get(name).and_then(Value::as_instance).unwrap();
        assert_eq!(summary.class(), "Msvm_SummaryInformation");
        assert_eq!(summary.get("HealthState"), Some(&Value::Uint16(5)));
    }
    let text = summaries.elements().last().unwrap();
    let embedded = value_of(&[text], Some((CimType::Object, false))).unwrap();
    assert_eq!(embedded.as_str(), Some(r#"<INSTANCE CLASSNAME="C"/>"#));
}

#[test]
fn a_value_beyond_its_type_is_named_with_its_property() {
    let error = |properties: &str| read("Msvm_ConcreteJob", properties).unwrap_err().to_string();
    assert_eq!(
        error("<p:JobState>65536</p:JobState>"),
        "`Msvm_ConcreteJob.JobState`: expected uint16, got `65536`"
    );
    assert_eq!(
        error(&format!("<p:Cancellable>{}</p:Cancellable>", "x".repeat(100))),
        format!("`Msvm_ConcreteJob.Cancellable`: expected boolean, got `{}…`", "x".repeat(60))
    );
    assert!(
        error("<p:StartTime>soon</p:StartTime>").starts_with("`Msvm_ConcreteJob.StartTime`: expected an ISO")
    );
}

#[test]
fn what_cannot_be_a_value_of_its_type_is_refused() {
    let error = |property: &str| read("Msvm_ConcreteJob", property).unwrap_err().to_string();
    let refusals = [
        "<p:JobState><p:Deep>1</p:Deep></p:JobState>",
        "<p:JobState><cim:Datetime>2025-12-17T09:55:22Z</cim:Datetime></p:JobState>",
        "<p:JobState><a:Address>x</a:Address></p:JobState>",
        "<p:JobState xsi:type='cim:cimFoo'>7</p:JobState>",
        "<p:JobState xsi:type='nowhere:cimInt'>7</p:JobState>",
        "<p:StartTime><cim:Foo>2025-12-17</cim:Foo></p:StartTime>",
        "<p:StartTime><cim:Date>soon</cim:Date></p:StartTime>",
        "<p:StartTime><cim:CIM_DateTime>2025*</cim:CIM_DateTime></p:StartTime>",
        "<p:StartTime><cim:Datetime>2025-12-17T09:55:22Z</cim:Datetime><x/></p:StartTime>",
        "<p:Caption>text<p:Deep/></p:Caption>",
        "text",
        "<p:Unknown xsi:type='cim:cimBase64Binary'>?</p:Unknown>",
        "<p:Unknown xsi:type='cim:cimHexBinary'>0</p:Unknown>",
    ]
    .map(error);
    insta::assert_snapshot!(refusals.join("\n"), @r"
    `Msvm_ConcreteJob.JobState`: expected uint16, got `<Deep>`
    `Msvm_ConcreteJob.JobState`: expected uint16, got `<Datetime>`
    `Msvm_ConcreteJob.JobState`: expected uint16, got `<Address>`
    `Msvm_ConcreteJob.JobState`: expected an `xsi:type` of WS-CIM, got `cim:cimFoo`
    `Msvm_ConcreteJob.JobState`: expected an `xsi:type` with a declared prefix, got `nowhere:cimInt`
    `Msvm_ConcreteJob.StartTime`: expected `Datetime`, `Interval`, `CIM_DateTime`, `Date` or `Time`, got `Foo`
    `Msvm_ConcreteJob.StartTime`: expected a date or a time of day, got `soon`
    `Msvm_ConcreteJob.StartTime`: expected a datetime, got `2025*`
    `Msvm_ConcreteJob.StartTime`: expected one datetime, got `<x>`
    `Msvm_ConcreteJob.Caption`: expected text or elements, got `both`
    expected properties in `Msvm_ConcreteJob`, got `text`
    `Msvm_ConcreteJob.Unknown`: expected base64, got `?`
    `Msvm_ConcreteJob.Unknown`: expected hex, got `0`
    ");
}

#[test]
fn null_is_written_as_nothing_where_that_is_no_value() {
    let job = job("<p:JobState></p:JobState><p:StartTime> </p:StartTime><p:Cancellable/><p:Owner></p:Owner>");
    for name in ["JobState", "StartTime", "Cancellable"] {
        assert_eq!(job.get(name), Some(&Value::Null), "{name}");
    }
    assert_eq!(job.str("Owner"), Some(""));
}

#[test]
fn a_datetime_without_a_wrapper_may_have_fields_that_are_not_known() {
    let job = job("<p:InstallDate>20251217******.******+000</p:InstallDate>");
    assert_eq!(job.get("InstallDate"), Some(&untyped("20251217******.******+000")));
}

#[test]
fn what_a_class_looked_like_serves_the_messages_after_it_unless_that_takes_too_much() {
    let schema = Schema::default();
    let decode = |properties: &str| instance(&element("Msvm_ConcreteJob", properties), &schema).unwrap();
    let kept = || schema.shapes().of("Msvm_ConcreteJob").map_or(0, |(_, shape)| shape.len());
    assert_eq!(kept(), 0);
    decode("<p:JobState>7</p:JobState><p:Unknown>x</p:Unknown>");
    assert_eq!(kept(), 2);
    let other = decode("<p:Unknown>y</p:Unknown><p:ErrorCode>3</p:ErrorCode><p:JobState>8</p:JobState>");
    assert_eq!(other.get("JobState"), Some(&Value::Uint16(8)));
    assert_eq!(other.get("ErrorCode"), Some(&Value::Uint16(3)));
    assert_eq!(other.get("Unknown"), Some(&untyped("y")));
    assert_eq!(kept(), 3);
    let long = "x".repeat(20_000);
    assert_eq!(decode(&format!("<p:{long}>1</p:{long}>")).properties().count(), 1);
    assert_eq!(kept(), 3);
}

#[test]
fn bytes_come_as_elements_or_as_text() {
    for octets in [
        "<p:B xsi:type='cim:cimBase64Binary'>AAEC\n/w==</p:B>",
        "<p:B xsi:type='cim:cimHexBinary'>000102fF</p:B>",
        "<p:B xsi:type='cim:cimUnsignedByte'>0</p:B><p:B xsi:type='cim:cimUnsignedByte'>1</p:B>\
         <p:B xsi:type='cim:cimUnsignedByte'>2</p:B><p:B xsi:type='cim:cimUnsignedByte'>255</p:B>",
    ] {
        let instance = read("X_Certificate", octets).unwrap();
        assert_eq!(instance.get("B"), Some(&Value::from(vec![0_u8, 1, 2, 255])), "{octets}");
    }
}

#[test]
fn the_type_that_a_server_announces_is_that_of_its_value() {
    let job = job("<p:JobState xsi:type='cim:cimString'>busy</p:JobState>");
    assert_eq!(job.str("JobState"), Some("busy"));
}

#[test]
fn an_announced_type_of_no_cim_type_leaves_text_the_type_of_the_schema() {
    let typed = |announced: &str, text: &str| {
        let schema = "xmlns:xs='http://www.w3.org/2001/XMLSchema'";
        read("Msvm_ConcreteJob", &format!("<p:JobState {schema} xsi:type='{announced}'>{text}</p:JobState>"))
    };
    for announced in ["xs:unsignedShort", "xs:string", "p:JobState_Type"] {
        assert_eq!(typed(announced, "7").unwrap().get("JobState"), Some(&Value::Uint16(7)), "{announced}");
        assert_eq!(
            typed(announced, "many").unwrap_err().to_string(),
            "`Msvm_ConcreteJob.JobState`: expected uint16, got `many`"
        );
    }
    let object = "<p:Deep>1</p:Deep>";
    let job = typed("p:X_Deep_Type", object).unwrap();
    assert_eq!(job.get("JobState").and_then(Value::as_instance).map(Instance::class), Some("X_Deep"));
}

#[test]
fn an_announced_type_counts_where_the_schema_is_silent() {
    let status = read(
        "X_ExtendedStatus",
        "<p:A xsi:type='cim:cimUnsignedInt'>5</p:A><p:B xsi:type='cim:cimString'>5</p:B><p:C xsi:type='p:cimInt'>5</p:C>",
    )
    .unwrap();
    assert_eq!(status.get("A"), Some(&Value::Uint32(5)));
    assert_eq!(status.get("B"), Some(&Value::string("5").unwrap()));
    assert_eq!(status.get("C"), Some(&untyped("5")));
}

#[test]
fn the_type_that_an_instance_announces_is_that_of_its_class() {
    let typed = |announced: &str| {
        read_document(&format!(
            "<p:Msvm_ConcreteJob xmlns:p='{V2}/Msvm_ConcreteJob' xmlns:xsi='{XSI}' xmlns:cim='{CIM_COMMON}' \
             xmlns:q='{V2}/CIM_ConcreteJob' xmlns:f='urn:foreign' xsi:type='{announced}'>\
             <p:JobState>7</p:JobState></p:Msvm_ConcreteJob>"
        ))
    };
    let its_own = ["p:Msvm_ConcreteJob_Type", "p:Msvm_ConcreteJob", "p:msvm_concretejob_Type"];
    // Those of a class above it and of foreign namespaces do not contradict the element's name.
    for announced in its_own.into_iter().chain(["q:CIM_ConcreteJob_Type", "f:Job_Type"]) {
        let job = typed(announced).unwrap();
        assert_eq!(job.class(), "Msvm_ConcreteJob", "{announced}");
        assert_eq!(job.get("JobState"), Some(&Value::Uint16(7)), "{announced}");
    }
    let refused = |announced: &str| typed(announced).unwrap_err().to_string();
    insta::assert_snapshot!(refused("p:Other_Type"), @"expected the `xsi:type` of `Msvm_ConcreteJob`, got `p:Other_Type`");
    insta::assert_snapshot!(refused("p:Msvm_StorageJob_Type"), @"expected the `xsi:type` of `Msvm_ConcreteJob`, got `p:Msvm_StorageJob_Type`");
    insta::assert_snapshot!(refused("nowhere:Msvm_ConcreteJob_Type"), @"expected an `xsi:type` with a declared prefix on `Msvm_ConcreteJob`, got `nowhere:Msvm_ConcreteJob_Type`");
    insta::assert_snapshot!(refused("cim:cimFoo"), @"expected an `xsi:type` of WS-CIM on `Msvm_ConcreteJob`, got `cim:cimFoo`");
}

#[test]
fn the_properties_of_an_instance_are_in_the_namespace_of_its_element() {
    let within = |element: &str, properties: &str| {
        read_document(&format!(
            "<i:Msvm_StorageJob xmlns:i='{element}'><JobState xmlns='{properties}'>7</JobState></i:Msvm_StorageJob>"
        ))
    };
    let class = |name: &str| format!("{V2}/{name}");
    let own = class("Msvm_StorageJob");
    // A class above it, another spelling, or none.
    for properties in [own.clone(), class("CIM_ConcreteJob"), class("msvm_storagejob"), String::new()] {
        let job = within(&own, &properties).unwrap();
        assert_eq!(job.get("JobState"), Some(&Value::Uint16(7)), "{properties}");
    }
    let refused = |properties: &str| within(&own, properties).unwrap_err().to_string();
    insta::assert_snapshot!(refused(&class("Msvm_ComputerSystem")), @"`Msvm_StorageJob.JobState`: expected a property of namespace `http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_StorageJob`, got `http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_ComputerSystem`");
    insta::assert_snapshot!(refused("http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/Msvm_StorageJob"), @"`Msvm_StorageJob.JobState`: expected a property of namespace `http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_StorageJob`, got `http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/Msvm_StorageJob`");
    insta::assert_snapshot!(refused("urn:p"), @"`Msvm_StorageJob.JobState`: expected a property of namespace `http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_StorageJob`, got `urn:p`");
}

#[test]
fn parameters_are_typed_by_their_declaration() {
    let output = element("C", "<p:Job/><p:Job xsi:nil='true'/><p:Return>4096</p:Return>");
    let elements: Vec<_> = output.elements().collect();
    assert_eq!(value_of(&[], Some((CimType::String, false))), Ok(Value::Null));
    assert_eq!(value_of(&elements[..1], Some((CimType::Reference, false))), Ok(Value::Null));
    assert_eq!(value_of(&elements[1..2], Some((CimType::Reference, false))), Ok(Value::Null));
    assert_eq!(value_of(&elements[2..], Some((CimType::Uint32, false))), Ok(Value::Uint32(4096)));
}
