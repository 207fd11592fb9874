use super::*;
use crate::{
    cim::{DateTime, Instance},
    xml::{Element, Event, Limits, Reader, diff::first_difference},
};
use std::{fs, path::Path};

const NAMESPACE: &str = "root/virtualization/v2";

fn headers() -> Headers {
    Headers {
        to: "https://hv01.example.test:5986/wsman".into(),
        message_id: "uuid:00000000-0000-4000-8000-000000000002".into(),
        session_id: "uuid:00000000-0000-4000-8000-000000000001".into(),
        operation_timeout: Duration::from_secs(60),
        max_envelope_size: 512_000,
        locale: Text::new("en-US").unwrap(),
        data_locale: Text::new("en-US").unwrap(),
        options: Vec::new(),
        dialect: Dialect::Windows,
    }
}

fn uri(class: &str) -> String {
    Epr::class_of(class, NAMESPACE).resource_uri().to_owned()
}

fn job() -> Epr {
    Epr::class_of("Msvm_ConcreteJob", NAMESPACE)
        .with("InstanceID", "00000000-0000-4000-8000-000000000010")
        .unwrap()
}

fn service() -> Epr {
    let class = "Msvm_CollectionSnapshotService";
    Epr::class_of(class, NAMESPACE).with("CreationClassName", class).unwrap()
}

fn collection(class: &str, id: &str) -> Value {
    Value::Reference(Box::new(Epr::class_of(class, NAMESPACE).with("CollectionID", id).unwrap()))
}

fn invoke(epr: Epr, method: &str, parameters: Vec<(&str, Value)>) -> Operation {
    let parameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Operation::Invoke { epr, method: method.into(), parameters }
}

/// A class of Windows whose instances are made, changed and deleted by WS-Transfer.
fn variable() -> Epr {
    let class = Epr::class_of("Win32_Environment", "root/cimv2");
    class.with("Name", "BACKUPS").unwrap().with("UserName", r"EXAMPLE\operator").unwrap()
}

fn new_value() -> Instance {
    Instance::new("Win32_Environment").with("VariableValue", Value::string("D:\\R&D").unwrap())
}

fn fragment(expression: &str) -> Fragment {
    Fragment::parse(expression).unwrap()
}

fn put_fragment(expression: &str) -> Operation {
    let value = Value::string("D:\\R&D").unwrap();
    Operation::PutFragment { epr: variable(), fragment: fragment(expression), value }
}

fn associators() -> Filter {
    let association = Association::associators(job())
        .association_class("Msvm_AffectedJobElement")
        .role("AffectingElement")
        .result_class("Msvm_SnapshotCollection")
        .result_role("AffectedElement")
        .result_property("CollectionID")
        .result_property("ElementName");
    Filter::Association(Box::new(association))
}

fn references() -> Filter {
    let association = Association::references(job())
        .association_class("Msvm_AffectedJobElement")
        .role("AffectingElement")
        .result_role("AffectedElement");
    Filter::Association(Box::new(association))
}

/// The headers of the golden request of this name.
fn golden_headers(name: &str) -> Headers {
    match name {
        "get-with-options" => Headers {
            data_locale: Text::new("de-DE").unwrap(),
            options: vec![
                RequestOption::new("ShowExtensions", ""),
                RequestOption::new("wmi:context", "R&D").must_comply(),
            ],
            ..headers()
        },
        _ if name.starts_with("dmtf-") => Headers { dialect: Dialect::Dmtf, ..headers() },
        _ => headers(),
    }
}

/// Each file of `fixtures/requests/` that is meant for Windows, and the operation that it shows.
fn golden_of_windows() -> Vec<(&'static str, Operation)> {
    let groups = Epr::class_of("Msvm_VirtualSystemCollection", NAMESPACE);
    let enumerate = |mode, filter, max_elements| Operation::Enumerate {
        class: groups.clone(),
        mode,
        filter,
        max_elements,
    };
    let text = |text: &str| Text::new(text).unwrap();
    let context = text("uuid:00000000-0000-4000-8000-000000000011");
    let query = text("SELECT * FROM Msvm_VirtualSystemCollection WHERE ElementName='R&D <web>'");
    let selectors =
        vec![("ElementName".to_owned(), text("web-tier")), ("Caption".to_owned(), text("a \"b\""))];
    let export = Instance::new("Msvm_CollectionSnapshotExportSettingData")
        .with("CopyVmStorage", Value::Boolean(true))
        .with("BackupIntent", Value::Uint16(1));
    vec![
        ("identify", Operation::Identify),
        ("get", Operation::Get { epr: job() }),
        ("get-fragment", Operation::GetFragment { epr: job(), fragment: fragment("OperationalStatus[2]") }),
        ("get-with-options", Operation::Get { epr: job() }),
        ("put", Operation::Put { epr: variable(), instance: new_value() }),
        ("put-fragment", put_fragment("VariableValue")),
        ("put-fragment-text", put_fragment("VariableValue/text()")),
        (
            "create",
            Operation::Create {
                class: Epr::class_of("Win32_Environment", "root/cimv2"),
                instance: Instance::new("Win32_Environment")
                    .with("Name", Value::string("BACKUPS").unwrap())
                    .with("UserName", Value::string(r"EXAMPLE\operator").unwrap())
                    .with("VariableValue", Value::string("D:\\R&D").unwrap()),
            },
        ),
        ("delete", Operation::Delete { epr: variable() }),
        ("enumerate-associators", enumerate(EnumerationMode::Object, Some(associators()), 32_000)),
        ("enumerate-references", enumerate(EnumerationMode::Object, Some(references()), 32_000)),
        ("enumerate", enumerate(EnumerationMode::Object, None, 32_000)),
        ("enumerate-references-by-query", enumerate(EnumerationMode::Epr, Some(Filter::Wql(query)), 32_000)),
        (
            "enumerate-by-selectors",
            enumerate(EnumerationMode::ObjectAndEpr, Some(Filter::Selector(selectors)), 100),
        ),
        (
            "pull",
            Operation::Pull {
                class: groups.clone(),
                context: context.clone(),
                mode: EnumerationMode::Object,
                max_elements: 32_000,
            },
        ),
        ("release", Operation::Release { class: groups.clone(), context }),
        (
            "invoke-create-snapshot",
            invoke(
                service(),
                "CreateSnapshot",
                vec![
                    (
                        "Collection",
                        collection("Msvm_VirtualSystemCollection", "00000000-0000-4000-8000-000000000012"),
                    ),
                    ("SnapshotSettings", Value::string("").unwrap()),
                    ("SnapshotType", Value::Uint16(1)),
                ],
            ),
        ),
        (
            "invoke-export-snapshot",
            invoke(
                service(),
                "ExportSnapshot",
                vec![
                    (
                        "SnapshotCollection",
                        collection("Msvm_SnapshotCollection", "00000000-0000-4000-8000-000000000013"),
                    ),
                    ("ExportDirectory", Value::string("D:\\Exports\\R&D").unwrap()),
                    ("ExportSettingData", Value::String(export.to_cim_xml().unwrap())),
                ],
            ),
        ),
        ("invoke-without-parameters", invoke(job(), "GetErrorEx", vec![])),
        ("invoke-every-kind-of-value", invoke(job(), "Anything", every_kind_of_value())),
    ]
}

/// What says nothing about the dialect, or no more than another.
const WINDOWS_ALONE: [&str; 5] = [
    "identify",
    "get-with-options",
    "invoke-export-snapshot",
    "invoke-without-parameters",
    "invoke-every-kind-of-value",
];

/// Each file of `fixtures/requests/` and the operation that it shows: those of Windows, and the same to servers that name
/// classes as the DMTF does.
fn golden() -> Vec<(String, Operation)> {
    let of_windows = golden_of_windows();
    let both = of_windows.iter().filter(|(name, _)| !WINDOWS_ALONE.contains(name));
    let dmtf = both.map(|(name, operation)| (format!("dmtf-{name}"), operation.clone()));
    let windows = of_windows.iter().map(|(name, operation)| ((*name).to_owned(), operation.clone()));
    windows.chain(dmtf).collect()
}

fn every_kind_of_value() -> Vec<(&'static str, Value)> {
    let association =
        Epr::class_of("Msvm_AffectedJobElement", NAMESPACE).with_reference("AffectingElement", job());
    vec![
        ("Nothing", Value::Null),
        ("Several", Value::Array(vec![Value::Uint32(1), Value::Uint32(2)])),
        ("When", Value::DateTime(DateTime::from_iso("2026-01-02T03:04:05.678901Z").unwrap())),
        ("HowLong", Value::DateTime(DateTime::from_iso("P0DT0H1M0S").unwrap())),
        ("Sure", Value::Boolean(true)),
        ("Association", Value::Reference(Box::new(association.unwrap()))),
    ]
}

#[test]
fn each_operation_is_written_as_its_golden_request() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/requests");
    let golden = golden();
    for (name, operation) in &golden {
        let bytes = fs::read(folder.join(name).with_extension("xml")).unwrap();
        let expected = Element::parse(&bytes, &Limits::default()).unwrap();
        let sent = operation.to_xml(&golden_headers(name)).unwrap();
        let found = Element::parse(sent.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(first_difference(&expected, &found, &|_| false), None, "{name}\n{sent}");
    }
    let files = fs::read_dir(folder).unwrap().filter(|entry| {
        entry.as_ref().unwrap().path().extension().is_some_and(|extension| extension == "xml")
    });
    assert_eq!(files.count(), golden.len(), "a golden request that no operation is compared with");
}

#[test]
fn no_white_space_goes_between_elements() {
    for (name, operation) in golden() {
        let sent = operation.to_xml(&golden_headers(&name)).unwrap();
        let mut reader = Reader::new(&sent, &Limits::default()).unwrap();
        loop {
            match reader.next().unwrap() {
                Event::Text(text) => assert!(!text.trim().is_empty(), "{name}: {text:?} in {sent}"),
                Event::Eof => break,
                Event::Start { .. } | Event::End => {}
            }
        }
        assert!(!sent.contains('\n') && !sent.contains("<!--"), "{name}: {sent}");
    }
}

#[test]
fn templates_escape_everything_but_fragments() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("soap-templates");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let template = fs::read_to_string(&path).unwrap();
        assert!(!template.contains("safe"), "{} bypasses the escaper", path.display());
        assert!(template.starts_with("{#"), "{} begins with a comment", path.display());
    }
}

#[test]
fn what_the_caller_chose_is_escaped_in_text_and_attributes() {
    let hostile = "\"><evil a='&amp;'/>\r\n\t]]>";
    let mut headers = headers();
    headers.locale = Text::new(hostile).unwrap();
    headers.to = hostile.into();
    let operation = Operation::Enumerate {
        class: Epr { resource_uri: hostile.into(), ..Epr::from_uri("") },
        mode: EnumerationMode::Object,
        filter: Some(Filter::Selector(vec![(hostile.into(), Text::new(hostile).unwrap())])),
        max_elements: 1,
    };
    let sent = operation.to_xml(&headers).unwrap();
    let envelope = Element::parse(sent.as_bytes(), &Limits::default()).unwrap();
    let selector = envelope.find(names::WSMAN, "Selector").unwrap();
    assert_eq!(selector.text(), hostile);
    assert_eq!(selector.attribute("", "Name"), Some(hostile));
    assert_eq!(envelope.find(names::ADDRESSING, "To").unwrap().text(), hostile);
    assert_eq!(envelope.find(names::WSMAN, "ResourceURI").unwrap().text(), hostile);
    let locale = envelope.find(names::WSMAN, "Locale").unwrap();
    assert_eq!(locale.attribute(names::XML, "lang"), Some(hostile));
}

#[test]
fn what_xml_cannot_carry_is_refused_wherever_it_hides() {
    let mut headers = headers();
    headers.to = "https://hv01.example.test/\u{1}".into();
    let error = Operation::Get { epr: job() }.to_xml(&headers).unwrap_err();
    assert!(matches!(error, CimError::Character { character: '\u{1}', .. }), "{error}");

    let hostile = Epr::from_uri("urn:x/<y>");
    let error = Operation::Create { class: hostile, instance: new_value() }.to_xml(&self::headers());
    insta::assert_snapshot!(error.unwrap_err(), @"expected the name of a class, got `%3Cy%3E`");

    for method in ["", "Create Snapshot", "x><y", "1st"] {
        let error = invoke(job(), method, vec![]).to_xml(&self::headers()).unwrap_err();
        assert!(error.to_string().starts_with("expected the name of a method"), "{method}: {error}");
    }
}

#[test]
fn timeouts_are_iso_durations() {
    let timeout = |duration| {
        let headers = Headers { operation_timeout: duration, ..headers() };
        let sent = Operation::Get { epr: job() }.to_xml(&headers).unwrap();
        let envelope = Element::parse(sent.as_bytes(), &Limits::default()).unwrap();
        envelope.find(names::WSMAN, "OperationTimeout").unwrap().text()
    };
    assert_eq!(timeout(Duration::from_secs(60)), "PT60S");
    assert_eq!(timeout(Duration::from_millis(1_050)), "PT1.050S");
    assert_eq!(timeout(Duration::ZERO), "PT0S");
}

#[test]
fn only_methods_that_certainly_read_may_be_sent_twice() {
    let changes = |method: &str| invoke(job(), method, vec![]).changes_host();
    assert!(!changes("GetErrorEx") && !changes("GetSummaryInformation"));
    assert!(changes("CreateSnapshot") && changes("RequestStateChange") && changes("NeverHeardOf"));
    assert!(READING_METHODS.is_sorted());
    for (name, operation) in golden() {
        let kind = name.trim_start_matches("dmtf-").split('-').next().unwrap();
        let changes = matches!(kind, "put" | "create" | "delete" | "invoke");
        assert_eq!(operation.changes_host(), changes && operation.name() != "GetErrorEx", "{name}");
    }
}

#[test]
fn each_reading_method_is_one_of_the_schema_and_none_of_its_names_says_otherwise() {
    use crate::cim::schema;
    for method in READING_METHODS {
        let known = schema::classes().any(|class| class.method(method).is_some());
        assert!(known, "{method}");
    }
}

#[test]
fn actions_follow_the_operation() {
    assert_eq!(Operation::Identify.action(), "");
    assert_eq!(Operation::Get { epr: job() }.action(), "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get");
    assert_eq!(
        invoke(service(), "CreateSnapshot", vec![]).action(),
        format!("{}/CreateSnapshot", uri("Msvm_CollectionSnapshotService"))
    );
}
