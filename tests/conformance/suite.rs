//! The checks: what a user of the crate relies on, whatever answers.

use std::{
    future::{IntoFuture, poll_fn},
    pin::Pin,
};

use futures_core::Stream;
use hyperv_wsman::{
    ErrorKind,
    cim::{Epr, Text},
    hyperv::{
        CreateSettings, ExportSettings, Group, HostPath, HyperV, JobState, SnapshotCollection, Storage,
    },
    wsman::{EnumerationMode, Fault, Filter},
};

use crate::backends::Site;

const NAMESPACE: &str = "root/virtualization/v2";

async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await
}

fn hyperv(site: &Site) -> HyperV {
    HyperV::new(site.client.clone())
}

async fn group(site: &Site) -> Group {
    hyperv(site).group(&site.group).await.unwrap()
}

async fn standard_snapshot(site: &Site) -> SnapshotCollection {
    let group = group(site).await;
    let started =
        hyperv(site).collection_snapshots().create(&group, &CreateSettings::standard()).await.unwrap();
    started.wait().await.unwrap()
}

async fn destroy(site: &Site, snapshot: &SnapshotCollection) {
    hyperv(site).collection_snapshots().destroy(snapshot).await.unwrap().wait().await.unwrap();
}

pub(crate) async fn identify_names_the_product(site: &Site) {
    let identity = site.client.identify().await.unwrap();
    assert!(!identity.product_vendor().is_empty());
    assert!(!identity.product_version().is_empty());
}

pub(crate) async fn groups_have_a_name_and_an_id(site: &Site) {
    let groups = hyperv(site).groups().await.unwrap();
    assert!(groups.iter().any(|group| group.name == site.group), "{groups:?}");
    for group in &groups {
        assert_eq!(group.epr.selector("CollectionID"), Some(group.id.as_str()));
    }
}

pub(crate) async fn a_group_is_found_by_name_and_by_id_in_any_case(site: &Site) {
    let by_name = group(site).await;
    for spelling in
        [by_name.id.clone(), by_name.id.to_lowercase(), format!("{{{}}}", by_name.id.to_uppercase())]
    {
        assert_eq!(hyperv(site).group(&spelling).await.unwrap().epr, by_name.epr, "{spelling}");
    }
    assert_eq!(hyperv(site).group(&site.group.to_uppercase()).await.unwrap().epr, by_name.epr);
}

pub(crate) async fn an_unknown_group_is_not_found(site: &Site) {
    let error = hyperv(site).group("no group has this name").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

pub(crate) async fn a_group_has_its_members(site: &Site) {
    let members = hyperv(site).members(&group(site).await).await.unwrap();
    assert!(!members.is_empty());
    for member in members {
        assert_eq!(member.epr.class(), "Msvm_ComputerSystem");
        assert_eq!(member.id.len(), 36, "a machine's Name is a GUID: {}", member.id);
    }
}

pub(crate) async fn get_reads_what_an_enumeration_named(site: &Site) {
    let group = group(site).await;
    let instance = site.client.get(&group.epr).await.unwrap();
    assert_eq!(instance.class(), "Msvm_VirtualSystemCollection");
    assert_eq!(instance.str("ElementName"), Some(site.group.as_str()));
    assert_eq!(instance.str("COLLECTIONID"), Some(group.id.as_str()), "names compare without case");
}

pub(crate) async fn get_of_what_is_not_there_is_destination_unreachable(site: &Site) {
    let missing = Epr::class_of("Msvm_VirtualSystemCollection", NAMESPACE)
        .with("CollectionID", "FFFFFFFF-0000-4000-8000-000000000000")
        .unwrap();
    let error = site.client.get(&missing).await.unwrap_err();
    let fault = error.fault().expect("a fault");
    assert_eq!(fault.subcode(), Some("DestinationUnreachable"));
    assert!(fault.meaning().is_some());
}

pub(crate) async fn pull_continues_until_end_of_sequence(site: &Site) {
    let class = Epr::class_of("Msvm_ComputerSystem", NAMESPACE);
    let at_once = site.client.enumerate(&class).instances().await.unwrap();
    let one_by_one = site.client.enumerate(&class).max_elements(1).instances().await.unwrap();
    let names = |instances: &[hyperv_wsman::cim::Instance]| {
        instances.iter().filter_map(|instance| instance.str("Name").map(str::to_owned)).collect::<Vec<_>>()
    };
    assert!(at_once.len() > 1);
    assert_eq!(names(&at_once), names(&one_by_one));
}

pub(crate) async fn a_stream_left_early_is_released(site: &Site) {
    let class = Epr::class_of("Msvm_ComputerSystem", NAMESPACE);
    let mut stream = site.client.enumerate(&class).max_elements(1).stream();
    assert!(next(&mut stream).await.unwrap().unwrap().instance.is_some());
    // Dropped here: `Client::close` releases it, and the backend looks whether it did.
}

pub(crate) async fn references_come_with_their_keys(site: &Site) {
    let class = Epr::class_of("Msvm_VirtualSystemCollection", NAMESPACE);
    let items = site.client.enumerate(&class).mode(EnumerationMode::Epr).await.unwrap();
    assert!(!items.is_empty());
    for item in items {
        let epr = item.epr.expect("a reference");
        assert!(epr.selector("CollectionID").is_some(), "{epr:?}");
    }
}

pub(crate) async fn a_selector_filter_finds_one_instance(site: &Site) {
    let group = group(site).await;
    let class = Epr::class_of("Msvm_VirtualSystemCollection", NAMESPACE);
    let filter = Filter::Selector(vec![("CollectionID".into(), Text::new(group.id.clone()).unwrap())]);
    let found = site.client.enumerate(&class).filter(filter).instances().await.unwrap();
    assert_eq!(
        found.iter().map(|one| one.str("ElementName")).collect::<Vec<_>>(),
        [Some(group.name.as_str())]
    );
}

pub(crate) async fn wql_literals_carry_quotes_and_backslashes(site: &Site) {
    let Some(odd) = &site.odd_group else { return };
    let group = hyperv(site).group(odd).await.unwrap();
    assert_eq!(&group.name, odd);
    assert!(!hyperv(site).members(&group).await.unwrap().is_empty());
    let query = |name: &str| {
        let literal = hyperv_wsman::cim::wql::quote(&Text::new(name).unwrap());
        Text::new(format!("SELECT * FROM Msvm_VirtualSystemCollection WHERE ElementName = {literal}"))
            .unwrap()
    };
    assert_eq!(site.client.query(NAMESPACE, query(odd)).instances().await.unwrap().len(), 1);
    assert_eq!(site.client.query(NAMESPACE, query(r"no\such'group")).instances().await.unwrap().len(), 0);
}

pub(crate) async fn an_unknown_class_is_refused_with_a_meaning(site: &Site) {
    let wql = Text::new("SELECT * FROM Msvm_NoSuchClass").unwrap();
    let error = site.client.query(NAMESPACE, wql).instances().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fault);
    assert!(error.fault().is_some_and(|fault| fault.hint().is_some()));
}

pub(crate) async fn an_enumeration_gives_instances_references_or_both(site: &Site) {
    let class = Epr::class_of("Msvm_VirtualSystemCollection", NAMESPACE);
    let items = |mode| site.client.enumerate(&class).mode(mode).into_future();
    let objects = items(EnumerationMode::Object).await.unwrap();
    let references = items(EnumerationMode::Epr).await.unwrap();
    let both = items(EnumerationMode::ObjectAndEpr).await.unwrap();
    assert_eq!((objects.len(), references.len()), (both.len(), both.len()));
    for ((object, reference), pair) in objects.iter().zip(&references).zip(&both) {
        assert!(object.epr.is_none() && reference.instance.is_none());
        assert_eq!((&object.instance, &reference.epr), (&pair.instance, &pair.epr));
    }
}

pub(crate) async fn associators_lead_from_a_group_to_its_members(site: &Site) {
    let group = group(site).await;
    let walk = || site.client.associators(&group.epr).association_class("Msvm_CollectedVirtualSystems");
    let found = walk().result_class("CIM_System").role("Collection").result_role("Member");
    let mut found: Vec<_> =
        found.instances().await.unwrap().iter().map(|one| one.str("Name").unwrap().to_owned()).collect();
    let members = hyperv(site).members(&group).await.unwrap();
    let mut expected: Vec<_> = members.into_iter().map(|member| member.id).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    let paged = walk().enumerate().max_elements(1).mode(EnumerationMode::Epr).await.unwrap();
    assert_eq!(paged.len(), found.len());
    assert!(walk().role("Member").await.unwrap().is_empty(), "a group is no member");
}

pub(crate) async fn references_are_the_links_of_a_group(site: &Site) {
    let group = group(site).await;
    let links = site.client.references(&group.epr).association_class("Msvm_CollectedVirtualSystems");
    let links = links.role("Collection").instances().await.unwrap();
    assert!(!links.is_empty());
    for link in links {
        assert_eq!(link.class(), "Msvm_CollectedVirtualSystems");
        assert_eq!(link.epr("Collection"), Some(&group.epr));
    }
}

pub(crate) async fn a_walk_gives_only_the_properties_asked_for(site: &Site) {
    let group = group(site).await;
    let found = site.client.associators(&group.epr).association_class("Msvm_CollectedVirtualSystems");
    for member in found.result_property("Name").result_property("EnabledState").instances().await.unwrap() {
        assert!(member.str("Name").is_some() && member.u64("EnabledState").is_some(), "{member:?}");
        assert_eq!(member.properties().count(), 2);
        assert_eq!(member.class(), "Msvm_ComputerSystem");
    }
}

pub(crate) async fn a_fragment_is_the_value_of_one_property(site: &Site) {
    let group = group(site).await;
    let get = |fragment: &str| site.client.get(&group.epr).fragment(fragment).into_future();
    assert_eq!(get("ElementName").await.unwrap().as_str(), Some(site.group.as_str()));
    assert_eq!(get("ElementName/text()").await.unwrap().as_str(), Some(site.group.as_str()));
    assert!(get("Caption").await.unwrap().is_null());
    let error = get("NoSuchProperty").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fault);
}

pub(crate) async fn a_small_envelope_makes_more_pages_of_the_same(site: &Site) {
    let class = Epr::class_of("Msvm_ComputerSystem", NAMESPACE);
    let all = site.client.enumerate(&class).instances().await.unwrap();
    let before = site.client.requests();
    let small = site.client.enumerate(&class).max_envelope_size(8192).instances().await.unwrap();
    assert_eq!(all.len(), small.len());
    assert!(site.client.requests() > before + 1, "it did not come in one page");
}

pub(crate) async fn an_option_is_ignored_unless_it_must_be_obeyed(site: &Site) {
    let group = group(site).await;
    let get = || site.client.get(&group.epr);
    get().option("hyperv-wsman:unknown", "1").await.unwrap();
    let error = get().required_option("hyperv-wsman:unknown", "1").await.unwrap_err();
    assert_eq!(error.fault().and_then(Fault::subcode), Some("InvalidOptions"));
}

pub(crate) async fn a_variable_of_the_environment_is_created_changed_and_deleted(site: &Site) {
    if !site.changes {
        return;
    }
    let text = |text: &str| Text::new(text).unwrap();
    let class = Epr::class_of("Win32_Environment", "root/cimv2");
    let variable = site
        .client
        .create(&class)
        .property("Name", text("HYPERV_WSMAN_CONFORMANCE"))
        .property("UserName", text("<SYSTEM>"))
        .property("VariableValue", text("R&D"))
        .await
        .unwrap();
    assert_eq!(variable.selector("Name"), Some("HYPERV_WSMAN_CONFORMANCE"));
    let value = |fragment: &str| site.client.get(&variable).fragment(fragment).into_future();
    assert_eq!(value("VariableValue").await.unwrap().as_str(), Some("R&D"));

    let put = site.client.put(&variable).property("VariableValue", text("two")).await.unwrap();
    assert!(put.is_none_or(|now| now.str("VariableValue") == Some("two")));
    let put = site.client.put(&variable).fragment("VariableValue", text("three")).await.unwrap();
    assert!(put.is_none_or(|now| now.as_str() == Some("three")));
    let read = site.client.get(&variable).await.unwrap();
    assert_eq!(read.str("VariableValue"), Some("three"));
    let filter = Filter::Selector(vec![("Name".into(), text("HYPERV_WSMAN_CONFORMANCE"))]);
    assert_eq!(site.client.enumerate(&class).filter(filter).instances().await.unwrap().len(), 1);

    site.client.delete(&variable).await.unwrap();
    let error = site.client.get(&variable).await.unwrap_err();
    assert_eq!(error.fault().and_then(Fault::subcode), Some("DestinationUnreachable"));
    let error = site.client.delete(&variable).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fault, "what is not there was certainly not deleted: {error}");
}

pub(crate) async fn an_unknown_snapshot_is_not_found(site: &Site) {
    let snapshots = hyperv(site).collection_snapshots();
    let error = snapshots.find("FFFFFFFF-0000-4000-8000-000000000000").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

pub(crate) async fn a_standard_snapshot_of_a_group_is_created_listed_and_destroyed(site: &Site) {
    if !site.changes {
        return;
    }
    let hyperv = hyperv(site);
    let snapshots = hyperv.collection_snapshots();
    let group = group(site).await;
    let before = snapshots.list(&group).await.unwrap();
    let snapshot = standard_snapshot(site).await;
    assert!(!before.iter().any(|old| old.id == snapshot.id));
    assert!(snapshots.list(&group).await.unwrap().iter().any(|one| one.id == snapshot.id));
    let mut machines: Vec<_> =
        snapshots.members(&snapshot).await.unwrap().into_iter().map(|member| member.machine_id).collect();
    let mut expected: Vec<_> =
        hyperv.members(&group).await.unwrap().into_iter().map(|member| member.id).collect();
    machines.sort();
    expected.sort();
    assert_eq!(machines, expected);
    assert_eq!(snapshots.group_of(&snapshot).await.unwrap().map(|group| group.id), Some(group.id.clone()));
    destroy(site, &snapshot).await;
    assert_eq!(snapshots.find(&snapshot.id).await.unwrap_err().kind(), ErrorKind::NotFound);
}

pub(crate) async fn a_recovery_snapshot_is_exported(site: &Site) {
    if !site.changes {
        return;
    }
    let snapshots = hyperv(site).collection_snapshots();
    let group = group(site).await;
    let snapshot = snapshots.create(&group, &CreateSettings::recovery()).await.unwrap().wait().await.unwrap();
    let directory = HostPath::new(r"D:\Exports\hyperv-wsman conformance").unwrap();
    let started = snapshots.export(&snapshot, &directory, &ExportSettings::new(Storage::Copy)).await.unwrap();
    let exported = started.wait().await.unwrap();
    assert_eq!(exported.directory, directory);
    if let Some(job) = exported.job {
        assert!(job.is_success(), "{job:?}");
    }
    destroy(site, &snapshot).await;
}

pub(crate) async fn a_snapshot_is_applied(site: &Site) {
    if !site.changes {
        return;
    }
    let snapshot = standard_snapshot(site).await;
    hyperv(site).collection_snapshots().apply(&snapshot).await.unwrap().wait().await.unwrap();
    destroy(site, &snapshot).await;
}

pub(crate) async fn a_job_is_found_again_by_its_id(site: &Site) {
    if !site.changes {
        return;
    }
    let hyperv = hyperv(site);
    let group = group(site).await;
    let mut started =
        hyperv.collection_snapshots().create(&group, &CreateSettings::standard()).await.unwrap();
    let Some(id) = started.job_id().map(str::to_owned) else {
        let snapshot = started.wait().await.unwrap();
        return destroy(site, &snapshot).await;
    };
    let first = next(&mut started.progress()).await.unwrap().unwrap();
    assert_eq!(first.id, id);
    let found = hyperv.jobs().find(&id).await.unwrap();
    assert_eq!(found.id, id);
    assert!(hyperv.jobs().list().await.unwrap().iter().any(|job| job.id == id));
    let finished = hyperv.jobs().resume(&found).wait().await.unwrap();
    assert!(finished.is_success(), "{finished:?}");
    let snapshot = started.wait().await.unwrap();
    destroy(site, &snapshot).await;
}

pub(crate) async fn a_running_job_is_cancelled(site: &Site) {
    if !site.changes {
        return;
    }
    let hyperv = hyperv(site);
    let snapshots = hyperv.collection_snapshots();
    let snapshot = standard_snapshot(site).await;
    let directory = HostPath::new(r"D:\Exports\hyperv-wsman cancelled").unwrap();
    let started = snapshots.export(&snapshot, &directory, &ExportSettings::new(Storage::Copy)).await.unwrap();
    if started.job().is_some() {
        started.cancel().await.unwrap();
        let error = started.wait().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Job, "{error:?}");
        let failure = error.job().expect("the job's evidence");
        assert!(
            [JobState::TERMINATED.0, JobState::KILLED.0, JobState::EXCEPTION.0].contains(&failure.state),
            "{failure:?}"
        );
    }
    destroy(site, &snapshot).await;
}
