//! Put, Create, Delete, fragments: each sent once; options of one call.

use crate::support::{Reply, Script, http, soap, text};
use hyperv_wsman::{
    Client, Error, ErrorKind,
    cim::{Epr, Instance, Value},
    wsman::{EnumerationMode, Fault, FaultCode},
};
use std::time::Duration;

const V2: &str = "root/virtualization/v2";

fn job() -> Epr {
    Epr::class_of("Msvm_ConcreteJob", V2).with("InstanceID", "J1").unwrap()
}

/// One of the changes by name, its result forgotten.
async fn change(client: &Client, name: &str) -> Result<(), Error> {
    match name {
        "Put" => client.put(&job()).property("Caption", text("x")).await.map(drop),
        "Create" => client.create(&job()).property("Caption", text("x")).await.map(drop),
        _ => client.delete(&job()).await,
    }
}

fn done(name: &str) -> Reply {
    let body = match name {
        "Create" => format!(
            "<x:ResourceCreated xmlns:x=\"http://schemas.xmlsoap.org/ws/2004/09/transfer\">{}</x:ResourceCreated>",
            soap::reference("Msvm_ConcreteJob", "InstanceID", "J2")
        ),
        _ => String::new(),
    };
    soap::got(&body)
}

const CHANGES: [&str; 3] = ["Put", "Create", "Delete"];

#[tokio::test(start_paused = true)]
async fn a_change_by_transfer_is_repeated_only_with_proof() {
    for name in CHANGES {
        for failure in [Reply::NotSent, soap::fault(soap::QUOTA, "w:QuotaLimit"), http(503)] {
            let script = Script::new([(name, failure), (name, done(name))]);
            change(&script.client(), name).await.unwrap();
            assert!(script.sent().iter().all(|sent| sent.changes_host));
            script.assert_done();
        }
        let doubts = [
            Reply::Cut,
            Reply::Silence,
            http(200),
            http(500),
            soap::fault(soap::TIMED_OUT, "w:TimedOut"),
            soap::fault(soap::ENCODING_LIMIT, "w:EncodingLimit"),
            soap::fault(soap::PROVIDER, "w:InternalError"),
            soap::got("<x:Unexpected xmlns:x=\"urn:x\"><x:A><x:B/>text</x:A></x:Unexpected>"),
        ];
        for failure in doubts {
            // Put is answered by an instance, and nobody knows this class.
            if name == "Put" && matches!(failure, Reply::Soap(_)) {
                continue;
            }
            let script = Script::new([(name, failure.clone())]);
            let error = change(&script.client(), name).await.unwrap_err();
            assert!(error.is_outcome_unknown(), "{name} after {failure:?} gave {error}");
            let outcome = error.unknown_outcome().unwrap();
            assert_eq!((outcome.operation.as_str(), outcome.object.as_str()), (name, "Msvm_ConcreteJob"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_as_one_and_not_as_doubt() {
    for name in CHANGES {
        let script = Script::new([(name, soap::fault(soap::NOT_FOUND, "a:DestinationUnreachable"))]);
        let error = change(&script.client(), name).await.unwrap_err();
        assert_eq!(error.fault().and_then(Fault::code), Some(FaultCode(soap::NOT_FOUND)));
        assert_eq!(error.kind(), ErrorKind::Fault, "{name}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_words_of_a_change_name_what_was_tried() {
    let mut lines = Vec::new();
    for name in CHANGES {
        let script = Script::new([(name, Reply::Cut)]);
        lines.push(change(&script.client(), name).await.unwrap_err().to_string());
    }
    let script = Script::new([("Put", Reply::Cut), ("Get", http(404))]);
    let put = script.client().put(&job()).fragment("Caption[2]", text("x")).await;
    lines.push(put.unwrap_err().to_string());
    lines.push(script.client().get(&job()).fragment("Caption").await.unwrap_err().to_string());
    insta::assert_snapshot!(lines.join("\n"), @r"
    failed to change `Msvm_ConcreteJob`: the outcome is unknown, it may or may not have happened
    failed to create an instance of `Msvm_ConcreteJob`: the outcome is unknown, it may or may not have happened
    failed to delete an instance of `Msvm_ConcreteJob`: the outcome is unknown, it may or may not have happened
    failed to change `Caption[2]` of `Msvm_ConcreteJob`: the outcome is unknown, it may or may not have happened
    failed to read `Caption` of `Msvm_ConcreteJob`: this is not a WS-Management endpoint (HTTP 404)
    ");
}

#[tokio::test]
async fn create_gives_the_reference_and_put_what_the_host_says_it_is_now() {
    let now = soap::job("J1", 7, 198);
    let script = Script::new([("Create", done("Create")), ("Put", soap::got(&now)), ("Put", soap::got(""))]);
    let client = script.client();
    let class = Epr::class_of("Msvm_ConcreteJob", V2);
    let created = client.create(&class).instance(&Instance::new("X").with("Name", text("n"))).await.unwrap();
    assert_eq!(created.selector("InstanceID"), Some("J2"));
    let put = client.put(&job()).property("Caption", Value::Null).await.unwrap();
    assert_eq!(put.unwrap().u64("JobState"), Some(7));
    assert!(client.put(&job()).await.unwrap().is_none());
    let create = &script.bodies("Create")[0];
    assert!(create.contains("<p:Name>n</p:Name></p:Msvm_ConcreteJob>"), "{create}");
    assert!(!create.contains("SelectorSet"), "{create}");
    assert!(script.bodies("Put")[0].contains("<p:Caption xsi:nil=\"true\"/>"));
}

#[tokio::test]
async fn a_put_that_is_answered_by_another_class_may_have_happened() {
    let machine = soap::got(&soap::machine("M1", "web-01"));
    let derived = soap::got(&soap::instance("Msvm_StorageJob", &[("InstanceID", Some("J1"))]));
    let script = Script::new([("Put", machine), ("Put", derived)]);
    let client = script.client();
    let error = client.put(&job()).property("Caption", text("x")).await.unwrap_err();
    assert!(error.is_outcome_unknown(), "{error}");
    let reason = std::error::Error::source(&error).unwrap().to_string();
    insta::assert_snapshot!(reason, @"failed to change `Msvm_ConcreteJob`: expected an instance of it, got one of `Msvm_ComputerSystem`");
    let any_job = Epr::class_of("CIM_ConcreteJob", V2).with("InstanceID", "J1").unwrap();
    let put = client.put(&any_job).property("Caption", text("x")).await.unwrap();
    assert_eq!(put.unwrap().class(), "Msvm_StorageJob");
}

#[tokio::test]
async fn a_fragment_is_named_in_the_header_and_only_its_value_travels() {
    let uri = format!("http://schemas.microsoft.com/wbem/wsman/1/wmi/{V2}/Msvm_ConcreteJob");
    let fragment = |content: &str| {
        let ns = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd";
        soap::got(&format!("<w:XmlFragment xmlns:w=\"{ns}\" xmlns:p=\"{uri}\">{content}</w:XmlFragment>"))
    };
    let script = Script::new([
        ("Get", fragment("<p:JobState>7</p:JobState>")),
        ("Put", fragment("<p:Caption>new</p:Caption>")),
        ("Put", soap::got("")),
    ]);
    let client = script.client();
    assert_eq!(client.get(&job()).fragment("JobState").await.unwrap(), Value::Uint16(7));
    let put = client.put(&job()).property("Name", text("not sent")).fragment("Caption", text("new"));
    assert_eq!(put.await.unwrap(), Some(text("new").into()));
    assert_eq!(client.put(&job()).fragment("Caption/text()", text("new")).await.unwrap(), None);
    for body in script.bodies("Get").into_iter().chain(script.bodies("Put")) {
        assert!(body.contains("<w:FragmentTransfer s:mustUnderstand=\"true\">"), "{body}");
        assert!(!body.contains("not sent"), "{body}");
    }
}

#[tokio::test]
async fn an_expression_that_no_host_could_process_is_refused_before_it_is_sent() {
    let script = Script::new([]);
    for error in [
        script.client().get(&job()).fragment("//Caption").await.unwrap_err(),
        script.client().put(&job()).fragment("//Caption", 1_u8).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Config);
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.ends_with("got `//Caption`"), "{source}");
    }
    assert!(script.sent().is_empty());
}

#[tokio::test]
async fn what_is_said_about_one_call_holds_for_its_messages_alone() {
    let script = Script::new([
        ("Enumerate", soap::first_page(&[soap::job("J1", 7, 198)], "C1")),
        ("Pull", soap::pulled_last(&[])),
        ("Get", soap::got(&soap::job("J1", 7, 198))),
    ]);
    let client = script.client();
    let call = client
        .enumerate(&Epr::class_of("Msvm_ConcreteJob", V2))
        .operation_timeout(Duration::from_secs(7))
        .max_envelope_size(65_536)
        .locale(text("de-DE"))
        .data_locale(text("fr-FR"))
        .option("wmi:one", "1")
        .required_option("two", "<2>");
    assert_eq!(call.await.unwrap().len(), 1);
    client.get(&job()).await.unwrap();

    let said = [
        ">PT7S<",
        ">65536<",
        "<w:Locale xml:lang=\"de-DE\"",
        "<pm:DataLocale xml:lang=\"fr-FR\"",
        "<w:OptionSet s:mustUnderstand=\"true\">",
        "<w:Option Name=\"wmi:one\">1</w:Option>",
        "<w:Option Name=\"two\" MustComply=\"true\">&lt;2&gt;</w:Option>",
    ];
    let sent = script.sent();
    for words in said {
        // A Pull whose envelope size differs from the Enumerate's is refused by Windows.
        assert!(sent[0].body.contains(words) && sent[1].body.contains(words), "{words}: {}", sent[1].body);
        assert!(!sent[2].body.contains(words), "{words}");
    }
    assert!(sent[2].body.contains("<pm:DataLocale xml:lang=\"en-US\""));
}

#[tokio::test]
async fn a_walk_along_associations_goes_to_all_classes_with_its_object() {
    let script = Script::new([("Enumerate", soap::last_page(&[])), ("Enumerate", soap::last_page(&[]))]);
    let client = script.client();
    client
        .associators(&job())
        .association_class("Msvm_AffectedJobElement")
        .result_role("AffectedElement")
        .enumerate()
        .mode(EnumerationMode::Epr)
        .await
        .unwrap();
    client.references(&job()).role("AffectingElement").instances().await.unwrap();
    let bodies = script.bodies("Enumerate");
    assert!(bodies[0].contains("<b:AssociatedInstances ") && bodies[0].contains(">EnumerateEPR<"));
    assert!(bodies[0].contains("<b:ResultRole>AffectedElement</b:ResultRole>"), "{}", bodies[0]);
    assert!(bodies[1].contains("<b:AssociationInstances ") && bodies[1].contains("<b:Role>"));
    for body in bodies {
        assert!(body.contains(&format!("/wmi/{V2}/*<")), "{body}");
        assert!(body.contains("<b:Object><a:Address>") && body.contains(">J1</w:Selector>"), "{body}");
    }
}
