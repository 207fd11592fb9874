//! `hvctl schema`, without a host.

use crate::support::run_alone;

#[test]
fn a_class_is_shown_with_its_keys_values_and_methods() {
    insta::assert_snapshot!(
        "schema_class",
        run_alone(&["schema", "show", "msvm_collectionsnapshotservice"]).transcript(&[])
    );
    insta::assert_snapshot!(
        "schema_association",
        run_alone(&["schema", "show", "Msvm_AffectedJobElement"]).transcript(&[])
    );
}

#[test]
fn one_member_is_shown_alone() {
    let property = run_alone(&["schema", "show", "Msvm_ComputerSystem", "EnabledState"]);
    insta::assert_snapshot!(property.stdout, @r"
        uint16 EnabledState  (CIM_EnabledLogicalElement)
                 0  Unknown
                 1  Other
                 2  Enabled
                 3  Disabled
                 4  Shutting Down
                 5  Not Applicable
                 6  Enabled but Offline
                 7  In Test
                 8  Deferred
                 9  Quiesce
                10  Starting
    ");
    let method = run_alone(&[
        "schema",
        "show",
        "Msvm_CollectionSnapshotService",
        "ExportSnapshot",
        "--output",
        "yaml",
    ]);
    insta::assert_snapshot!("schema_method", method.transcript(&[]));
}

#[test]
fn every_class_is_listed_and_shown_in_each_format() {
    let list = run_alone(&["schema", "list", "--output", "json"]).json();
    let list = list.as_array().unwrap();
    assert!(list.len() >= 429, "{}", list.len());
    let services = run_alone(&["schema", "list", "--derived-from", "CIM_Service", "--output", "ndjson"]);
    assert!(
        services.stdout.lines().any(|line| line.contains("\"Msvm_CollectionSnapshotService\"")),
        "{services:?}"
    );
    let table = run_alone(&["schema", "list"]);
    assert_eq!(table.stdout.lines().count(), list.len() + 1);
    let class = run_alone(&["schema", "show", "Msvm_ComputerSystem", "--output", "json"]).json();
    let state =
        class["properties"].as_array().unwrap().iter().find(|one| one["name"] == "EnabledState").unwrap();
    assert_eq!(state["values"][2], serde_json::json!({ "value": 2, "name": "Enabled" }));
}

#[test]
fn names_are_searched_in_classes_members_and_values() {
    let ran = run_alone(&["schema", "search", "ConsistencyLevel"]);
    insta::assert_snapshot!(ran.stdout, @r"
        KIND      IN                                                            NAME  SOURCE
        property  Msvm_CollectionReferencePointSettingData.ConsistencyLevel     -     -
        property  Msvm_ReferencePointCollection.ConsistencyLevel                -     -
        property  Msvm_VirtualSystemCollection.LastApplyConsistencyLevel        -     -
        property  Msvm_VirtualSystemReferencePoint.ConsistencyLevel             -     -
        property  Msvm_VirtualSystemReferencePointSettingData.ConsistencyLevel  -     -
        property  Msvm_VirtualSystemSnapshotSettingData.ConsistencyLevel        -     -
    ");
    let kinds = run_alone(&["schema", "search", "snapshot", "--output", "json"]).json();
    let has = |kind: &str| kinds.as_array().unwrap().iter().any(|hit| hit["kind"] == kind);
    for kind in ["class", "property", "method", "parameter", "value"] {
        assert!(has(kind), "{kind}");
    }
}

#[test]
fn what_was_seen_on_a_host_alone_is_marked_in_every_command() {
    let remark = "undocumented (seen on a host of version 23H2)";
    let listed = run_alone(&["schema", "list", "--derived-from", "CIM_LogicalDevice"]);
    let line = listed.stdout.lines().find(|line| line.starts_with("Msvm_FlexIoDevice ")).unwrap();
    assert!(line.ends_with(remark), "{line}");
    let shown = run_alone(&["schema", "show", "Msvm_VirtualSystemSettingData", "EnableHibernation"]);
    insta::assert_snapshot!(shown.stdout, @"boolean EnableHibernation  (Msvm_VirtualSystemSettingData, undocumented (seen on a host of version 23H2))");
    let untyped = run_alone(&["schema", "show", "Msvm_VirtualSystemSettingData", "VirtualSlitType"]);
    assert!(untyped.stdout.starts_with("untyped VirtualSlitType "), "{untyped:?}");
    let found = run_alone(&["schema", "search", "InitiateHibernate"]);
    assert!(found.stdout.lines().nth(1).unwrap().ends_with(remark), "{found:?}");
    let class = run_alone(&["schema", "show", "Msvm_FlexIoDevice", "--output", "json"]).json();
    assert_eq!((&class["source"], &class["keys_from"]), (&"host".into(), &"CIM_LogicalDevice".into()));
}

#[test]
fn what_the_schema_does_not_have_is_told_with_what_was_likely_meant() {
    for (line, hint) in [
        (vec!["schema", "show", "Msvm_ComputerSytem"], "did you mean `Msvm_ComputerSystem`?"),
        (vec!["schema", "show", "Msvm_ComputerSystem", "EnabledStat"], "did you mean `EnabledState`?"),
        (vec!["schema", "show", "Zebra"], "hvctl schema search WORD"),
        (vec!["schema", "list", "--derived-from", "CIM_Servis"], "did you mean `CIM_Service`?"),
        (vec!["schema", "search", "zebra"], "failed to find `zebra`"),
    ] {
        let ran = run_alone(&line);
        assert_eq!(ran.code, 4, "{ran:?}");
        assert!(ran.stderr.contains(hint), "{ran:?}");
    }
}
