//! Each format over the same rows.

use super::*;
use crate::{
    cim::{DateTime, Epr, Instance, Value},
    cli::cim::Scope,
};

fn machine(name: &str, state: u16) -> Row {
    let text = |text: &str| Value::string(text).unwrap();
    let instance = Instance::new("Msvm_ComputerSystem")
        .with("CreationClassName", text("Msvm_ComputerSystem"))
        .with("Name", text("5D1F"))
        .with("ElementName", text(name))
        .with("EnabledState", state)
        .with("OperationalStatus", vec![2_u16, 32775])
        .with("OnTimeInMilliseconds", u64::MAX)
        .with("InstallDate", DateTime::from_iso("2026-01-02T03:04:05.5Z").unwrap())
        .with("Description", Value::Null);
    Row::new(Some(instance), None, Scope::of_tests())
}

fn association() -> Row {
    let end = |id: &str| Epr::class_of("Msvm_ConcreteJob", "root/v2").with("InstanceID", id).unwrap();
    let instance = Instance::new("X_Association").with("One", end("1")).with("Other", end("2"));
    Row::new(Some(instance), None, Scope { namespace: "root/v2", ..Scope::of_tests() })
}

fn shown(format: Format, shape: Shape, selection: &Selection, rows: &[Row]) -> String {
    let mut renderer = renderer(format, shape, selection.clone(), None);
    let mut out = String::new();
    let result = rows.iter().try_for_each(|row| renderer.row(row, &mut out));
    match result.and_then(|()| renderer.end(&mut out)) {
        Ok(()) => out,
        Err(failure) => failure.to_text(),
    }
}

fn select(fields: &[&str], names: bool) -> Selection {
    let fields = fields.iter().map(|&field| field.to_owned()).collect();
    Selection { fields, names, ..Selection::default() }
}

fn list(format: Format, rows: &[Row]) -> String {
    shown(format, Shape::List, &Selection::default(), rows)
}

#[test]
fn a_table_has_the_keys_and_what_tells_much() {
    let rows = [machine("web-01", 2), machine("a\tlonger\u{9b}name", 3)];
    insta::assert_snapshot!(list(Format::Table, &rows), @r"
        NAME  ELEMENTNAME         ENABLEDSTATE
        5D1F  web-01              2
        5D1F  a longer\u{9b}name  3
    ");
    insta::assert_snapshot!(shown(Format::Table, Shape::One, &select(&[], true), &rows[..1]), @r#"
        __CLASS               Msvm_ComputerSystem
        __PATH                Msvm_ComputerSystem.Name="5D1F",CreationClassName="Msvm_ComputerSystem"
        CreationClassName     Msvm_ComputerSystem
        Name                  5D1F
        ElementName           web-01
        EnabledState          2 (Enabled)
        OperationalStatus     2 (OK), 32775
        OnTimeInMilliseconds  18446744073709551615
        InstallDate           2026-01-02T03:04:05.5Z
        Description           -
    "#);
    insta::assert_snapshot!(list(Format::Table, &[association()]), @r#"
        ONE                              OTHER
        Msvm_ConcreteJob.InstanceID="1"  Msvm_ConcreteJob.InstanceID="2"
    "#);
    let fields = select(&["elementname", "__PATH", "OperationalStatus"], true);
    insta::assert_snapshot!(shown(Format::Table, Shape::List, &fields, &rows), @r#"
        ELEMENTNAME         PATH                                                                     OPERATIONALSTATUS
        web-01              Msvm_ComputerSystem.Name="5D1F",CreationClassName="Msvm_ComputerSystem"  2 (OK), 32775
        a longer\u{9b}name  Msvm_ComputerSystem.Name="5D1F",CreationClassName="Msvm_ComputerSystem"  2 (OK), 32775
    "#);
    assert_eq!(list(Format::Table, &[]), "");
}

#[test]
fn a_path_of_another_namespace_is_told_with_it() {
    let job = |namespace| Epr::class_of("Msvm_ConcreteJob", namespace).with("InstanceID", "1").unwrap();
    let instance = Instance::new("X")
        .with("Here", job("ROOT/v2"))
        .with("There", job("root/cimv2"))
        .with("Both", vec![Value::from(job("root/v2")), Value::from(job("root/cimv2"))]);
    let row = Row { instance: Some(instance), epr: Some(Epr::class_of("X", "root/v2")), wire: None };
    insta::assert_snapshot!(shown(Format::Table, Shape::One, &select(&["Here", "There", "Both"], false), &[row]), @r#"
        Here   Msvm_ConcreteJob.InstanceID="1"
        There  root\cimv2:Msvm_ConcreteJob.InstanceID="1"
        Both   Msvm_ConcreteJob.InstanceID="1", root\cimv2:Msvm_ConcreteJob.InstanceID="1"
    "#);
}

#[test]
fn an_instance_within_an_instance_is_told_by_its_path() {
    let error = |code: u32| Instance::new("Msvm_Error").with("ErrorType", 3_u16).with("MessageID", code);
    let job = Instance::new("Msvm_ConcreteJob")
        .with("JobState", 10_u16)
        .with("First", error(1))
        .with("All", vec![Value::from(error(1).with("Cause", error(2))), Value::Null])
        .with("None", Value::Array(Vec::new()));
    let row = Row::new(Some(job), None, Scope::of_tests());
    let rows = std::slice::from_ref(&row);
    insta::assert_snapshot!(shown(Format::Table, Shape::One, &select(&[], true), rows), @r"
        __CLASS                 Msvm_ConcreteJob
        __PATH                  -
        JobState                10 (Exception)
        First                   Msvm_Error
        First.ErrorType         3 (Quality of Service Error)
        First.MessageID         1
        All[0]                  Msvm_Error
        All[0].ErrorType        3 (Quality of Service Error)
        All[0].MessageID        1
        All[0].Cause            Msvm_Error
        All[0].Cause.ErrorType  3 (Quality of Service Error)
        All[0].Cause.MessageID  2
        All[1]                  -
        None
    ");
    insta::assert_snapshot!(shown(Format::Ndjson, Shape::One, &select(&["All"], true), rows), @r#"{"All":[{"__CLASS":"Msvm_Error","ErrorType":3,"ErrorType_name":"Quality of Service Error","MessageID":1,"Cause":{"__CLASS":"Msvm_Error","ErrorType":3,"ErrorType_name":"Quality of Service Error","MessageID":2}},null]}"#);
    insta::assert_snapshot!(shown(Format::Table, Shape::List, &select(&["First", "All"], true), rows), @r"
        FIRST           ALL
        Msvm_Error {…}  Msvm_Error {…}, -
    ");
}

#[test]
fn json_has_every_property() {
    insta::assert_snapshot!(list(Format::Json, &[machine("web-01", 2), association()]), @r#"
        [
          {
            "__CLASS": "Msvm_ComputerSystem",
            "__PATH": "root\\virtualization\\v2:Msvm_ComputerSystem.Name=\"5D1F\",CreationClassName=\"Msvm_ComputerSystem\"",
            "CreationClassName": "Msvm_ComputerSystem",
            "Name": "5D1F",
            "ElementName": "web-01",
            "EnabledState": 2,
            "OperationalStatus": [
              2,
              32775
            ],
            "OnTimeInMilliseconds": 18446744073709551615,
            "InstallDate": "2026-01-02T03:04:05.5Z",
            "Description": null
          },
          {
            "__CLASS": "X_Association",
            "__PATH": null,
            "One": {
              "uri": "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/v2/Msvm_ConcreteJob",
              "selectors": {
                "InstanceID": "1"
              },
              "path": "root\\v2:Msvm_ConcreteJob.InstanceID=\"1\""
            },
            "Other": {
              "uri": "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/v2/Msvm_ConcreteJob",
              "selectors": {
                "InstanceID": "2"
              },
              "path": "root\\v2:Msvm_ConcreteJob.InstanceID=\"2\""
            }
          }
        ]
    "#);
    assert_eq!(list(Format::Json, &[]), "[]\n");
    assert_eq!(list(Format::Ndjson, &[]), "");
}

#[test]
fn names_stand_behind_their_numbers() {
    let fields = select(&["EnabledState", "OperationalStatus", "ElementName"], true);
    insta::assert_snapshot!(shown(Format::Ndjson, Shape::List, &fields, &[machine("a", 2), machine("b", 77)]), @r#"
        {"EnabledState":2,"EnabledState_name":"Enabled","OperationalStatus":[2,32775],"OperationalStatus_name":["OK",null],"ElementName":"a"}
        {"EnabledState":77,"EnabledState_name":null,"OperationalStatus":[2,32775],"OperationalStatus_name":["OK",null],"ElementName":"b"}
    "#);
}

#[test]
fn yaml_is_a_sequence_or_a_mapping() {
    insta::assert_snapshot!(list(Format::Yaml, &[machine("no", 2), association()]), @r#"
        - __CLASS: Msvm_ComputerSystem
          __PATH: "root\\virtualization\\v2:Msvm_ComputerSystem.Name=\"5D1F\",CreationClassName=\"Msvm_ComputerSystem\""
          CreationClassName: Msvm_ComputerSystem
          Name: "5D1F"
          ElementName: "no"
          EnabledState: 2
          OperationalStatus:
            - 2
            - 32775
          OnTimeInMilliseconds: 18446744073709551615
          InstallDate: "2026-01-02T03:04:05.5Z"
          Description: null
        - __CLASS: X_Association
          __PATH: null
          One:
            uri: "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/v2/Msvm_ConcreteJob"
            selectors:
              InstanceID: "1"
            path: "root\\v2:Msvm_ConcreteJob.InstanceID=\"1\""
          Other:
            uri: "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/v2/Msvm_ConcreteJob"
            selectors:
              InstanceID: "2"
            path: "root\\v2:Msvm_ConcreteJob.InstanceID=\"2\""
    "#);
    insta::assert_snapshot!(shown(Format::Yaml, Shape::One, &select(&["Name"], false), &[machine("no", 2)]), @r#"Name: "5D1F""#);
    assert_eq!(list(Format::Yaml, &[]), "[]\n");
}

#[test]
fn csv_has_the_columns_of_the_first_row() {
    insta::assert_snapshot!(list(Format::Csv, &[machine("a,\"b\"", 2), association()]), @r#"
        __CLASS,__PATH,CreationClassName,Name,ElementName,EnabledState,OperationalStatus,OnTimeInMilliseconds,InstallDate,Description
        Msvm_ComputerSystem,"root\virtualization\v2:Msvm_ComputerSystem.Name=""5D1F"",CreationClassName=""Msvm_ComputerSystem""",Msvm_ComputerSystem,5D1F,"a,""b""",2,"[2,32775]",18446744073709551615,2026-01-02T03:04:05.5Z,
        X_Association,,,,,,,,,
    "#);
    insta::assert_snapshot!(list(Format::Csv, &[association()]), @r#"
        __CLASS,__PATH,One,Other
        X_Association,,"root\v2:Msvm_ConcreteJob.InstanceID=""1""","root\v2:Msvm_ConcreteJob.InstanceID=""2"""
    "#);
}

#[test]
fn a_property_that_does_not_exist_is_refused_before_anything_is_printed() {
    for format in [Format::Table, Format::Json, Format::Ndjson, Format::Yaml, Format::Csv] {
        let told = shown(format, Shape::List, &select(&["ElementNam"], false), &[machine("a", 2)]);
        assert_eq!(
            told,
            "error: failed to print `ElementNam`: `Msvm_ComputerSystem` has no such property\nhint: did you mean `ElementName`?\n",
            "{format:?}"
        );
    }
}

#[test]
fn references_alone_are_rows_too() {
    let row = Row { epr: machine("a", 2).epr, ..Row::default() };
    insta::assert_snapshot!(list(Format::Table, std::slice::from_ref(&row)), @r#"
        PATH
        Msvm_ComputerSystem.Name="5D1F",CreationClassName="Msvm_ComputerSystem"
    "#);
    insta::assert_snapshot!(list(Format::Csv, std::slice::from_ref(&row)), @r#"
        __PATH
        "root\virtualization\v2:Msvm_ComputerSystem.Name=""5D1F"",CreationClassName=""Msvm_ComputerSystem"""
    "#);
    insta::assert_snapshot!(list(Format::Ndjson, &[row]), @r#"{"uri":"http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_ComputerSystem","selectors":{"Name":"5D1F","CreationClassName":"Msvm_ComputerSystem"},"path":"root\\virtualization\\v2:Msvm_ComputerSystem.Name=\"5D1F\",CreationClassName=\"Msvm_ComputerSystem\""}"#);
}

#[test]
fn an_array_that_was_left_early_is_not_closed() {
    let mut renderer = renderer(Format::Json, Shape::List, select(&["Name"], false), None);
    let mut out = String::new();
    renderer.row(&machine("a", 2), &mut out).unwrap();
    renderer.give_up(&mut out).unwrap();
    assert_eq!(out, "[\n  {\n    \"Name\": \"5D1F\"\n  }\n");
}
