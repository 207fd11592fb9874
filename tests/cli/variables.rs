//! What WS-Transfer changes: variables of the host's environment, a class that the schema does not know.

use crate::{
    sim_host::SimHost,
    support::{Ran, run},
};
use serde_json::json;

const STAGE: &str = r#"Win32_Environment.Name="STAGE",UserName="<SYSTEM>""#;
const PATH: &str = r#"root\cimv2:Win32_Environment.Name="STAGE",UserName="<SYSTEM>""#;

fn ran(host: &SimHost, command: &[&str]) -> Ran {
    run(host.hvctl(command.iter().copied()).env("HVCTL_NAMESPACE", "root/cimv2"))
}

fn create(host: &SimHost, more: &[&str]) -> Ran {
    let line = ["create", "Win32_Environment", "Name=STAGE", "UserName=<SYSTEM>", "VariableValue=one"];
    ran(host, &[&line[..], more].concat())
}

fn value(host: &SimHost) -> String {
    let got = ran(host, &["get", STAGE, "--output", "json"]);
    assert_eq!(got.code, 0, "{got:?}");
    got.json()["VariableValue"].as_str().unwrap().to_owned()
}

#[test]
fn a_variable_is_made_changed_and_deleted() {
    let host = SimHost::start();
    let created = create(&host, &["--yes"]);
    assert_eq!(created.stdout, format!("created  {PATH}\n"), "{created:?}");
    assert_eq!(value(&host), "one");
    let put = ran(&host, &["put", STAGE, "VariableValue=two", "--yes"]);
    assert_eq!(put.stdout, format!("changed        {PATH}\nVariableValue  two\n"), "{put:?}");
    assert_eq!(value(&host), "two");
    let put = ran(&host, &["put", STAGE, "VariableValue=three", "--fragment", "--yes", "--output", "json"]);
    assert_eq!(put.json()["instance"], json!({ "VariableValue": "three" }), "{put:?}");
    assert_eq!(value(&host), "three");
    let deleted = ran(&host, &["delete", STAGE, "--yes", "--output", "json"]);
    assert_eq!(deleted.json()["deleted"]["path"], PATH, "{deleted:?}");
    assert_eq!(ran(&host, &["get", STAGE]).code, 4);
}

#[test]
fn what_was_created_names_the_instance_for_the_next_command() {
    let host = SimHost::start();
    let created = create(&host, &["--yes", "--output", "json"]).json()["created"].to_string();
    let put = ["put", "-", "VariableValue=piped", "--yes"];
    let put = run(host.hvctl(put).env("HVCTL_NAMESPACE", "root/cimv2").write_stdin(created));
    assert_eq!(put.code, 0, "{put:?}");
    assert_eq!(value(&host), "piped");
}

#[test]
fn an_instance_of_an_unknown_class_is_printed_with_the_path_that_the_host_has_for_it() {
    let host = SimHost::start();
    let lines: [&[&str]; 2] = [
        &["enumerate", "Win32_Environment"],
        &["enumerate", "root/cimv2:Win32_Environment", "--fields", "__PATH"],
    ];
    for line in lines {
        let printed = ran(&host, &[line, &["--limit", "1", "--output", "ndjson"]].concat());
        assert!(printed.stdout.contains(r"root\\cimv2:Win32_Environment.Name="), "{printed:?}");
        let got =
            run(host.hvctl(["get", "-", "--fields", "Name", "--output", "csv"]).write_stdin(printed.stdout));
        assert_eq!((got.code, got.stdout.as_str()), (0, "Name\nComSpec\n"), "{got:?}");
    }
    let object = ["enumerate", "Win32_Environment", "--mode", "object", "--limit", "1", "--output", "json"];
    let pathless = ran(&host, &object);
    assert_eq!(pathless.json()[0]["__PATH"], json!(null));
    let refused = run(host.hvctl(["get", "-"]).write_stdin(pathless.stdout));
    assert_eq!(refused.code, 3);
    assert!(refused.stderr.contains("hint: print it with `--mode both`"), "{refused:?}");
}

#[test]
fn a_path_that_names_another_host_changes_nothing_here() {
    let host = SimHost::start();
    assert_eq!(create(&host, &["--yes"]).code, 0);
    let foreign = format!(r"\\otherhost\{PATH}");
    let refused = ran(&host, &["delete", &foreign, "--yes"]);
    insta::assert_snapshot!(refused.transcript(&[]), @r#"
    exit code 3
    --- standard error
    error: failed to read `\\otherhost\root\cimv2:Win32_Environment.Name="STAGE",UserName="<SYSTEM>"` as a name: the path names the host `otherhost`, and the connection is to `127.0.0.1`; if both are one, leave the host out of the path
    "#);
    let document = json!({ "__CLASS": "Win32_Environment", "__PATH": foreign }).to_string();
    let refused = run(host.hvctl(["delete", "-", "--yes"]).write_stdin(document));
    assert_eq!(refused.code, 3, "{refused:?}");
    let class = ran(&host, &["enumerate", r"\\otherhost\root\cimv2:Win32_Environment"]);
    assert_eq!(class.code, 3, "{class:?}");
    let collection =
        r"Collection=\\otherhost\root\virtualization\v2:Msvm_VirtualSystemCollection.CollectionID=X";
    let call = ["invoke", "Msvm_CollectionSnapshotService", "CreateSnapshot", collection, "--yes"];
    let refused = run(&mut host.hvctl(call));
    assert!(refused.code == 3 && refused.stderr.contains("names the host `otherhost`"), "{refused:?}");
    assert_eq!(value(&host), "one");
    for own in [r"\\.\", r"\\localhost\", r"\\127.0.0.1\"] {
        assert_eq!(ran(&host, &["get", &format!("{own}{PATH}")]).code, 0, "{own}");
    }
    assert_eq!(ran(&host, &["delete", &format!(r"\\.\{PATH}"), "--yes"]).code, 0);
}

#[test]
fn an_instance_that_is_not_there_has_one_exit_code_whatever_is_asked_of_it() {
    let host = SimHost::start();
    let none = r#"root/cimv2:Win32_Environment.Name="none",UserName="x""#;
    let machine = "root/virtualization/v2:Msvm_ComputerSystem.Name=none";
    for line in [
        &["get", none][..],
        &["get", none, "--fragment", "VariableValue"],
        &["put", none, "VariableValue=x", "--yes"],
        &["delete", none, "--yes"],
        &["get", machine],
        &["associators", machine],
        &["references", machine],
        &["invoke", machine, "RequestStateChange", "RequestedState=2", "--yes"],
    ] {
        let refused = ran(&host, line);
        assert_eq!(refused.code, 4, "{line:?}: {refused:?}");
        assert!(refused.stderr.contains("hint: `hvctl enumerate "), "{refused:?}");
    }
    let class = ran(&host, &["enumerate", "root/cimv2:Win32_Service"]);
    assert!(class.code == 10 && !class.stderr.contains("did you mean"), "{class:?}");
    // The schema is that of another namespace.
    let service = ["enumerate", "root/cimv2:CIM_Service", "--where", "Nowhere=x"];
    assert_eq!(ran(&host, &service).code, 10);
}

#[test]
fn a_part_of_an_instance_is_printed_alone() {
    let host = SimHost::start();
    assert_eq!(create(&host, &["--yes"]).code, 0);
    let part = |format: &str| ran(&host, &["get", STAGE, "--fragment", "VariableValue", "--output", format]);
    assert_eq!(part("table").stdout, "VariableValue  one\n");
    assert_eq!(part("json").json(), json!({ "fragment": "VariableValue", "value": "one" }));
    assert!(part("xml").stdout.starts_with("<w:XmlFragment"), "{:?}", part("xml"));
    assert_eq!(part("csv").code, 2);
    let several = ["put", STAGE, "VariableValue=x", "Caption=y", "--fragment", "--yes"];
    assert_eq!(ran(&host, &several).code, 2);
    assert_eq!(value(&host), "one");
}

#[test]
fn options_and_language_travel_with_the_message() {
    let host = SimHost::start();
    let line = ["delete", STAGE, "--dry-run", "--option", "wmi:A=b", "--locale", "de-DE"];
    let shown = ran(&host, &line);
    assert_eq!(shown.code, 0, "{shown:?}");
    for part in ["<w:Option Name=\"wmi:A\"", ">b</w:Option>", "xml:lang=\"de-DE\""] {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
    assert_eq!(ran(&host, &["get", STAGE, "--option", "A"]).code, 2);
}

#[test]
fn a_dry_run_in_json_is_a_document_with_the_message() {
    let host = SimHost::start();
    let shown = ran(&host, &["delete", STAGE, "--dry-run", "--output", "json"]).json();
    assert_eq!(shown["dry_run"], true);
    assert!(shown["message"].as_str().unwrap().contains("transfer/Delete</a:Action>"), "{shown}");
}
