//! Jobs over time.

use crate::soap::{
    Message, WEB_TIER, default_host, done, element, elements, fault, host, job, reference, start, state,
};
use hyperv_wsman::sim::Host;
use std::time::Duration;
use tokio::time::advance;

/// The rows of a job: class of the element and effect.
async fn affected(host: &Host, id: &str) -> Vec<(String, String)> {
    let query = format!(
        "REFERENCES OF {{Msvm_ConcreteJob.InstanceID='{id}'}} WHERE ResultClass=Msvm_AffectedJobElement"
    );
    let xml = done(host, &Message::wql(&query)).await;
    let classes = elements(&xml, "p:AffectedElement");
    let effects = elements(&xml, "p:ElementEffects");
    let class = |row: &str| element(row, "w:ResourceURI").unwrap().rsplit('/').next().unwrap().to_owned();
    classes.into_iter().map(class).zip(effects.into_iter().map(str::to_owned)).collect()
}

fn on_snapshot(method: &str, parameter: &str, id: &str, more: &str) -> Message {
    let epr = reference("Msvm_SnapshotCollection", "CollectionID", id);
    Message::service(method, &format!("<p:{parameter}>{epr}</p:{parameter}>{more}"))
}

fn request_state(id: &str, state: &str) -> Message {
    let input = format!("<p:RequestedState>{state}</p:RequestedState>");
    Message::invoke("Msvm_ConcreteJob", "RequestStateChange", &[("InstanceID", id)], &input)
}

#[tokio::test(start_paused = true)]
async fn a_job_is_new_then_runs_then_has_its_result_for_five_minutes() {
    let host = default_host();
    let id = start(&host, &Message::create_snapshot(WEB_TIER)).await;
    assert_eq!(state(&host, &id).await, 2);
    advance(Duration::from_secs(1)).await;
    let running = done(&host, &job(&id)).await;
    assert_eq!(element(&running, "p:JobState"), Some("4"));
    assert_eq!(element(&running, "p:PercentComplete"), Some("50"));
    assert_eq!(element(&running, "p:JobType"), Some("198"));
    assert_eq!(element(&running, "p:Cancellable"), Some("true"));
    assert!(running.contains("<p:ElapsedTime><cim:Interval>P0DT0H0M1S</cim:Interval>"), "{running}");
    let machine = ("Msvm_ComputerSystem".to_owned(), "0".to_owned());
    assert_eq!(affected(&host, &id).await, vec![machine.clone(); 3]);
    assert!(host.snapshots().is_empty());

    advance(Duration::from_secs(1)).await;
    let ended = done(&host, &job(&id)).await;
    assert_eq!(element(&ended, "p:JobState"), Some("7"));
    assert_eq!(element(&ended, "p:PercentComplete"), Some("100"));
    assert_eq!(elements(&ended, "p:OperationalStatus"), ["17", "2"]);
    assert!(ended.contains("<p:TimeBeforeRemoval><cim:Interval>P0DT0H5M0S</cim:Interval>"), "{ended}");
    let created = ("Msvm_SnapshotCollection".to_owned(), "5".to_owned());
    assert_eq!(affected(&host, &id).await, [machine.clone(), machine.clone(), machine, created]);
    assert_eq!(host.snapshots(), ["00000000-0000-4000-8000-000300000001"]);

    advance(Duration::from_secs(299)).await;
    assert_eq!(state(&host, &id).await, 7);
    advance(Duration::from_secs(1)).await;
    assert_eq!(fault(&host, &job(&id)).await.0, 2_150_858_752);
}

#[tokio::test(start_paused = true)]
async fn a_new_snapshot_is_of_its_group_and_has_a_member_for_each_machine() {
    let host = default_host();
    start(&host, &Message::create_snapshot(WEB_TIER)).await;
    advance(Duration::from_secs(2)).await;
    let snapshot = host.snapshots()[0].clone();
    let of_group = format!(
        "ASSOCIATORS OF {{Msvm_VirtualSystemCollection.CollectionID='{WEB_TIER}'}} \
         WHERE AssocClass=Msvm_SnapshotOfVirtualSystemCollection ResultClass=Msvm_SnapshotCollection"
    );
    let xml = done(&host, &Message::wql(&of_group)).await;
    assert_eq!(elements(&xml, "p:CollectionID"), [snapshot.as_str()]);
    let members = format!(
        "ASSOCIATORS OF {{Msvm_SnapshotCollection.CollectionID='{snapshot}'}} \
         WHERE AssocClass=Msvm_CollectedSnapshots ResultClass=Msvm_VirtualSystemSettingData"
    );
    let xml = done(&host, &Message::wql(&members)).await;
    assert_eq!(elements(&xml, "p:ElementName"), ["web-01", "web-02", "web-03"]);
    assert_eq!(elements(&xml, "p:VirtualSystemType"), ["Microsoft:Hyper-V:Snapshot:Realized"; 3]);
    let by_id = format!(
        r"SELECT * FROM Msvm_VirtualSystemSettingData WHERE InstanceID='{}'",
        elements(&xml, "p:InstanceID")[0].replace('\\', r"\\")
    );
    assert_eq!(elements(&done(&host, &Message::wql(&by_id)).await, "p:InstanceID").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn machines_at_work_say_so_and_refuse_other_work() {
    let host = default_host();
    let id = start(&host, &Message::create_snapshot(WEB_TIER)).await;
    let busy = "SELECT * FROM Msvm_ComputerSystem WHERE ElementName='web-02'";
    let xml = done(&host, &Message::wql(busy)).await;
    assert_eq!(elements(&xml, "p:OperationalStatus"), ["11", "32768"]);
    let again = done(&host, &Message::create_snapshot(WEB_TIER)).await;
    assert_eq!(element(&again, "p:ReturnValue"), Some("5"));
    assert!(again.contains("<p:Job xsi:nil=\"true\"/>"), "{again}");
    advance(Duration::from_secs(2)).await;
    assert_eq!(state(&host, &id).await, 7);
    start(&host, &Message::create_snapshot(WEB_TIER)).await;
}

#[tokio::test(start_paused = true)]
async fn an_export_into_a_directory_in_use_fails_with_its_reason() {
    let host = default_host();
    start(&host, &Message::create_snapshot(WEB_TIER)).await;
    advance(Duration::from_secs(2)).await;
    let snapshot = host.snapshots()[0].clone();
    let export = || {
        let directory = r"<p:ExportDirectory>D:\Exports\web\</p:ExportDirectory>";
        on_snapshot("ExportSnapshot", "SnapshotCollection", &snapshot, directory)
    };
    let first = start(&host, &export()).await;
    advance(Duration::from_secs(3)).await;
    assert_eq!(state(&host, &first).await, 7);
    assert_eq!(host.exports(), [r"D:\Exports\web"]);
    let second = start(&host, &export()).await;
    advance(Duration::from_secs(3)).await;
    let failed = done(&host, &job(&second)).await;
    assert_eq!(element(&failed, "p:JobState"), Some("10"));
    assert_eq!(element(&failed, "p:ErrorCode"), Some("32768"));
    assert_eq!(element(&failed, "p:ErrorDescription"), Some("The export directory already holds an export."));
}

#[tokio::test(start_paused = true)]
async fn a_failed_job_explains_itself_in_cim_xml() {
    let host = host("", &["job-fail:32773@CreateSnapshot"]);
    let id = start(&host, &Message::create_snapshot(WEB_TIER)).await;
    let errors =
        |method: &str| Message::invoke("Msvm_ConcreteJob", method, &[("InstanceID", id.as_str())], "");
    let while_running = done(&host, &errors("GetErrorEx")).await;
    assert!(while_running.contains("<p:Errors xsi:nil=\"true\"/>"), "{while_running}");
    advance(Duration::from_secs(2)).await;
    let failed = done(&host, &job(&id)).await;
    assert_eq!(element(&failed, "p:JobState"), Some("10"));
    assert_eq!(element(&failed, "p:ErrorCode"), Some("32773"));
    let several = done(&host, &errors("GetErrorEx")).await;
    let text = element(&several, "p:Errors").unwrap();
    assert!(text.starts_with("&lt;INSTANCE CLASSNAME=&quot;Msvm_Error&quot;&gt;"), "{several}");
    let one = done(&host, &errors("GetError")).await;
    assert_eq!(element(&one, "p:Error"), Some(text));
    assert!(host.snapshots().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_job_can_be_cancelled_while_it_runs() {
    for (requested, ended) in [("4", 8), ("5", 9)] {
        let host = default_host();
        let id = start(&host, &Message::create_snapshot(WEB_TIER)).await;
        advance(Duration::from_secs(1)).await;
        let codes = |state| {
            let host = host.clone();
            let message = request_state(&id, state);
            async move { element(&done(&host, &message).await, "p:ReturnValue").unwrap().to_owned() }
        };
        assert_eq!(codes("9").await, "5");
        assert_eq!(codes("3").await, "1");
        assert_eq!(codes(requested).await, "0");
        assert_eq!(state(&host, &id).await, ended);
        assert_eq!(codes(requested).await, "4097");
        advance(Duration::from_secs(5)).await;
        assert!(host.snapshots().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_destroyed_snapshot_is_gone_and_its_deletion_cannot_be_cancelled() {
    let host = default_host();
    start(&host, &Message::create_snapshot(WEB_TIER)).await;
    advance(Duration::from_secs(2)).await;
    let snapshot = host.snapshots()[0].clone();
    let apply = on_snapshot("ApplySnapshot", "SnapshotCollection", &snapshot, "");
    start(&host, &apply).await;
    advance(Duration::from_secs(2)).await;
    assert_eq!(host.snapshots(), [snapshot.as_str()]);
    let id = start(&host, &on_snapshot("DestroySnapshot", "AffectedSnapshotCollection", &snapshot, "")).await;
    let cancel = done(&host, &request_state(&id, "4")).await;
    assert_eq!(element(&cancel, "p:ReturnValue"), Some("1"));
    advance(Duration::from_secs(1)).await;
    assert_eq!(state(&host, &id).await, 7);
    assert!(host.snapshots().is_empty());
    let again = done(&host, &apply).await;
    assert_eq!(element(&again, "p:ReturnValue"), Some("4"));
}

#[tokio::test]
async fn snapshots_of_the_inventory_are_there_from_the_start() {
    let host = host(
        "[[vm]]\nname='a'\n[[group]]\nname='g'\nmembers=['a']\n[[snapshot]]\ngroup='g'\ntype='recovery'",
        &[],
    );
    let xml = done(&host, &Message::wql("SELECT * FROM Msvm_SnapshotCollection")).await;
    assert_eq!(elements(&xml, "p:ElementName"), ["g - snapshot 1"]);
}
