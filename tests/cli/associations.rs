//! `associators` and `references`: what is linked with an instance, and the links.

use crate::{
    sim_host::SimHost,
    support::{Ran, run},
};

const GROUP: &str = "Msvm_VirtualSystemCollection.CollectionID=00000000-0000-4000-8000-000200000001";

fn ran(host: &SimHost, command: &[&str]) -> Ran {
    run(&mut host.hvctl(command.iter().copied()))
}

#[test]
fn the_members_of_a_group_are_found_by_way_of_its_association() {
    let host = SimHost::start();
    let all = ["associators", GROUP, "--output", "csv", "--fields", "ElementName"];
    let ways: [&[&str]; 3] = [
        &["--association", "Msvm_CollectedVirtualSystems"],
        &["--result", "Msvm_ComputerSystem", "--role", "Collection"],
        &["--result", "CIM_ManagedSystemElement", "--result-role", "Member"],
    ];
    for way in ways {
        let members = ran(&host, &[&all[..], way].concat());
        assert_eq!(
            (members.code, members.stdout.as_str()),
            (0, "ElementName\nweb-01\nweb-02\nweb-03\n"),
            "{members:?}"
        );
    }
    let other_way = ran(&host, &[&all[..], &["--role", "Member"]].concat());
    assert_eq!((other_way.code, other_way.stdout.as_str()), (0, "ElementName\n"), "{other_way:?}");
}

#[test]
fn links_are_told_apart_and_can_be_copied() {
    let host = SimHost::start();
    let shown = ran(&host, &["references", GROUP, "--result", "Msvm_CollectedVirtualSystems"]);
    insta::assert_snapshot!(shown.stdout, @r#"
    COLLECTION                                                                        MEMBER
    Msvm_VirtualSystemCollection.CollectionID="00000000-0000-4000-8000-000200000001"  Msvm_ComputerSystem.Name="00000000-0000-4000-8000-000100000001"
    Msvm_VirtualSystemCollection.CollectionID="00000000-0000-4000-8000-000200000001"  Msvm_ComputerSystem.Name="00000000-0000-4000-8000-000100000002"
    Msvm_VirtualSystemCollection.CollectionID="00000000-0000-4000-8000-000200000001"  Msvm_ComputerSystem.Name="00000000-0000-4000-8000-000100000003"
    "#);
    let last = shown.stdout.lines().last().unwrap().split_whitespace().last().unwrap();
    let machine = ran(&host, &["get", last, "--fields", "ElementName", "--output", "csv"]);
    assert_eq!((machine.code, machine.stdout.as_str()), (0, "ElementName\nweb-03\n"), "{machine:?}");
}

#[test]
fn a_link_names_itself_for_the_next_command() {
    let host = SimHost::start();
    let link = ran(&host, &["references", GROUP, "--limit", "1", "--output", "json"]);
    let again = run(host.hvctl(["get", "-", "--output", "json"]).write_stdin(link.stdout.clone()));
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(again.json()["Member"], link.json()[0]["Member"]);
}
