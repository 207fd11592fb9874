//! CIM servers other than Windows: how classes are named to them, and what they answer.

use crate::support::{Reply, Script, soap, text};
use hyperv_wsman::{
    Client, ErrorKind,
    cim::{Epr, Value},
    wsman::Dialect,
};
use std::{sync::Arc, time::Duration};

const DMTF: &str = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2";
/// A family of URIs of a vendor.
const VENDOR: &str = "http://schemas.example.org/wbem/wscim/1/cim-schema/2";
const NAMESPACE: &str = "<w:Selector Name=\"__cimnamespace\">root/cimv2</w:Selector>";

fn client(script: &Arc<Script>) -> Client {
    script.client_with(|options| options.dialect = Dialect::Dmtf)
}

fn job(family: &str, properties: &str) -> String {
    format!("<p:CIM_ConcreteJob xmlns:p=\"{family}/CIM_ConcreteJob\">{properties}</p:CIM_ConcreteJob>")
}

#[tokio::test]
async fn each_message_of_an_enumeration_names_the_namespace_beside_the_class() {
    let page = format!(
        "<n:EnumerationContext>uuid:C1</n:EnumerationContext><w:Items>{}</w:Items>",
        job(DMTF, "<p:InstanceID>A</p:InstanceID>")
    );
    let script = Script::new([
        ("Enumerate", soap::first_of(&page)),
        ("Pull", soap::pulled_of("<n:EnumerationContext>uuid:C2</n:EnumerationContext>")),
        ("Pull", soap::fault(5, "w:AccessDenied")),
        ("Release", soap::released()),
    ]);
    let client = client(&script);
    client.enumerate(&Epr::class_of("CIM_ConcreteJob", "root/cimv2")).await.unwrap_err();
    client.close(Duration::from_secs(1)).await.unwrap();
    for sent in script.sent() {
        assert!(sent.body.contains(&format!(">{DMTF}/CIM_ConcreteJob</w:ResourceURI>")), "{}", sent.body);
        assert!(sent.body.contains(NAMESPACE), "{}", sent.body);
    }
    script.assert_done();
}

#[tokio::test]
async fn nothing_is_pulled_after_an_end_that_comes_with_a_context() {
    let page = format!(
        "<n:EnumerationContext>uuid:C1</n:EnumerationContext><w:Items>{}</w:Items><w:EndOfSequence/>",
        job(VENDOR, "<p:InstanceID>A</p:InstanceID>")
    );
    let script = Script::new([("Enumerate", soap::first_of(&page))]);
    let client = client(&script);
    let jobs = client.enumerate(&Epr::class_of("CIM_ConcreteJob", "root/cimv2")).instances().await.unwrap();
    assert_eq!((jobs.len(), jobs[0].class()), (1, "CIM_ConcreteJob"));
    client.close(Duration::from_secs(1)).await.unwrap();
    script.assert_done();
}

#[tokio::test]
async fn values_come_in_the_spellings_of_each_server() {
    let properties = "<p:DeleteOnCompletion>TRUE</p:DeleteOnCompletion><p:JobState> 7 </p:JobState>\
         <p:StartTime>2026-01-02T03:04:05Z</p:StartTime><p:ElapsedTime>P0DT0H5M0S</p:ElapsedTime>\
         <p:TimeSubmitted>20260102030405.000000+000</p:TimeSubmitted>\
         <p:UntilTime>00000000000500.000000:000</p:UntilTime>";
    let script = Script::new([("Get", soap::answer(&job(VENDOR, properties)))]);
    let epr = Epr::class_of("CIM_ConcreteJob", "root/cimv2").with("InstanceID", "A").unwrap();
    let job = client(&script).get(&epr).await.unwrap();
    assert_eq!(job.get("DeleteOnCompletion"), Some(&Value::Boolean(true)));
    assert_eq!(job.get("JobState"), Some(&Value::Uint16(7)));
    for (name, iso) in [
        ("StartTime", "2026-01-02T03:04:05Z"),
        ("ElapsedTime", "P0DT0H5M0S"),
        ("TimeSubmitted", "2026-01-02T03:04:05Z"),
        ("UntilTime", "P0DT0H5M0S"),
    ] {
        let found = job.get(name).and_then(Value::as_datetime).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(found.to_iso(), iso, "{name}");
    }
}

#[tokio::test]
async fn the_output_of_a_method_is_known_by_its_name_and_class_in_any_family_and_order() {
    for family in [DMTF, VENDOR] {
        let output = format!(
            "<o:RequestStateChange_OUTPUT xmlns:o=\"{family}/CIM_ConcreteJob\">\
             <o:ReturnValue>0</o:ReturnValue><o:Job xsi:nil=\"true\"/></o:RequestStateChange_OUTPUT>"
        );
        let script = Script::new([("RequestStateChange", soap::answer(&output))]);
        let epr = Epr::class_of("CIM_ConcreteJob", "root/cimv2").with("InstanceID", "A").unwrap();
        let output = client(&script).invoke(&epr, "RequestStateChange").await.unwrap();
        assert_eq!((output.return_value(), output.get("Job")), (0, Some(&Value::Null)));
        let body = &script.sent()[0].body;
        assert!(body.contains(&format!(">{DMTF}/CIM_ConcreteJob/RequestStateChange</a:Action>")), "{body}");
        assert!(body.contains(&format!("<p:RequestStateChange_INPUT xmlns:p=\"{DMTF}/CIM_ConcreteJob\">")));
    }
}

#[tokio::test]
async fn a_reference_that_the_server_gave_is_sent_as_it_came() {
    let script = Script::new([("Get", soap::answer(&job(VENDOR, "<p:InstanceID>A</p:InstanceID>")))]);
    let given = Epr::from_uri(&format!("{VENDOR}/CIM_ConcreteJob")).with("InstanceID", "A").unwrap();
    client(&script).get(&given).await.unwrap();
    let body = &script.sent()[0].body;
    assert!(body.contains(&format!(">{VENDOR}/CIM_ConcreteJob</w:ResourceURI>")), "{body}");
    assert!(!body.contains("__cimnamespace"), "{body}");
}

/// A reference as servers other than Windows give them, and Windows where it is asked by a URI of the DMTF.
fn given() -> Epr {
    let epr = Epr::from_uri(&format!("{DMTF}/CIM_ConcreteJob"));
    epr.with("__cimnamespace", "root/cimv2").unwrap().with("InstanceID", "A").unwrap()
}

#[tokio::test]
async fn the_class_of_a_reference_that_the_server_gave_is_enumerated_in_its_namespace() {
    for dialect in [Dialect::Windows, Dialect::Dmtf] {
        let page = format!(
            "<n:EnumerationContext>uuid:C1</n:EnumerationContext><w:Items>{}</w:Items>",
            job(DMTF, "<p:InstanceID>A</p:InstanceID>")
        );
        let script = Script::new([
            ("Enumerate", soap::first_of(&page)),
            ("Pull", soap::fault(5, "w:AccessDenied")),
            ("Release", soap::released()),
        ]);
        let client = script.client_with(|options| options.dialect = dialect);
        client.enumerate(&given()).await.unwrap_err();
        client.close(Duration::from_secs(1)).await.unwrap();
        for sent in script.sent() {
            assert!(sent.body.contains(&format!(">{DMTF}/CIM_ConcreteJob</w:ResourceURI>")), "{}", sent.body);
            assert!(
                sent.body.contains(&format!("<w:SelectorSet>{NAMESPACE}</w:SelectorSet>")),
                "{}",
                sent.body
            );
        }
        script.assert_done();
    }
}

#[tokio::test]
async fn associations_of_a_reference_that_the_server_gave_are_walked_in_its_namespace() {
    let script = Script::new([("Enumerate", soap::last_page(&[]))]);
    script.client().associators(&given()).await.unwrap();
    let body = &script.sent()[0].body;
    let header = body.split("</s:Header>").next().unwrap();
    assert!(header.contains(">http://schemas.dmtf.org/wbem/wscim/1/*</w:ResourceURI>"), "{header}");
    assert!(header.contains(&format!("<w:SelectorSet>{NAMESPACE}</w:SelectorSet>")), "{header}");
    let object = body.split("<b:Object>").nth(1).unwrap();
    assert!(object.contains(&format!(">{DMTF}/CIM_ConcreteJob</w:ResourceURI>")), "{object}");
    assert!(
        object.contains(&format!("{NAMESPACE}<w:Selector Name=\"InstanceID\">A</w:Selector>")),
        "{object}"
    );
}

/// A fault without a code of Windows, with a `CIM_Error` if there is a status.
fn fault(subcode: &str, status: Option<u8>) -> Reply {
    let error = status.map_or_else(String::new, |status| {
        format!(
            "<e:CIM_Error xmlns:e=\"{VENDOR}/CIM_Error\"><e:CIMStatusCode>{status}</e:CIMStatusCode>\
             <e:Message>No job of that name.</e:Message></e:CIM_Error>"
        )
    });
    let Reply::Soap(body) = soap::answer(&format!(
        "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code>\
         <s:Reason><s:Text xml:lang=\"en\">A general failure.</s:Text></s:Reason><s:Detail>{error}</s:Detail></s:Fault>"
    )) else {
        unreachable!("an answer")
    };
    Reply::Fault(body)
}

#[tokio::test]
async fn a_change_that_a_server_without_codes_refuses_is_in_no_doubt() {
    let epr = Epr::class_of("CIM_ConcreteJob", "root/cimv2").with("InstanceID", "A").unwrap();
    let refusals = [
        ("a:DestinationUnreachable", None, ErrorKind::Fault),
        ("w:AlreadyExists", None, ErrorKind::Fault),
        ("a:ActionNotSupported", None, ErrorKind::Fault),
        ("w:InternalError", Some(2), ErrorKind::AccessDenied),
        ("w:InternalError", Some(6), ErrorKind::Fault),
        ("w:InternalError", Some(7), ErrorKind::Fault),
        ("w:InternalError", Some(11), ErrorKind::Fault),
        ("w:InternalError", Some(1), ErrorKind::OutcomeUnknown),
        ("w:InternalError", None, ErrorKind::OutcomeUnknown),
    ];
    for (subcode, status, kind) in refusals {
        let script = Script::new(["Put", "Create", "Delete"].map(|name| (name, fault(subcode, status))));
        let client = client(&script);
        let put = client.put(&epr).property("Caption", text("x")).await.map(drop);
        let create = client.create(&epr).property("Caption", text("x")).await.map(drop);
        let delete = client.delete(&epr).await;
        for refused in [put, create, delete] {
            assert_eq!(refused.unwrap_err().kind(), kind, "{subcode} {status:?}");
        }
    }
    // A method may have done a part of its work.
    let script = Script::new([("RequestStateChange", fault("w:InternalError", Some(6)))]);
    let error = client(&script).invoke(&epr, "RequestStateChange").await.unwrap_err();
    assert!(error.is_outcome_unknown(), "{error}");
}

#[tokio::test]
async fn the_words_of_a_servers_provider_are_shown_beside_its_own() {
    let epr = Epr::class_of("CIM_ConcreteJob", "root/cimv2").with("InstanceID", "A").unwrap();
    let script = Script::new([("Get", fault("w:InternalError", Some(6)))]);
    let error = client(&script).get(&epr).await.unwrap_err();
    insta::assert_snapshot!(error, @"failed to read `CIM_ConcreteJob`: fault `InternalError`, CIM status 6: the server knows no such instance");
    let words = std::error::Error::source(&error).unwrap();
    insta::assert_snapshot!(words, @"the host says: A general failure. (provider: No job of that name.)");
}
