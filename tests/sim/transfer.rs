//! Put, Create, Delete, fragments, options, association filters: what the host does and what it refuses.

use crate::soap::{
    Message, TRANSFER, WEB_TIER, default_host, done, element, elements, fault, host, reference,
};
use hyperv_wsman::{
    Client,
    cim::{Epr, Instance, schema},
    sim::{Host, Settings},
    wsman::EnumerationMode,
};
use std::collections::BTreeSet;

const ENVIRONMENT: &str = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Environment";
const NOT_CAPABLE: u32 = 0x8004_1024;
const CANNOT_PROCESS: u32 = 0x8033_8093;

/// A message about a variable of the environment.
fn variable(operation: &str, name: &str) -> Message {
    let mut message = Message::new(&format!("{TRANSFER}/{operation}"), "");
    ENVIRONMENT.clone_into(&mut message.uri);
    message.keys(&[("Name", name), ("UserName", "&lt;SYSTEM&gt;")])
}

fn properties(properties: &str) -> String {
    format!("<p:Win32_Environment xmlns:p=\"{ENVIRONMENT}\">{properties}</p:Win32_Environment>")
}

fn create(name: &str, more: &str) -> Message {
    let mut message = variable("Create", name)
        .body(&properties(&format!("<p:Name>{name}</p:Name><p:UserName>&lt;SYSTEM&gt;</p:UserName>{more}")));
    message.selectors.clear();
    message
}

fn fragment(message: Message, expression: &str) -> Message {
    message
        .header(&format!("<w:FragmentTransfer s:mustUnderstand=\"true\">{expression}</w:FragmentTransfer>"))
}

fn xml_fragment(content: &str) -> String {
    format!("<w:XmlFragment xmlns:p=\"{ENVIRONMENT}\">{content}</w:XmlFragment>")
}

const VALUE: &str = "<p:VariableValue>1</p:VariableValue>";

#[tokio::test]
async fn a_variable_is_created_read_changed_and_deleted() {
    let host = default_host();
    let created = done(&host, &create("X", VALUE)).await;
    assert!(created.contains("<x:ResourceCreated><a:Address>"), "{created}");
    assert!(created.contains("<w:Selector Name=\"Name\">X</w:Selector>"), "{created}");
    let got = done(&host, &variable("Get", "x")).await;
    assert_eq!(element(&got, "p:VariableValue"), Some("1"));
    assert_eq!(element(&got, "p:SystemVariable"), Some("true"));
    assert!(got.contains("<p:InstallDate xsi:nil=\"true\"/>"), "{got}");

    let body = properties("<p:VariableValue>2</p:VariableValue>");
    let put = done(&host, &variable("Put", "X").body(&body)).await;
    assert!(put.contains("transfer/PutResponse") && put.contains(">2</p:VariableValue>"), "{put}");

    let deleted = done(&host, &variable("Delete", "X")).await;
    assert!(deleted.contains("<s:Body></s:Body>"), "{deleted}");
    let gone = (2_150_858_752, "a:DestinationUnreachable".to_owned());
    for operation in ["Get", "Delete"] {
        assert_eq!(fault(&host, &variable(operation, "X")).await, gone, "{operation}");
    }
    assert_eq!(fault(&host, &variable("Put", "X").body(&body)).await, gone);
}

#[tokio::test]
async fn what_was_read_may_be_written_back_but_only_the_value_changes() {
    let host = default_host();
    let got = done(&host, &variable("Get", "OS")).await;
    let start = got.find("<p:Win32_Environment").unwrap();
    let end = got.find("</s:Body>").unwrap();
    done(&host, &variable("Put", "OS").body(&got[start..end])).await;
    for read_only in
        ["<p:Caption>x</p:Caption>", "<p:Name>Y</p:Name>", "<p:SystemVariable>false</p:SystemVariable>"]
    {
        let put = variable("Put", "OS").body(&properties(&format!("{read_only}{VALUE}")));
        assert_eq!(fault(&host, &put).await.0, 0x8004_1023, "{read_only}");
    }
    let got = done(&host, &variable("Get", "OS")).await;
    assert_eq!(element(&got, "p:VariableValue"), Some("Windows_NT"), "a refused Put writes nothing");
}

#[tokio::test]
async fn a_body_that_is_no_instance_of_the_class_is_refused() {
    let host = default_host();
    let schema = (2_150_858_817, "w:SchemaValidationError".to_owned());
    for body in [
        String::new(),
        format!("<p:Other xmlns:p=\"{ENVIRONMENT}\"/>"),
        "<p:Win32_Environment xmlns:p=\"urn:other\"/>".to_owned(),
        properties("<p:NoSuch>1</p:NoSuch>"),
        properties("<VariableValue>1</VariableValue>"),
        properties(&VALUE.repeat(2)),
        properties("<p:VariableValue><p:x/></p:VariableValue>"),
        properties("<p:SystemVariable>perhaps</p:SystemVariable>"),
    ] {
        assert_eq!(fault(&host, &variable("Put", "OS").body(&body)).await, schema, "{body}");
    }
    assert_eq!(fault(&host, &create("Y", "")).await, schema, "it needs a value");
    let exists = (0x8033_8033, "w:AlreadyExists".to_owned());
    assert_eq!(fault(&host, &create("OS", VALUE)).await, exists);
    assert_eq!(fault(&host, &variable("Delete", "OS").keys(&[("Nam", "OS")])).await.1, "w:InvalidSelectors");
}

#[tokio::test]
async fn the_classes_of_hyper_v_have_methods_instead() {
    let host = default_host();
    for operation in ["Put", "Create", "Delete"] {
        let message = Message::new(&format!("{TRANSFER}/{operation}"), "Msvm_VirtualSystemCollection")
            .keys(&[("CollectionID", WEB_TIER)]);
        assert_eq!(fault(&host, &message).await, (NOT_CAPABLE, "w:InternalError".to_owned()), "{operation}");
    }
}

#[tokio::test]
async fn a_fragment_comes_wrapped_with_its_header() {
    let host = default_host();
    let get = Message::get("Msvm_VirtualSystemCollection", &[("CollectionID", WEB_TIER)]);
    let xml = done(&host, &fragment(get.clone(), "ElementName")).await;
    assert!(xml.contains("<w:FragmentTransfer>ElementName</w:FragmentTransfer>"), "{xml}");
    assert!(xml.contains("><p:ElementName>web-tier</p:ElementName></w:XmlFragment>"), "{xml}");
    let xml = done(&host, &fragment(get.clone(), "ElementName/text()")).await;
    assert!(xml.contains(">web-tier</w:XmlFragment>") && !xml.contains("<p:ElementName>"), "{xml}");

    for expression in ["/ElementName", "NoSuch", "*", "ElementName[0]"] {
        let refused = fault(&host, &fragment(get.clone(), expression)).await;
        assert_eq!(refused, (CANNOT_PROCESS, "n:CannotProcessFilter".to_owned()), "{expression}");
    }
    let lax = get.header("<w:FragmentTransfer>ElementName</w:FragmentTransfer>");
    assert_eq!(fault(&host, &lax).await.1, "a:InvalidMessageInformationHeader");
    let elsewhere = fragment(Message::enumerate("Msvm_ComputerSystem", ""), "Name");
    assert_eq!(fault(&host, &elsewhere).await.1, "w:UnsupportedFeature");
}

#[tokio::test]
async fn a_fragment_is_written_by_element_or_by_text() {
    let host = default_host();
    let put = |expression: &str, content: &str| {
        fragment(variable("Put", "OS"), expression).body(&xml_fragment(content))
    };
    let xml = done(&host, &put("VariableValue", VALUE)).await;
    assert!(xml.contains("<p:VariableValue>1</p:VariableValue></w:XmlFragment>"), "{xml}");
    let xml = done(&host, &put("VariableValue/text()", "a &amp; b")).await;
    assert!(xml.contains(">a &amp; b</w:XmlFragment>"), "{xml}");
    assert_eq!(element(&done(&host, &variable("Get", "OS")).await, "p:VariableValue"), Some("a &amp; b"));

    assert_eq!(fault(&host, &put("VariableValue[1]", VALUE)).await.0, CANNOT_PROCESS);
    assert_eq!(fault(&host, &put("Caption", VALUE)).await.1, "w:SchemaValidationError");
    assert_eq!(fault(&host, &put("Caption/text()", "x")).await.0, 0x8004_1023);
    assert_eq!(fault(&host, &put("NoSuch/text()", "x")).await.0, CANNOT_PROCESS);
}

#[tokio::test]
async fn an_option_that_must_be_obeyed_has_to_be_known() {
    let host = default_host();
    let get = |option: &str| {
        Message::get("Msvm_VirtualSystemCollection", &[("CollectionID", WEB_TIER)])
            .header(&format!("<w:OptionSet>{option}</w:OptionSet>"))
    };
    for taken in [
        "<w:Option Name=\"whatever\">1</w:Option>",
        "<w:Option Name=\"wmi:x\" MustComply=\"true\">1</w:Option>",
        "<w:Option Name=\"ShowExtensions\" MustComply=\"true\"/>",
    ] {
        done(&host, &get(taken)).await;
    }
    let refused = fault(&host, &get("<w:Option Name=\"whatever\" MustComply=\"true\">1</w:Option>")).await;
    assert_eq!(refused, (0x8033_8051, "w:InvalidOptions".to_owned()));
}

fn association(kind: &str, content: &str) -> Message {
    let object = reference("Msvm_VirtualSystemCollection", "CollectionID", WEB_TIER);
    let binding = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd";
    Message::enumerate(
        "*",
        &format!(
            "<w:OptimizeEnumeration/><w:MaxElements>100</w:MaxElements><w:Filter \
             Dialect=\"http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter\"><b:{kind} \
             xmlns:b=\"{binding}\"><b:Object>{object}</b:Object>{content}</b:{kind}></w:Filter>"
        ),
    )
}

#[tokio::test]
async fn associations_lead_to_objects_or_are_given_themselves() {
    let host = default_host();
    let names =
        |xml: &str| elements(xml, "p:ElementName").iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let through = "<b:AssociationClassName>Msvm_CollectedVirtualSystems</b:AssociationClassName>";
    let members = done(&host, &association("AssociatedInstances", through)).await;
    assert_eq!(names(&members).len(), 3, "{members}");
    let narrowed = format!(
        "{through}<b:Role>Collection</b:Role><b:ResultClassName>CIM_System</b:ResultClassName>\
         <b:ResultRole>Member</b:ResultRole>"
    );
    let same = done(&host, &association("AssociatedInstances", &narrowed)).await;
    assert_eq!(names(&same), names(&members));
    let other_way = format!("{through}<b:Role>Member</b:Role>");
    let none = done(&host, &association("AssociatedInstances", &other_way)).await;
    assert!(none.contains("<w:Items></w:Items><w:EndOfSequence/>"), "{none}");

    let links =
        "<b:ResultClassName>Msvm_CollectedVirtualSystems</b:ResultClassName><b:Role>Collection</b:Role>";
    let links = done(&host, &association("AssociationInstances", links)).await;
    assert_eq!(links.matches("<p:Msvm_CollectedVirtualSystems ").count(), 3, "{links}");

    let only = format!("{through}<b:IncludeResultProperty>elementname</b:IncludeResultProperty>");
    let parts = done(&host, &association("AssociatedInstances", &only)).await;
    assert_eq!(names(&parts), names(&members));
    assert!(!parts.contains("p:EnabledState") && parts.contains("<w:XmlFragment "), "{parts}");
}

#[tokio::test]
async fn a_walk_that_cannot_be_made_is_refused() {
    let host = default_host();
    let refused = "n:CannotProcessFilter";
    for (kind, content) in [
        ("AssociatedInstances", "<b:ResultClassName>Msvm_NoSuch</b:ResultClassName>"),
        ("AssociatedInstances", "<b:Unknown/>"),
        ("AssociationInstances", "<b:ResultRole>Member</b:ResultRole>"),
        ("Associated", ""),
    ] {
        assert_eq!(fault(&host, &association(kind, content)).await.1, refused, "{kind} {content}");
    }
    let mut at_class = association("AssociatedInstances", "");
    at_class.uri = at_class.uri.replace('*', "Msvm_ComputerSystem");
    assert_eq!(fault(&host, &at_class).await.1, refused);
    let mut wrapped = association("AssociatedInstances", "");
    wrapped.body = wrapped.body.replace("<b:Object>", "<b:Object><a:EndpointReference>");
    wrapped.body = wrapped.body.replace("</b:Object>", "</a:EndpointReference></b:Object>");
    assert_eq!(fault(&host, &wrapped).await.1, "w:SchemaValidationError");
    let mut gone = association("AssociatedInstances", "");
    gone.body = gone.body.replace(WEB_TIER, "no such group");
    assert_eq!(fault(&host, &gone).await.0, 2_150_858_752);
}

fn generating(count: usize) -> (Host, Client) {
    let mut settings = Settings::default();
    settings.generate = count;
    let host = Host::new(settings);
    let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
    let client = Client::with_transport(url, host.transport());
    (host, client)
}

/// The classes of the documentation.
const DOCUMENTED: usize = 429;

#[tokio::test(start_paused = true)]
async fn every_class_of_the_schema_is_enumerated_and_its_instances_go_through_serde_and_back() {
    let (host, client) = generating(2);
    let mut visited = BTreeSet::new();
    for class in schema::classes() {
        let epr = Epr::class_of(class.name(), "root/virtualization/v2");
        let items = client.enumerate(&epr).mode(EnumerationMode::ObjectAndEpr).await.unwrap();
        assert!(items.len() >= 2, "{}: {}", class.name(), items.len());
        for item in &items {
            let (instance, epr) = (item.instance.as_ref().unwrap(), item.epr.as_ref().unwrap());
            let own = schema::class(instance.class()).unwrap();
            assert!(own.is_a(class.name()), "{} is no {}", own.name(), class.name());
            for (name, value) in instance.properties().filter(|(_, value)| !value.is_null()) {
                // Of some properties only the name is known.
                let Some((declared, _)) = own.property(name).unwrap().declared_type() else { continue };
                assert_eq!(value.cim_type(), Some(declared), "{}.{name}", own.name());
            }
            let again: Instance = instance.deserialize().unwrap_or_else(|error| panic!("{epr}: {error}"));
            assert_eq!(&again, instance, "{epr}");
            let written = Instance::serialize(instance.class(), instance);
            assert_eq!(&written.unwrap_or_else(|error| panic!("{epr}: {error}")), instance, "{epr}");
        }
        // What has keys is found by them, and is the same.
        let mut own = items.iter().filter(|item| item.instance.as_ref().unwrap().class() == class.name());
        if let Some((instance, epr)) =
            own.next_back().and_then(|item| item.instance.as_ref().zip(item.epr.as_ref()))
            && !epr.selectors().is_empty()
        {
            let got = client.get(epr).await.unwrap_or_else(|error| panic!("{epr}: {error}"));
            assert_eq!(&got, instance, "{epr}");
        }
        visited.insert((class.source() == schema::Source::Documented, class.name()));
    }
    assert_eq!(visited.iter().filter(|(is_documented, _)| *is_documented).count(), DOCUMENTED);
    assert_eq!(host.open_contexts(), 0);
}

#[tokio::test]
async fn nothing_is_made_up_unless_asked_for() {
    let host = host("", &[]);
    let all = done(&host, &Message::wql("SELECT * FROM Msvm_ProcessorSettingData")).await;
    assert!(all.contains("<w:Items></w:Items>"), "{all}");
}
