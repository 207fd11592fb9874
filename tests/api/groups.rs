//! Groups and their members.

use crate::support::{Script, soap, web_tier};
use hyperv_wsman::{
    ErrorKind,
    hyperv::{CreateSettings, HyperV},
};

const ID: &str = "1C5F0000-0000-4000-8000-000000000001";

fn groups() -> Vec<String> {
    vec![
        soap::group(ID, "web-tier"),
        soap::group("1C5F0000-0000-4000-8000-000000000002", "twins"),
        soap::group("1C5F0000-0000-4000-8000-000000000003", "twins"),
    ]
}

#[tokio::test]
async fn a_group_is_resolved_in_one_request_by_name_or_id() {
    for wanted in ["web-tier", "Web-Tier", ID, &ID.to_lowercase(), &format!("{{{ID}}}")] {
        let script = Script::new([("Enumerate", soap::last_page(&groups()))]);
        let group = script.hyperv().group(wanted).await.unwrap();
        assert_eq!((group.id.as_str(), group.name.as_str()), (ID, "web-tier"));
        assert_eq!(group.epr.selector("CollectionID"), Some(ID));
        let body = &script.sent()[0].body;
        assert!(body.contains("SELECT * FROM Msvm_VirtualSystemCollection<"), "{body}");
    }
}

#[tokio::test]
async fn unknown_and_ambiguous_groups_are_told_apart() {
    for (wanted, kind) in [("web-teir", ErrorKind::NotFound), ("twins", ErrorKind::Ambiguous)] {
        let script = Script::new([("Enumerate", soap::last_page(&groups()))]);
        let error = script.hyperv().group(wanted).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.hint().is_some());
    }
}

#[tokio::test]
async fn a_name_that_no_group_can_have_is_refused_before_anything_is_sent() {
    let error = Script::new([]).hyperv().group("web\u{1b}[31m").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

#[tokio::test]
async fn members_are_read_through_the_association() {
    let members = [soap::machine("VM1", "web01"), soap::machine("VM2", "web02")];
    let script = Script::new([("Enumerate", soap::last_page(&members))]);
    let machines = script.hyperv().members(&web_tier().await).await.unwrap();
    let names: Vec<_> = machines.iter().map(|machine| machine.name.as_str()).collect();
    assert_eq!(names, ["web01", "web02"]);
    assert_eq!(machines[0].epr.selector("CreationClassName"), Some("Msvm_ComputerSystem"));
    assert_eq!(machines[0].epr.selector("Name"), Some("VM1"));
    assert_eq!((machines[0].state, machines[0].state_name().as_str()), (2, "running"));
    let body = &script.sent()[0].body;
    assert!(
        body.contains(
            "ASSOCIATORS OF {Msvm_VirtualSystemCollection.CollectionID='G1'} \
             WHERE AssocClass=Msvm_CollectedVirtualSystems ResultClass=Msvm_ComputerSystem"
        ),
        "{body}"
    );
}

#[tokio::test]
async fn a_group_without_members_is_refused_before_anything_is_changed() {
    let script = Script::new([("Enumerate", soap::last_page(&[]))]);
    let snapshots = script.hyperv().collection_snapshots();
    let error = snapshots.create(&web_tier().await, &CreateSettings::recovery()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    insta::assert_snapshot!(error, @"failed to create a snapshot of group `web-tier`: the group has no members");
    script.assert_done();
}

#[tokio::test]
async fn another_namespace_is_used_for_everything() {
    let script = Script::new([("Enumerate", soap::last_page(&[]))]);
    let hyperv = HyperV::new(script.client()).with_namespace(r"root\HyperVCluster\v2");
    assert!(hyperv.groups().await.unwrap().is_empty());
    assert!(script.sent()[0].body.contains("/wmi/root/HyperVCluster/v2/*<"));
}
