//! `invoke`, `put`, `create`, `delete`: asked for, shown beforehand, sent once, and told.

use crate::{
    sim_host::SimHost,
    support::{Ran, arg, hvctl, run, without_times},
};
use std::fmt::Write as _;

const GROUP: &str = "Msvm_VirtualSystemCollection.CollectionID=00000000-0000-4000-8000-000200000001";
const SERVICE: &str = "Msvm_CollectionSnapshotService";

fn ran(host: &SimHost, command: &[&str]) -> Ran {
    run(&mut host.hvctl(command.iter().copied()))
}

/// Calls CreateSnapshot of the first group.
fn create<'a>(collection: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let call = ["invoke", SERVICE, "CreateSnapshot", collection, "SnapshotSettings=", "SnapshotType=1"];
    [&call[..], more].concat()
}

fn collection() -> String {
    format!("Collection={GROUP}")
}

#[test]
fn a_job_that_a_method_starts_is_followed() {
    let host = SimHost::start();
    let collection = collection();
    let shown = ran(&host, &create(&collection, &["--yes"]));
    insta::assert_snapshot!("invoke_table", without_times(&shown.transcript(&[])));
    let document = ran(&host, &create(&collection, &["--yes", "--output", "json"]));
    insta::assert_snapshot!("invoke_json", without_times(&document.transcript(&[])));
    let wire = ran(&host, &create(&collection, &["--yes", "--output", "xml"]));
    assert!(wire.stdout.starts_with("<p:CreateSnapshot_OUTPUT"), "{wire:?}");
    assert!(wire.stdout.contains("<p:ReturnValue>4096</p:ReturnValue>"), "{wire:?}");
    assert_eq!(ran(&host, &["snapshot", "list", "--output", "json"]).json().as_array().unwrap().len(), 3);
}

#[test]
fn without_waiting_the_job_and_the_command_that_waits_are_printed() {
    let host = SimHost::with(&["--time-scale", "0.05"]);
    let collection = collection();
    let started = ran(&host, &create(&collection, &["--yes", "--no-wait", "--output", "json"]));
    assert_eq!(started.code, 0, "{started:?}");
    let document = started.json();
    assert_eq!((&document["return_value"], &document["job"]), (&4096.into(), &serde_json::Value::Null));
    let words = shlex::split(document["wait"].as_str().unwrap()).unwrap();
    let waited = run(&mut host.hvctl(words[1..].iter().map(String::as_str)));
    assert_eq!(waited.code, 0, "{waited:?}");
}

#[test]
fn a_job_that_fails_and_a_refusal_have_their_exit_codes() {
    let collection = collection();
    let failed = ran(&SimHost::with_rules(&["job-fail@CreateSnapshot"]), &create(&collection, &["--yes"]));
    assert_eq!(failed.code, 13, "{failed:?}");
    let refused = ran(&SimHost::with_rules(&["return:5@CreateSnapshot"]), &create(&collection, &["--yes"]));
    insta::assert_snapshot!(refused.transcript(&[]), @r"
        exit code 12
        --- standard output
        return value                 5 (Invalid State)
        ResultingSnapshotCollection  -
        Job                          -
        --- standard error
        error: failed to call `CreateSnapshot` of `Msvm_CollectionSnapshotService`: it returned 5 (Invalid State)
    ");
}

#[test]
fn a_lost_answer_is_an_unknown_outcome_and_nothing_is_repeated() {
    let host = SimHost::with_rules(&["cut:after@CreateSnapshot"]);
    let collection = collection();
    let lost = ran(&host, &create(&collection, &["--yes", "--output", "json"]));
    assert_eq!(lost.code, 14, "{lost:?}");
    let error = lost.json_error()["error"].clone();
    assert_eq!(error["evidence"]["outcome"]["operation"], "CreateSnapshot");
    assert!(error["hint"].as_str().unwrap().contains("hvctl get "), "{error}");
    assert_eq!(ran(&host, &["snapshot", "list", "--output", "json"]).json().as_array().unwrap().len(), 1);
    let jobless = ran(&SimHost::with_rules(&["no-job@CreateSnapshot"]), &create(&collection, &["--yes"]));
    assert_eq!(jobless.code, 14, "{jobless:?}");
}

#[test]
fn a_change_needs_a_terminal_or_a_yes() {
    let host = SimHost::start();
    let collection = collection();
    for line in [
        create(&collection, &[]),
        vec!["put", GROUP, "ElementName=x"],
        vec!["create", "Msvm_VirtualSystemCollection", "ElementName=x"],
        vec!["delete", GROUP],
    ] {
        let ran = ran(&host, &line);
        assert_eq!(ran.code, 2, "{line:?}: {ran:?}");
        assert!(ran.stderr.contains("give --yes"), "{ran:?}");
    }
}

#[test]
fn a_method_that_only_reads_does_not_ask() {
    let host = SimHost::start();
    let started = ran(&host, &create(&collection(), &["--yes", "--output", "json"]));
    let job = started.json()["job"]["id"].as_str().unwrap().to_owned();
    let ran = ran(
        &host,
        &["invoke", &format!("Msvm_ConcreteJob.InstanceID={job}"), "GetErrorEx", "--output", "json"],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.json()["return_value"], 0);
}

/// What a host with machines might answer; that of a simulated one is another.
const SUMMARIES: &str = r#"
<p:SummaryInformation xsi:type="q:Msvm_SummaryInformation_Type"
  xmlns:q="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_SummaryInformation">
  <q:Name>A</q:Name><q:Heartbeat>2</q:Heartbeat>
  <q:ReplicationStateEx>3</q:ReplicationStateEx><q:ReplicationStateEx>77</q:ReplicationStateEx>
</p:SummaryInformation>
<p:SummaryInformation xsi:type="q:Msvm_SummaryInformation_Type"
  xmlns:q="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_SummaryInformation">
  <q:Name>B</q:Name><q:Heartbeat>78</q:Heartbeat><q:UpTime xsi:nil="true"/>
</p:SummaryInformation>
<p:ReturnValue>0</p:ReturnValue>"#;

#[test]
fn instances_that_a_method_answers_are_told_value_by_value() {
    let host = SimHost::start();
    let directory = tempfile::tempdir().unwrap();
    let cassette = directory.path().join("cassette");
    let call = ["invoke", "Msvm_VirtualSystemManagementService", "GetSummaryInformation"];
    ran(&host, &[&call[..], &["--record", arg(&cassette)]].concat());
    let file = cassette.join("02-invoke-GetSummaryInformation.response.xml");
    let answer = std::fs::read_to_string(&file).unwrap();
    let (head, rest) = answer.split_once("<p:SummaryInformation").unwrap();
    let (_, tail) = rest.split_once("</p:ReturnValue>").unwrap();
    std::fs::write(&file, format!("{head}{SUMMARIES}{tail}")).unwrap();
    let shown = |more: &[&str]| {
        let line = [&call[..], &["--replay", arg(&cassette)], more].concat();
        run(&mut hvctl(line)).transcript(&[])
    };
    insta::assert_snapshot!(shown(&["--names"]), @r"
        exit code 0
        --- standard output
        return value                              0 (Completed with No Error)
        SummaryInformation[0]                     Msvm_SummaryInformation
        SummaryInformation[0].Name                A
        SummaryInformation[0].Heartbeat           2 (OK)
        SummaryInformation[0].ReplicationStateEx  3 (Replicating), 77
        SummaryInformation[1]                     Msvm_SummaryInformation
        SummaryInformation[1].Name                B
        SummaryInformation[1].Heartbeat           78
        SummaryInformation[1].UpTime              -
    ");
    insta::assert_snapshot!(shown(&["--names", "--output", "yaml"]), @r"
        exit code 0
        --- standard output
        class: Msvm_VirtualSystemManagementService
        method: GetSummaryInformation
        return_value: 0
        return_name: Completed with No Error
        parameters:
          SummaryInformation:
            - __CLASS: Msvm_SummaryInformation
              Name: A
              Heartbeat: 2
              Heartbeat_name: OK
              ReplicationStateEx:
                - 3
                - 77
              ReplicationStateEx_name:
                - Replicating
                - null
            - __CLASS: Msvm_SummaryInformation
              Name: B
              Heartbeat: 78
              Heartbeat_name: null
              UpTime: null
        job: null
    ");
    assert!(!shown(&[]).contains("Replicating"), "only on request");
}

#[test]
fn a_dry_run_prints_the_message_and_sends_nothing() {
    let host = SimHost::start();
    let collection = collection();
    let shown = ran(&host, &create(&collection, &["--dry-run"]));
    assert_eq!(shown.code, 0, "{shown:?}");
    for part in [
        "Msvm_CollectionSnapshotService/CreateSnapshot</a:Action>",
        "<w:Selector Name=\"CollectionID\">00000000-0000-4000-8000-000200000001</w:Selector>",
        "<p:SnapshotType>1</p:SnapshotType>",
    ] {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
    assert_eq!(ran(&host, &["snapshot", "list", "--output", "json"]).json(), serde_json::json!([]));
    for (line, part) in [
        (vec!["put", GROUP, "ElementName=x", "--dry-run"], "<p:ElementName>x</p:ElementName>"),
        (
            vec!["create", "Msvm_VirtualSystemCollection", "ElementName=x", "--dry-run"],
            "transfer/Create</a:Action>",
        ),
        (vec!["delete", GROUP, "--dry-run"], "transfer/Delete</a:Action>"),
    ] {
        let ran = ran(&host, &line);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
        assert!(ran.stdout.contains(part), "{}", ran.stdout);
    }
}

#[test]
fn values_come_from_files_and_json_too() {
    let host = SimHost::start();
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let settings =
        r#"{"__CLASS":"Msvm_VirtualSystemSnapshotSettingData","ConsistencyLevel":"Crash Consistent"}"#;
    let json = file("settings.json", settings);
    let embedded = "<INSTANCE CLASSNAME=\"Msvm_VirtualSystemSnapshotSettingData\"><PROPERTY NAME=\"ConsistencyLevel\" \
                    TYPE=\"uint8\"><VALUE>2</VALUE></PROPERTY></INSTANCE>";
    let xml = file("settings.xml", embedded);
    let collection = collection();
    for settings in [
        format!("SnapshotSettings:={settings}"),
        format!("SnapshotSettings=@{json}"),
        format!("SnapshotSettings=@{xml}"),
    ] {
        let line =
            ["invoke", SERVICE, "CreateSnapshot", &collection, &settings, "SnapshotType=2", "--dry-run"];
        let shown = ran(&host, &line);
        let escaped = embedded.replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        assert!(shown.stdout.contains(&escaped), "{settings}: {shown:?}");
    }
}

#[test]
fn wrong_input_is_told_with_what_was_likely_meant() {
    let host = SimHost::start();
    let collection = collection();
    let table: &[&[&str]] = &[
        &["invoke", SERVICE, "CreateSnapshto", "--yes"],
        &["invoke", SERVICE, "CreateSnapshot", "SnapshotTyp=1", "--yes"],
        &["invoke", SERVICE, "CreateSnapshot", "SnapshotType=many", "--yes"],
        &["invoke", SERVICE, "CreateSnapshot", "SnapshotType", "--yes"],
        &["invoke", SERVICE, "CreateSnapshot", "SnapshotType:={", "--yes"],
        &["invoke", SERVICE, "CreateSnapshot", "SnapshotSettings=@/does/not/exist", "--yes"],
        &["invoke", SERVICE, "CreateSnapshot", "SnapshotSettings:={\"A\":1}", "--yes"],
        &["invoke", SERVICE, "CreateSnapshot", "Job:=null", "--yes"],
        &["invoke", SERVICE, "CreateSnapshot", "Collection=Msvm_ComputerSystem.Name=x", "--yes"],
        &["invoke", "Msvm_VirtualSystemManagementService", "DefineSystem", "--yes"],
        &["invoke", "Msvm_NoSuch.X=1", "Foo", "--yes"],
        &["invoke", "Msvm_CollectionSnapshotServise", "CreateSnapshot", &collection, "--yes"],
        &["put", GROUP, "--yes"],
        &["put", GROUP, "ElementNam=x", "--yes"],
        &["create", "Msvm_VirtualSystemColection", "ElementName=x", "--yes"],
        &["create", "Msvm_VirtualSystemCollection", "--from", "/does/not/exist", "--yes"],
        &["delete", "Msvm_VirtualSystemCollection.CollectionID=none", "--yes"],
        &["delete", GROUP, "--output", "xml"],
    ];
    let mut shown = String::new();
    for command in table {
        let ran = ran(&host, command);
        assert_ne!(ran.code, 0, "{command:?}");
        writeln!(shown, "$ hvctl {}\n{}", command.join(" "), ran.transcript(&[])).unwrap();
    }
    insta::assert_snapshot!("wrong_changes", shown);
}
