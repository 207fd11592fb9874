//! Instances of any class: `get`, `enumerate`, `query`, in every format.

use crate::{
    sim_host::SimHost,
    support::{Ran, run, without_times},
};
use serde_json::Value;
use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _},
    process::Stdio,
};

const FORMATS: [&str; 6] = ["table", "json", "ndjson", "yaml", "csv", "xml"];
const GROUP: &str = "Msvm_VirtualSystemCollection.CollectionID=00000000-0000-4000-8000-000200000001";

/// Runs a command in each format and shows what it printed.
fn in_each_format(host: &SimHost, command: &[&str]) -> String {
    let mut shown = String::new();
    for format in FORMATS {
        let ran = run(host.hvctl(command.iter().copied()).env("HVCTL_OUTPUT", format));
        writeln!(shown, "$ hvctl {} --output {format}", command.join(" ")).unwrap();
        writeln!(shown, "{}", without_times(&ran.transcript(&[]))).unwrap();
    }
    shown
}

fn ran(host: &SimHost, command: &[&str]) -> Ran {
    run(&mut host.hvctl(command.iter().copied()))
}

#[test]
fn one_instance_is_printed_in_each_format() {
    let host = SimHost::start();
    insta::assert_snapshot!("get", in_each_format(&host, &["get", GROUP, "--names"]));
}

#[test]
fn several_instances_are_printed_in_each_format() {
    let host = SimHost::start();
    let command = ["enumerate", "CIM_Service", "--where", "Name~col%", "--limit", "2"];
    let fields = ["--fields", "ElementName,EnabledState,OperationalStatus,__PATH", "--names"];
    insta::assert_snapshot!("enumerate", in_each_format(&host, &[&command[..], &fields].concat()));
}

#[test]
fn nothing_is_printed_as_nothing_in_each_format() {
    let host = SimHost::start();
    let command = ["query", "SELECT * FROM Msvm_ConcreteJob WHERE InstanceID = 'none'"];
    insta::assert_snapshot!("nothing", in_each_format(&host, &command));
}

#[test]
fn a_table_fits_the_screen_with_the_columns_that_tell_much() {
    let host = SimHost::start();
    let mut shown = String::new();
    for class in [
        "Msvm_ComputerSystem",
        "Msvm_VirtualSystemSettingData",
        "CIM_Service",
        "Msvm_CollectedVirtualSystems",
    ] {
        writeln!(shown, "$ hvctl enumerate {class}").unwrap();
        writeln!(shown, "{}", without_times(&ran(&host, &["enumerate", class]).transcript(&[]))).unwrap();
    }
    insta::assert_snapshot!("tables", shown);
}

#[test]
fn conditions_become_a_query_or_a_selector_filter() {
    let host = SimHost::start();
    let names = |more: &[&str]| -> Vec<String> {
        let line = [&["enumerate", "Msvm_ComputerSystem", "--output", "json"], more].concat();
        let ran = ran(&host, &line);
        assert_eq!(ran.code, 0, "{ran:?}");
        let names = ran.json();
        names.as_array().unwrap().iter().map(|one| one["ElementName"].as_str().unwrap().to_owned()).collect()
    };
    let odd = "Ünïcode \"VM\" & <more>";
    assert_eq!(names(&["--where", &format!("ElementName={odd}")]), [odd]);
    assert_eq!(
        names(&["--where", "ElementName=web-01", "--where", "EnabledState=2", "--filter", "selector"]),
        ["web-01"]
    );
    assert_eq!(
        names(&["--where", "ElementName~%-01", "--where", "EnabledState=enabled"]),
        ["web-01", "sql-01"]
    );
    assert_eq!(names(&["--where", "ElementName=' OR ElementName <> '"]), Vec::<String>::new());
    assert_eq!(names(&["--where", "EnabledState!=2", "--where", "ElementName!=null"]).len(), 2);
}

#[test]
fn references_come_alone_or_with_their_instances() {
    let host = SimHost::start();
    let of = |mode: &str| {
        ran(
            &host,
            &[
                "enumerate",
                "Msvm_VirtualSystemCollection",
                "--mode",
                mode,
                "--limit",
                "1",
                "--output",
                "json",
            ],
        )
        .json()[0]
            .clone()
    };
    let epr = of("epr");
    assert_eq!(epr["selectors"]["CollectionID"], "00000000-0000-4000-8000-000200000001");
    assert!(epr["uri"].as_str().unwrap().ends_with("/root/virtualization/v2/Msvm_VirtualSystemCollection"));
    assert_eq!(of("both")["__PATH"], epr["path"]);
    assert_eq!(of("object")["__PATH"], epr["path"]);
}

#[test]
fn what_was_printed_names_an_instance() {
    let host = SimHost::start();
    for mode in ["object", "epr"] {
        let line =
            ["enumerate", "Msvm_VirtualSystemCollection", "--limit", "1", "--mode", mode, "--output", "json"];
        let printed = ran(&host, &line).stdout;
        let ran =
            run(host.hvctl(["get", "-", "--fields", "ElementName", "--output", "csv"]).write_stdin(printed));
        assert_eq!((ran.code, ran.stdout.as_str()), (0, "ElementName\nweb-tier\n"), "{ran:?}");
    }
    let service = ran(&host, &["get", "Msvm_CollectionSnapshotService", "--output", "json"]);
    assert_eq!(service.json()["__CLASS"], "Msvm_CollectionSnapshotService", "{service:?}");
}

#[test]
fn wrong_input_is_told_with_what_was_likely_meant() {
    let host = SimHost::start();
    let machine = "Msvm_ComputerSystem";
    let table: &[&[&str]] = &[
        &["get", "Msvm_ComputerSytem.Name=x"],
        &["get", "Msvm_ComputerSystem.Nmae=x"],
        &["get", "Msvm_ComputerSystem.Name=none"],
        &["get", machine],
        &["get", "Msvm_ConcreteJob"],
        &["get", "no class"],
        &["enumerate", "Msvm_ComputerSytem"],
        &["enumerate", GROUP],
        &["enumerate", machine, "--fields", "Nmae"],
        &["enumerate", machine, "--where", "Nmae=x"],
        &["enumerate", machine, "--where", "Name"],
        &["enumerate", machine, "--where", "EnabledState=on"],
        &["enumerate", machine, "--where", "EnabledState>2", "--filter", "selector"],
        &["enumerate", machine, "--where", "Nmae=x", "--no-check"],
        &["query", "SELECT * FROM Msvm_ComputerSytem"],
        &["query", "no query"],
        &["group", "list", "--output", "csv"],
        &["schema", "list", "--output", "xml"],
    ];
    let mut shown = String::new();
    for command in table {
        let ran = ran(&host, command);
        assert_ne!(ran.code, 0, "{command:?}");
        writeln!(shown, "$ hvctl {}\n{}", command.join(" "), ran.transcript(&[])).unwrap();
    }
    insta::assert_snapshot!("wrong_input", shown);
}

#[test]
fn errors_are_json_where_the_output_is() {
    let host = SimHost::start();
    for format in ["json", "ndjson"] {
        let ran = ran(&host, &["enumerate", "Msvm_ComputerSytem", "--output", format]);
        assert_eq!(ran.json_error()["error"]["hint"], "did you mean `Msvm_ComputerSystem`?", "{ran:?}");
        assert_eq!(ran.stdout, "");
    }
}

/// An inventory of so many machines.
fn many_machines(count: usize) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let machines = (0..count).map(|number| format!("[[vm]]\nname = \"vm-{number:04}\"\n"));
    std::fs::write(&file, machines.collect::<String>()).unwrap();
    file
}

#[test]
fn every_row_of_many_pages_is_printed_once_in_each_format() {
    let inventory = many_machines(300);
    let host = SimHost::with(&["--inventory", inventory.path().to_str().unwrap()]);
    for format in FORMATS {
        let line = ["enumerate", "Msvm_ComputerSystem", "--where", "ElementName~vm-%", "--output", format];
        let fields = ["--fields", "ElementName"];
        let all = if format == "xml" { line.to_vec() } else { [&line[..], &fields].concat() };
        let ran = ran(&host, &all);
        assert_eq!(ran.code, 0, "{ran:?}");
        for number in 0..300 {
            let name = format!("vm-{number:04}");
            assert_eq!(ran.stdout.matches(&name).count(), 1, "{format}: {name}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_that_is_left_ends_the_command_at_once_and_well() {
    let inventory = many_machines(3000);
    let path = inventory.path().to_str().unwrap();
    // All pages take far longer than the test waits; one comes in time to be released.
    let host = SimHost::with(&["--inventory", path, "--rule", "delay:1s@Pull"]);
    let line = ["enumerate", "Msvm_ComputerSystem", "--output", "ndjson"];
    let mut child = crate::support::process(line)
        .envs(host.environment.iter().cloned())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let began = std::time::Instant::now();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    stdout.read_line(&mut first).unwrap();
    drop(stdout);
    let status = child.wait().unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert!(serde_json::from_str::<Value>(&first).unwrap()["__CLASS"].is_string(), "{first}");
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
}

#[test]
fn classes_can_be_named_as_the_dmtf_does_it_and_paths_go_back_into_commands() {
    let host = SimHost::start();
    let groups = |dialect: &str| {
        let list = ["--dialect", dialect, "enumerate", "Msvm_VirtualSystemCollection", "--mode", "both"];
        let ran = ran(&host, &[&list[..], &["--output", "json", "--fields", "__PATH,ElementName"]].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.json()
    };
    let named = groups("dmtf");
    assert_eq!(named, groups("windows"));
    for group in named.as_array().unwrap() {
        let path = group["__PATH"].as_str().unwrap();
        assert!(
            path.contains(r"root\virtualization\v2:Msvm_VirtualSystemCollection.CollectionID="),
            "{path}"
        );
        let got = ran(&host, &["--dialect", "dmtf", "get", path, "--output", "json"]);
        assert_eq!(got.json()["ElementName"], group["ElementName"], "{got:?}");
        let walk = ["associators", path, "--output", "json", "--fields", "__PATH,ElementName"];
        let members = ran(&host, &[&["--dialect", "dmtf"], &walk[..]].concat());
        let as_windows = ran(&host, &walk);
        assert_eq!((members.code, members.json()), (0, as_windows.json()), "{members:?}");
    }
    let traced = ran(&host, &["-vv", "--dialect", "dmtf", "enumerate", "Msvm_VirtualSystemCollection"]);
    let uri = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/Msvm_VirtualSystemCollection";
    assert!(traced.stderr.contains(uri) && traced.stderr.contains("__cimnamespace"), "{traced:?}");
    assert!(!traced.stderr.contains("/wsman/1/wmi/"), "{traced:?}");
}
