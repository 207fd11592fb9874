//! Methods: what the schema allows, and what they return.

use crate::soap::{
    EMPTY_GROUP, Message, SERVICE, WEB_TIER, default_host, done, element, fault, host, reference, start,
};

fn collection(group: &str) -> String {
    reference("Msvm_VirtualSystemCollection", "CollectionID", group)
}

fn create(group: &str, settings: &str, kind: &str) -> Message {
    Message::service(
        "CreateSnapshot",
        &format!(
            "<p:Collection>{}</p:Collection><p:SnapshotSettings>{settings}</p:SnapshotSettings>\
             <p:SnapshotType>{kind}</p:SnapshotType>",
            collection(group)
        ),
    )
}

async fn code(host: &hyperv_wsman::sim::Host, message: &Message) -> u32 {
    element(&done(host, message).await, "p:ReturnValue").unwrap().parse().unwrap()
}

fn settings(properties: &str) -> String {
    format!(
        "<![CDATA[<INSTANCE CLASSNAME=\"Msvm_VirtualSystemSnapshotSettingData\">{properties}</INSTANCE>]]>"
    )
}

const APPLICATION: &str = "<PROPERTY NAME=\"ConsistencyLevel\" TYPE=\"uint8\"><VALUE>1</VALUE></PROPERTY>";

#[tokio::test]
async fn a_started_job_comes_with_a_null_result() {
    let host = default_host();
    let xml = done(&host, &create(WEB_TIER, &settings(APPLICATION), "2")).await;
    let start = xml.find("<p:ResultingSnapshotCollection xsi:nil=\"true\"/>").expect("a null result");
    let job = xml.find("<p:Job><a:Address>").expect("a job");
    let value = xml.find("<p:ReturnValue>4096</p:ReturnValue>").expect("a return value");
    assert!(start < job && job < value, "outputs are in the order of declaration: {xml}");
    assert!(xml.contains(&format!("{SERVICE}/CreateSnapshotResponse")), "{xml}");
    assert_eq!(host.invocations("CreateSnapshot"), 1);
}

#[tokio::test]
async fn what_the_schema_does_not_allow_is_a_schema_error_and_does_not_run() {
    let host = default_host();
    let epr = collection(WEB_TIER);
    let vm = reference("Msvm_ComputerSystem", "Name", "00000000-0000-4000-8000-000100000001");
    let tree = "<x:Msvm_VirtualSystemSnapshotSettingData xmlns:x=\"urn:x\"/>";
    for input in [
        format!("<p:Collection><a:EndpointReference>{epr}</a:EndpointReference></p:Collection>"),
        format!("<p:Collection>{vm}</p:Collection>"),
        "<p:Collection>web-tier</p:Collection>".to_owned(),
        format!("<p:SnapshotSettings>{tree}</p:SnapshotSettings>"),
        "<p:SnapshotType>many</p:SnapshotType>".to_owned(),
        "<p:SnapshotType>70000</p:SnapshotType>".to_owned(),
        "<p:SnapshotType>1</p:SnapshotType><p:SnapshotType>1</p:SnapshotType>".to_owned(),
        "<p:Kind>1</p:Kind>".to_owned(),
        format!("<p:Job>{}</p:Job>", reference("Msvm_ConcreteJob", "InstanceID", "x")),
        "<q:SnapshotType xmlns:q=\"urn:q\">1</q:SnapshotType>".to_owned(),
    ] {
        let got = fault(&host, &Message::service("CreateSnapshot", &input)).await;
        assert_eq!(got, (2_150_858_817, "w:SchemaValidationError".to_owned()), "{input}");
    }
    let wrong_body = Message::service("CreateSnapshot", "").body("<p:Other_INPUT xmlns:p=\"urn:p\"/>");
    assert_eq!(fault(&host, &wrong_body).await.0, 2_150_858_817);
    assert_eq!(fault(&host, &Message::service("CreateSnapshots", "")).await.0, 2_150_858_771);
    assert_eq!(host.invocations("CreateSnapshot"), 0);
}

#[tokio::test]
async fn a_service_is_found_by_its_class_name_alone_and_not_without_selectors() {
    let host = default_host();
    let none = Message::invoke(SERVICE, "CreateSnapshot", &[], "");
    assert_eq!(fault(&host, &Message { selectors: String::new(), ..none }).await.0, 2_147_749_935);
    let all = [
        ("CreationClassName", SERVICE),
        ("Name", "colsnapsvc"),
        ("SystemCreationClassName", "Msvm_ComputerSystem"),
        ("SystemName", "HV01"),
    ];
    let input = create(WEB_TIER, "", "1");
    assert_eq!(code(&host, &Message { ..input.clone() }.keys(&all)).await, 4096);
    let wrong = input.keys(&[("CreationClassName", SERVICE), ("SystemName", "HV99")]);
    assert_eq!(fault(&host, &wrong).await.0, 2_150_858_752);
}

#[tokio::test]
async fn create_snapshot_refuses_what_it_cannot_do() {
    let host = default_host();
    for (message, expected) in [
        (create("nobody", "", "1"), 4),
        (create(EMPTY_GROUP, "", "1"), 4),
        (create(WEB_TIER, "", "0"), 4),
        (create(WEB_TIER, "", "3"), 4),
        (create(WEB_TIER, "not XML", "2"), 4),
        (create(WEB_TIER, &settings("<PROPERTY NAME=\"Colour\" TYPE=\"uint8\"/>"), "2"), 4),
        (Message::service("CreateSnapshot", ""), 4),
        (create(WEB_TIER, "", "2"), 4096),
        (create(WEB_TIER, "", "2"), 5),
    ] {
        assert_eq!(code(&host, &message).await, expected, "{}", message.body);
    }
}

#[tokio::test]
async fn export_checks_directory_settings_and_base() {
    let mut settings = hyperv_wsman::sim::Settings::default();
    settings.time_scale = Some(0.0);
    let host = hyperv_wsman::sim::Host::new(settings);
    done(&host, &create(WEB_TIER, "", "2")).await;
    let snapshot = host.snapshots()[0].clone();
    let export = |directory: &str, properties: &str| {
        let epr = reference("Msvm_SnapshotCollection", "CollectionID", &snapshot);
        let data = if properties.is_empty() {
            String::new()
        } else {
            format!(
                "<![CDATA[<INSTANCE CLASSNAME=\"Msvm_CollectionSnapshotExportSettingData\">{properties}</INSTANCE>]]>"
            )
        };
        Message::service(
            "ExportSnapshot",
            &format!(
                "<p:SnapshotCollection>{epr}</p:SnapshotCollection><p:ExportDirectory>{directory}</p:ExportDirectory>\
                 <p:ExportSettingData>{data}</p:ExportSettingData>"
            ),
        )
    };
    let base = |path: &str| {
        format!("<PROPERTY NAME=\"DifferentialBackupBase\" TYPE=\"string\"><VALUE>{path}</VALUE></PROPERTY>")
    };
    let own_path =
        format!(r"\\HV01\root\virtualization\v2:Msvm_SnapshotCollection.CollectionID=&#34;{snapshot}&#34;");
    for (message, expected) in [
        (export("Exports", ""), 4),
        (export("", ""), 4),
        (export(r"D:\A", "<PROPERTY NAME=\"BackupIntent\" TYPE=\"uint8\"><VALUE>1</VALUE></PROPERTY>"), 4),
        (export(r"D:\A", "<PROPERTY NAME=\"BackupIntent\" TYPE=\"uint16\"><VALUE>9</VALUE></PROPERTY>"), 4),
        (export(r"D:\A", &base("nonsense")), 4),
        (export(r"D:\A", &base(&own_path)), 4096),
        (
            export(
                r"\\nas\share\R&amp;D",
                "<PROPERTY NAME=\"CopyVmStorage\" TYPE=\"boolean\"><VALUE>true</VALUE></PROPERTY>",
            ),
            4096,
        ),
    ] {
        assert_eq!(code(&host, &message).await, expected, "{}", message.body);
    }
    assert_eq!(host.exports(), [r"D:\A", r"\\nas\share\R&D"]);
}

#[tokio::test]
async fn documented_methods_that_are_not_simulated_say_not_supported() {
    let host = default_host();
    let convert = Message::service("ConvertToReferencePoint", "");
    assert_eq!(code(&host, &convert).await, 1);
    let class = "Msvm_VirtualSystemManagementService";
    let modify = Message::invoke(class, "ImportSystemDefinition", &[("CreationClassName", class)], "");
    assert_eq!(code(&host, &modify).await, 32770);
}

#[tokio::test]
async fn an_answer_too_large_after_the_method_ran_is_unreportable_success() {
    // The name of the host is in the answer of GetErrorEx.
    let inventory = format!(
        "[host]\nname='{}'\n[jobs]\nsnapshot='0s'\n[[vm]]\nname='a'\n[[group]]\nname='g'\nmembers=['a']",
        "x".repeat(9000)
    );
    let host = host(&inventory, &["job-fail@CreateSnapshot"]);
    let job = start(&host, &create(WEB_TIER, "", "1")).await;
    let errors = Message::invoke("Msvm_ConcreteJob", "GetErrorEx", &[("InstanceID", job.as_str())], "")
        .header("<w:MaxEnvelopeSize>8192</w:MaxEnvelopeSize>");
    assert_eq!(fault(&host, &errors).await, (2_150_858_829, "w:EncodingLimit".to_owned()));
    assert_eq!(host.invocations("GetErrorEx"), 1);
}
