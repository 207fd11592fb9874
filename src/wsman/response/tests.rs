use super::*;
use crate::wsman::{EnumerationMode, FaultCode, request::Fragment};

const ID: &str = "uuid:00000000-0000-4000-8000-00000000000A";
const NAMESPACE: &str = "root/virtualization/v2";

fn service() -> Epr {
    let class = "Msvm_CollectionSnapshotService";
    Epr::class_of(class, NAMESPACE).with("CreationClassName", class).unwrap()
}

fn get() -> Operation {
    Operation::Get { epr: Epr::class_of("Msvm_ConcreteJob", NAMESPACE) }
}

fn create() -> Operation {
    Operation::Invoke { epr: service(), method: "CreateSnapshot".into(), parameters: Vec::new() }
}

fn enumerate(mode: EnumerationMode) -> Operation {
    Operation::Enumerate { class: service().to_class(), mode, filter: None, max_elements: 10 }
}

fn pull(mode: EnumerationMode) -> Operation {
    let context = Text::new("uuid:1").unwrap();
    Operation::Pull { class: service().to_class(), context, mode, max_elements: 10 }
}

/// An answer to the message `ID` with this body.
fn envelope(body: &str) -> String {
    enveloped(&format!("<a:RelatesTo>{ID}</a:RelatesTo>"), body)
}

fn enveloped(header: &str, body: &str) -> String {
    format!(
        r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
            xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
            xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
            xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration"
            xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
            xmlns:p="{}"><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"#,
        service().resource_uri
    )
}

fn read_text(operation: &Operation, message: &str) -> Result<Response, ResponseError> {
    read(operation, ID, message.as_bytes(), &Limits::default(), &Schema::default())
}

fn refused(operation: &Operation, body: &str) -> String {
    read_text(operation, &envelope(body)).unwrap_err().to_string()
}

fn page(operation: &Operation, body: &str) -> Page {
    match read_text(operation, &envelope(body)).unwrap() {
        Response::Page(page) => page,
        other => panic!("{other:?}"),
    }
}

const REFERENCE: &str = "<a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address>\
    <a:ReferenceParameters><w:ResourceURI>http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/\
    Msvm_ConcreteJob</w:ResourceURI><w:SelectorSet><w:Selector Name='InstanceID'>1</w:Selector></w:SelectorSet>\
    </a:ReferenceParameters>";

fn instance(id: u32) -> String {
    format!("<p:Msvm_ConcreteJob><p:InstanceID>{id}</p:InstanceID></p:Msvm_ConcreteJob>")
}

fn epr_item() -> String {
    format!("<a:EndpointReference>{REFERENCE}</a:EndpointReference>")
}

#[test]
fn an_instance_is_typed_by_the_schema() {
    let body =
        "<p:Msvm_ConcreteJob><p:JobState>7</p:JobState><p:Caption xsi:nil='true'/></p:Msvm_ConcreteJob>";
    let Response::Got(job) = read_text(&get(), &envelope(body)).unwrap() else { panic!() };
    assert_eq!(job.class(), "Msvm_ConcreteJob");
    assert_eq!(job.get("jobstate"), Some(&Value::Uint16(7)));
    assert_eq!(job.get("Caption"), Some(&Value::Null));
}

#[test]
fn a_plain_enumeration_begins_with_a_context_alone() {
    let body =
        "<n:EnumerateResponse><n:EnumerationContext> uuid:2 </n:EnumerationContext></n:EnumerateResponse>";
    let page = page(&enumerate(EnumerationMode::Object), body);
    assert_eq!(page.context.unwrap().as_str(), "uuid:2");
    assert!(page.items.is_empty() && !page.end);
}

#[test]
fn an_optimized_enumeration_brings_items_and_perhaps_the_end() {
    let body = |rest: &str| {
        format!(
            "<n:EnumerateResponse><n:Expires>PT1H</n:Expires>{rest}<w:Items>{}{}</w:Items>\
             <w:EndOfSequence/></n:EnumerateResponse>",
            instance(1),
            instance(2)
        )
    };
    for context in ["", "<n:EnumerationContext/>", "<n:EnumerationContext>uuid:2</n:EnumerationContext>"] {
        let page = page(&enumerate(EnumerationMode::Object), &body(context));
        let ids: Vec<_> =
            page.items.iter().map(|item| item.instance.as_ref().unwrap().str("InstanceID")).collect();
        assert_eq!(ids, [Some("1"), Some("2")]);
        assert!(page.end);
        assert_eq!(page.context, None, "there is no context after the end");
    }
}

#[test]
fn a_pull_brings_items_by_mode() {
    let body = |items: &str| {
        format!(
            "<n:PullResponse><n:EnumerationContext>uuid:3</n:EnumerationContext><n:Items>\n {items}\n</n:Items>\
             </n:PullResponse>"
        )
    };
    let objects = page(&pull(EnumerationMode::Object), &body(&instance(1)));
    assert!(objects.items[0].instance.is_some() && objects.items[0].epr.is_none());

    let references = page(&pull(EnumerationMode::Epr), &body(&epr_item()));
    assert_eq!(references.items[0].epr.as_ref().unwrap().selector("InstanceID"), Some("1"));

    let pair = format!("<w:Item>{}{}</w:Item>", instance(1), epr_item());
    let both = page(&pull(EnumerationMode::ObjectAndEpr), &body(&pair));
    assert!(both.items[0].instance.is_some() && both.items[0].epr.is_some());

    let expected = |mode, items: &str| refused(&pull(mode), &body(items));
    insta::assert_snapshot!(expected(EnumerationMode::Object, &epr_item()), @"expected an instance, got `EndpointReference`");
    insta::assert_snapshot!(expected(EnumerationMode::Epr, &instance(1)), @"expected `a:EndpointReference`, got `Msvm_ConcreteJob`");
    insta::assert_snapshot!(
        expected(EnumerationMode::ObjectAndEpr, &instance(1)),
        @"expected `w:Item` with an instance and its `a:EndpointReference`, got `Msvm_ConcreteJob`"
    );
    insta::assert_snapshot!(expected(EnumerationMode::Object, "text"), @"expected an element, got text");
}

#[test]
fn an_instance_that_announces_another_class_is_refused_wherever_it_stands() {
    let typed = |class: &str| {
        format!(
            "<p:Msvm_ConcreteJob xsi:type='p:{class}_Type'><p:JobState>7</p:JobState></p:Msvm_ConcreteJob>"
        )
    };
    let items = |items: &str| {
        format!("<n:PullResponse><n:Items>{items}</n:Items><n:EndOfSequence/></n:PullResponse>")
    };
    let pair = |instance: &str| items(&format!("<w:Item>{instance}{}</w:Item>", epr_item()));
    let read = |class: &str| {
        let instance = typed(class);
        [
            read_text(&get(), &envelope(&instance)),
            read_text(&pull(EnumerationMode::Object), &envelope(&items(&instance))),
            read_text(&pull(EnumerationMode::ObjectAndEpr), &envelope(&pair(&instance))),
        ]
    };
    assert!(read("Msvm_ConcreteJob").iter().all(Result::is_ok));
    for refused in read("Msvm_StorageJob") {
        let Err(ResponseError::Value(error)) = refused else { panic!("{refused:?}") };
        assert_eq!(
            error.to_string(),
            "expected the `xsi:type` of `Msvm_ConcreteJob`, got `p:Msvm_StorageJob_Type`"
        );
    }
}

#[test]
fn an_empty_enumeration_is_a_page_without_items() {
    let page =
        page(&pull(EnumerationMode::Object), "<n:PullResponse><n:Items/><n:EndOfSequence/></n:PullResponse>");
    assert!(page.items.is_empty() && page.end && page.context.is_none());
}

#[test]
fn the_end_of_a_sequence_counts_in_the_namespace_of_either_answer() {
    let pulled = page(
        &pull(EnumerationMode::Object),
        "<n:PullResponse><n:EnumerationContext>uuid:C</n:EnumerationContext><w:Items/><w:EndOfSequence/></n:PullResponse>",
    );
    assert!(pulled.end && pulled.context.is_none());
}

#[test]
fn a_page_that_contradicts_itself_is_refused() {
    let pulled = |content: &str| {
        refused(&pull(EnumerationMode::Object), &format!("<n:PullResponse>{content}</n:PullResponse>"))
    };
    insta::assert_snapshot!(
        pulled("<n:Items/>"),
        @"expected a context to pull with or the end of the sequence, got `PullResponse` without either"
    );
    insta::assert_snapshot!(
        pulled("<n:Items/><n:EnumerationContext> </n:EnumerationContext>"),
        @"expected a context to pull with or the end of the sequence, got `PullResponse` without either"
    );
    insta::assert_snapshot!(
        pulled("<n:EndOfSequence/><n:EndOfSequence/>"),
        @"expected `EndOfSequence` once in `PullResponse`, got it twice"
    );
    insta::assert_snapshot!(
        pulled("<n:Items/><n:Items/><n:EndOfSequence/>"),
        @"expected `Items` once in `PullResponse`, got it twice"
    );
    insta::assert_snapshot!(
        refused(&pull(EnumerationMode::Object), "<n:EnumerateResponse/>"),
        @"expected `PullResponse`, got `EnumerateResponse`"
    );
}

fn output(content: &str) -> String {
    format!("<p:CreateSnapshot_OUTPUT>{content}</p:CreateSnapshot_OUTPUT>")
}

#[test]
fn the_output_of_a_method_is_typed_and_its_return_value_named() {
    let body = output(&format!(
        "<p:ResultingSnapshotCollection xsi:nil='true'/><p:Job>{REFERENCE}</p:Job><p:ReturnValue>4096</p:ReturnValue>"
    ));
    let Response::Invoked(output) = read_text(&create(), &envelope(&body)).unwrap() else { panic!() };
    assert_eq!(output.return_value(), 4096);
    assert!(output.return_name().unwrap().contains("Job Started"), "{:?}", output.return_name());
    assert_eq!(output.get("resultingsnapshotcollection"), Some(&Value::Null));
    assert_eq!(output.get("JOB").unwrap().as_epr().unwrap().class(), "Msvm_ConcreteJob");
    assert_eq!(output.get("Nothing"), None);
    assert_eq!(output.parameters().count(), 2);
}

#[test]
fn without_a_readable_return_value_an_output_says_nothing() {
    let refused = |content: &str| refused(&create(), &output(content));
    insta::assert_snapshot!(refused(""), @"expected the return value of `CreateSnapshot` as a number, got none");
    insta::assert_snapshot!(
        refused("<p:ReturnValue xsi:nil='true'/>"),
        @"expected the return value of `CreateSnapshot` as a number, got null"
    );
    insta::assert_snapshot!(
        refused("<p:ReturnValue>zero</p:ReturnValue>"),
        @"expected the return value of `CreateSnapshot` as a number, got `zero`"
    );
    insta::assert_snapshot!(
        refused("<p:ReturnValue>-1</p:ReturnValue>"),
        @"expected the return value of `CreateSnapshot` as a number, got `-1`"
    );
    insta::assert_snapshot!(
        refused("<p:ReturnValue>0</p:ReturnValue><p:ReturnValue>0</p:ReturnValue>"),
        @"expected the return value of `CreateSnapshot` as a number, got 2 of them"
    );
}

/// Methods of other namespaces may return nothing, or a flag: what is loaded says so.
#[test]
fn what_is_declared_to_return_no_code_is_taken_as_it_comes() {
    let schema = Schema::default()
        .extended(
            "x.mof",
            "class X_Log { [key] string Name; boolean IsOpen(); void Close(); uint32 Clear(); };",
        )
        .unwrap();
    let log = Epr::class_of("X_Log", "root/x").with("Name", "A").unwrap();
    let invoked = |method: &str, content: &str| {
        let operation =
            Operation::Invoke { epr: log.clone(), method: method.to_owned(), parameters: Vec::new() };
        let body = format!(
            "<x:{method}_OUTPUT xmlns:x='http://schemas.microsoft.com/wbem/wsman/1/wmi/root/x/X_Log'>{content}</x:{method}_OUTPUT>"
        );
        match read(&operation, ID, envelope(&body).as_bytes(), &Limits::default(), &schema) {
            Ok(Response::Invoked(output)) => {
                (output.is_code(), output.return_value(), output.returned().unwrap_or_default())
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(invoked("Close", ""), (false, 0, String::new()));
    assert_eq!(invoked("IsOpen", "<x:ReturnValue>true</x:ReturnValue>"), (false, 0, "true".to_owned()));
    assert_eq!(invoked("Clear", "<x:ReturnValue>8</x:ReturnValue>"), (true, 8, "8".to_owned()));
}

#[test]
fn an_output_may_be_in_the_namespace_of_the_class_that_declares_the_method() {
    let job = Epr::class_of("Msvm_MigrationJob", NAMESPACE).with("InstanceID", "A").unwrap();
    let operation =
        Operation::Invoke { epr: job, method: "RequestStateChange".to_owned(), parameters: Vec::new() };
    let of = |class: &str| {
        format!(
            "<x:RequestStateChange_OUTPUT xmlns:x='http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/{class}'>\
             <x:ReturnValue>0</x:ReturnValue></x:RequestStateChange_OUTPUT>"
        )
    };
    assert!(matches!(read_text(&operation, &envelope(&of("CIM_ConcreteJob"))), Ok(Response::Invoked(_))));
    assert!(refused(&operation, &of("Msvm_StorageJob")).contains("Msvm_StorageJob"));
}

#[test]
fn an_output_of_another_method_class_or_namespace_is_refused() {
    let refused = |body: &str| refused(&create(), body);
    insta::assert_snapshot!(
        refused("<p:ExportSnapshot_OUTPUT><p:ReturnValue>0</p:ReturnValue></p:ExportSnapshot_OUTPUT>"),
        @"expected `CreateSnapshot_OUTPUT` of `http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_CollectionSnapshotService`, got `ExportSnapshot_OUTPUT` of `http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_CollectionSnapshotService`"
    );
    assert!(
        refused("<CreateSnapshot_OUTPUT><ReturnValue>0</ReturnValue></CreateSnapshot_OUTPUT>")
            .ends_with("of ``")
    );
    insta::assert_snapshot!(
        refused("<p:CreateSnapshot_OUTPUT><w:ReturnValue>0</w:ReturnValue></p:CreateSnapshot_OUTPUT>"),
        @"expected a parameter in the class's namespace, got `ReturnValue`"
    );
}

#[test]
fn the_value_that_cannot_be_read_is_named() {
    let error = read_text(&create(), &envelope(&output("<p:Job>1</p:Job><p:ReturnValue>0</p:ReturnValue>")));
    let error = error.unwrap_err();
    insta::assert_snapshot!(error, @"a value in the answer cannot be read");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("Job"), "{source}");
}

#[test]
fn an_answer_must_relate_to_the_message_in_whatever_spelling() {
    let body = "<p:Msvm_ConcreteJob/>";
    for id in [ID.to_lowercase(), format!("urn:{ID}"), format!(" {ID} "), ID.replace("uuid:", "")] {
        let message = enveloped(&format!("<a:RelatesTo>{id}</a:RelatesTo>"), body);
        assert!(read_text(&get(), &message).is_ok(), "{id}");
    }
    let other = enveloped("<a:RelatesTo>uuid:00000000-0000-4000-8000-00000000000B</a:RelatesTo>", body);
    insta::assert_snapshot!(
        read_text(&get(), &other).unwrap_err(),
        @"the answer relates to message `uuid:00000000-0000-4000-8000-00000000000B`, expected `uuid:00000000-0000-4000-8000-00000000000A`"
    );
    insta::assert_snapshot!(
        read_text(&get(), &enveloped("", body)).unwrap_err(),
        @"expected `a:RelatesTo` in the header, got none"
    );
}

#[test]
fn a_fault_comes_first_whatever_was_asked_and_may_lack_its_relation() {
    let fault = "<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:TimedOut</s:Value>\
        </s:Subcode></s:Code><s:Reason><s:Text xml:lang='en'>late</s:Text></s:Reason></s:Fault>";
    for operation in [get(), create(), Operation::Identify, pull(EnumerationMode::Epr)] {
        for message in [envelope(fault), enveloped("", fault)] {
            let Response::Fault(read) = read_text(&operation, &message).unwrap() else { panic!() };
            assert_eq!((read.subcode(), read.text()), (Some("TimedOut"), "late"));
        }
    }
    let foreign = enveloped("<a:RelatesTo>uuid:1</a:RelatesTo>", fault);
    assert!(matches!(read_text(&get(), &foreign), Err(ResponseError::RelatesTo { .. })));
}

#[test]
fn the_header_that_was_not_understood_is_kept() {
    let header = "<s:NotUnderstood qname='w:Locale'/>";
    let fault = "<s:Fault><s:Code><s:Value>s:MustUnderstand</s:Value></s:Code><s:Reason/></s:Fault>";
    let Response::Fault(fault) = read_text(&get(), &enveloped(header, fault)).unwrap() else { panic!() };
    assert_eq!(fault.extended().collect::<Vec<_>>(), [("NotUnderstood", "w:Locale")]);
    assert_eq!(fault.code(), None::<FaultCode>);
    assert!(fault.refused_before_dispatch());
}

#[test]
fn identify_needs_no_header() {
    let message = |header: &str| {
        format!(
            "<s:Envelope xmlns:s='{}' xmlns:i='{}'>{header}<s:Body><i:IdentifyResponse>\
             <i:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</i:ProtocolVersion>\
             <i:ProductVendor>Microsoft Corporation</i:ProductVendor>\
             <i:ProductVersion>OS: 0.0.0 SP: 0.0 Stack: 3.0</i:ProductVersion><i:SecurityProfiles>\
             <i:SecurityProfileName>urn:one</i:SecurityProfileName></i:SecurityProfiles>\
             </i:IdentifyResponse></s:Body></s:Envelope>",
            names::SOAP,
            names::IDENTITY
        )
    };
    for header in ["", "<s:Header/>"] {
        let Response::Identified(identity) = read_text(&Operation::Identify, &message(header)).unwrap()
        else {
            panic!()
        };
        assert_eq!(identity.product_vendor(), "Microsoft Corporation");
        assert_eq!(identity.product_version(), "OS: 0.0.0 SP: 0.0 Stack: 3.0");
        assert_eq!(identity.security_profiles(), ["urn:one"]);
    }
}

#[test]
fn release_is_answered_by_an_empty_body() {
    let context = Text::new("uuid:1").unwrap();
    let release = Operation::Release { class: service().to_class(), context };
    for body in ["", "<n:ReleaseResponse/>"] {
        assert!(matches!(read_text(&release, &envelope(body)), Ok(Response::Released)));
    }
    insta::assert_snapshot!(refused(&get(), ""), @"expected content in the SOAP body, got an empty body");
}

fn fragment(expression: &str) -> Operation {
    let epr = Epr::class_of("Msvm_ConcreteJob", NAMESPACE);
    Operation::GetFragment { epr, fragment: Fragment::parse(expression).unwrap() }
}

#[test]
fn a_fragment_is_the_typed_value_of_what_was_named() {
    let read = |expression: &str, content: &str| {
        let body = format!("<w:XmlFragment>{content}</w:XmlFragment>");
        let Response::GotFragment(value) = read_text(&fragment(expression), &envelope(&body)).unwrap() else {
            panic!()
        };
        value
    };
    let status = "<p:OperationalStatus>2</p:OperationalStatus>";
    assert_eq!(read("JobState", "<p:JobState>7</p:JobState>"), Value::Uint16(7));
    assert_eq!(read("JobState/text()", "7"), Value::Uint16(7));
    assert_eq!(read("Caption/text()", ""), Value::string("").unwrap());
    assert_eq!(read("Caption", "<p:Caption xsi:nil='true'/>"), Value::Null);
    assert_eq!(read("Caption", ""), Value::Null);
    assert_eq!(read("OperationalStatus", status), Value::from(vec![2_u16]));
    assert_eq!(read("OperationalStatus[1]", status), Value::Uint16(2));
    assert_eq!(read("A/B", "<p:B>1</p:B>"), Value::Untyped(Text::new("1").unwrap()));
}

#[test]
fn a_fragment_that_holds_something_else_is_refused() {
    let refused = |expression: &str, body: &str| refused(&fragment(expression), body);
    insta::assert_snapshot!(
        refused("JobState", "<w:XmlFragment><p:Caption>x</p:Caption></w:XmlFragment>"),
        @"expected `JobState` in the fragment, got `Caption`"
    );
    insta::assert_snapshot!(
        refused("JobState", "<w:XmlFragment>7</w:XmlFragment>"),
        @"expected `JobState` in the fragment, got text"
    );
    insta::assert_snapshot!(
        refused("JobState", "<p:Msvm_ConcreteJob/>"),
        @"expected `XmlFragment`, got `Msvm_ConcreteJob`"
    );
    insta::assert_snapshot!(
        refused("JobState/text()", "<w:XmlFragment>seven</w:XmlFragment>"),
        @"a value in the answer cannot be read"
    );
}

#[test]
fn a_change_is_answered_by_what_is_now_or_by_nothing() {
    let epr = Epr::class_of("Msvm_ConcreteJob", NAMESPACE);
    let instance = Instance::new("Msvm_ConcreteJob");
    let put = Operation::Put { epr: epr.clone(), instance: instance.clone() };
    assert!(matches!(read_text(&put, &envelope("")), Ok(Response::Put(None))));
    let Ok(Response::Put(Some(now))) = read_text(&put, &envelope(&self::instance(1))) else { panic!() };
    assert_eq!(now.str("InstanceID"), Some("1"));

    let fragment = Fragment::parse("JobState").unwrap();
    let put = Operation::PutFragment { epr: epr.clone(), fragment, value: Value::Uint16(7) };
    assert!(matches!(read_text(&put, &envelope("")), Ok(Response::PutFragment(None))));
    let body = "<w:XmlFragment><p:JobState>7</p:JobState></w:XmlFragment>";
    let Ok(Response::PutFragment(Some(value))) = read_text(&put, &envelope(body)) else { panic!() };
    assert_eq!(value, Value::Uint16(7));

    let delete = Operation::Delete { epr: epr.clone() };
    assert!(matches!(read_text(&delete, &envelope("")), Ok(Response::Deleted)));
    insta::assert_snapshot!(refused(&delete, &self::instance(1)), @"expected `DeleteResponse`, got `Msvm_ConcreteJob`");

    let create = Operation::Create { class: epr, instance };
    let body = format!("<x:ResourceCreated xmlns:x='{}'>{REFERENCE}</x:ResourceCreated>", names::TRANSFER);
    let Ok(Response::Created(created)) = read_text(&create, &envelope(&body)) else { panic!() };
    assert_eq!(created.selector("InstanceID"), Some("1"));
    insta::assert_snapshot!(refused(&create, ""), @"expected content in the SOAP body, got an empty body");
}

#[test]
fn an_envelope_of_another_shape_is_refused() {
    let job = "<p:Msvm_ConcreteJob/>";
    let message = envelope(job);
    let refused = |message: &str| read_text(&get(), message).unwrap_err().to_string();
    insta::assert_snapshot!(refused("<html><body/></html>"), @"expected a SOAP 1.2 envelope, got `html`");
    insta::assert_snapshot!(
        refused(&message.replace("2003/05/soap-envelope", "2001/12/soap-envelope")),
        @"expected a SOAP 1.2 envelope, got `Envelope` of namespace `http://www.w3.org/2001/12/soap-envelope`"
    );
    insta::assert_snapshot!(
        refused(&message.replace("<s:Body>", "<s:Header/><s:Body>")),
        @"expected one SOAP header and one SOAP body, got `Header`"
    );
    insta::assert_snapshot!(
        refused(&message.replace("</s:Body>", "</s:Body><s:Body/>")),
        @"expected the end of the SOAP envelope, got `Body`"
    );
    insta::assert_snapshot!(
        refused(&message.replace(job, &job.repeat(2))),
        @"expected the end of the SOAP body, got `Msvm_ConcreteJob`"
    );
    insta::assert_snapshot!(refused(&message.replace("</s:Body>", "x</s:Body>")), @"expected an element, got text");
    insta::assert_snapshot!(
        refused("<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'/>"),
        @"expected a SOAP body, got the end of the envelope"
    );
    insta::assert_snapshot!(refused(&message[..message.len() - 30]), @"the message is not readable XML");
}

#[test]
fn a_truncated_answer_never_reads_as_a_whole_one() {
    let message = envelope(&output("<p:ReturnValue>0</p:ReturnValue>"));
    for end in 0..message.len() {
        assert!(read_text(&create(), &message[..end]).is_err(), "{end}");
    }
    assert!(read_text(&create(), &message).is_ok());
}
