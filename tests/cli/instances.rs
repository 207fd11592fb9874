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
        let chosen = command.iter().position(|word| *word == "--fields").filter(|_| format == "xml");
        let command = &command[..chosen.unwrap_or(command.len())];
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
fn the_only_key_of_a_class_need_not_be_named() {
    let host = SimHost::start();
    let (class, id) = GROUP.split_once(".CollectionID=").unwrap();
    let named = ran(&host, &["get", GROUP, "--output", "json"]);
    for name in [format!("{class}=\"{id}\""), format!("{class}={id}")] {
        let unnamed = ran(&host, &["get", &name, "--output", "json"]);
        assert_eq!((unnamed.code, &unnamed.stdout), (0, &named.stdout), "{unnamed:?}");
    }
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
        &["query", "SELECT * FROM Msvm_ConcreteJob", "--fields", "Nmae"],
        &["enumerate", machine, "--fields", "Name", "--mode", "epr"],
        &["enumerate", machine, "--fields", "Name", "--output", "xml"],
        &["enumerate", machine, "--where", "Nmae=x"],
        &["enumerate", machine, "--where", "Name"],
        &["enumerate", machine, "--where", "EnabledState=on"],
        &["enumerate", machine, "--where", "EnabledState>2", "--filter", "selector"],
        &["enumerate", machine, "--where", "Nmae=x", "--no-check"],
        &["associators", GROUP, "--association", "Msvm_CollectedVirtualSystem"],
        &["associators", GROUP, "--association", "Msvm_ComputerSystem"],
        &["associators", GROUP, "--result", "Msvm_ComputerSytem"],
        &["associators", GROUP, "--association", "Msvm_CollectedVirtualSystems", "--role", "Group"],
        &["references", GROUP, "--role", "Colection"],
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
fn fields_are_named_with_spaces_and_of_any_subclass() {
    let host = SimHost::start();
    let csv = |class: &str, fields: &str| {
        ran(&host, &["enumerate", class, "--fields", fields, "--limit", "1", "--output", "csv"]).stdout
    };
    assert_eq!(csv("Msvm_ComputerSystem", "Name, EnabledState"), "Name,EnabledState\nHV01,2\n");
    // The first one has no such property.
    assert_eq!(csv("CIM_ManagedElement", "PercentComplete").lines().next(), Some("PercentComplete"));
    assert_eq!(csv("Msvm_ConcreteJob", "InstanceID, JobState"), "InstanceID,JobState\n");
}

#[test]
fn what_a_csv_cannot_hold_is_told() {
    let host = SimHost::start();
    let all = ran(&host, &["enumerate", "CIM_ManagedElement", "--output", "csv"]);
    assert_eq!(all.code, 0);
    assert!(all.stderr.starts_with("warning: the first instance decides the columns"), "{}", all.stderr);
    let of_one_class = ran(&host, &["enumerate", "Msvm_ComputerSystem", "--output", "csv"]);
    assert_eq!((of_one_class.code, of_one_class.stderr.as_str()), (0, ""));
}

#[test]
fn some_properties_of_a_query_are_typed_and_named() {
    let host = SimHost::start();
    let query =
        "SELECT EnabledState, OnTimeInMilliseconds FROM Msvm_ComputerSystem WHERE ElementName = 'web-01'";
    let shown = ran(&host, &["query", query, "--names", "--output", "json"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    let row = &shown.json()[0];
    assert_eq!((&row["__CLASS"], &row["EnabledState"]), (&"Msvm_ComputerSystem".into(), &2.into()));
    assert_eq!(row["EnabledState_name"], "Enabled");
    assert!(row["OnTimeInMilliseconds"].is_u64() && row.get("Name").is_none(), "{row}");
}

#[test]
fn without_a_check_the_same_instance_is_named_and_the_host_is_asked() {
    let host = SimHost::start();
    let machine = "Msvm_ComputerSystem.Name=00000000-0000-4000-8000-000100000001";
    let name = ["--fields", "ElementName", "--output", "csv"];
    let unchecked = ran(&host, &[&["get", machine, "--no-check"][..], &name].concat());
    assert_eq!((unchecked.code, unchecked.stdout.as_str()), (0, "ElementName\nweb-01\n"), "{unchecked:?}");
    // A key of a newer host: this one does not know it either, and says so itself.
    let newer = ["get", "Msvm_ComputerSystem.Nmae=x"];
    assert_eq!(ran(&host, &newer).code, 3);
    assert_eq!(ran(&host, &[&newer[..], &["--no-check"]].concat()).code, 10);
    let property = ["enumerate", "Msvm_ConcreteJob", "--fields", "New", "--output", "csv"];
    assert_eq!(ran(&host, &property).code, 3);
    let asked = ran(&host, &[&property[..], &["--no-check"]].concat());
    assert_eq!((asked.code, asked.stdout.as_str()), (0, "New\n"), "{asked:?}");
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
    for line in [["enumerate", "Msvm_ComputerSystem"], ["query", "SELECT * FROM Msvm_ComputerSystem"]] {
        // All pages take far longer than the test waits; one comes in time to be released.
        let host = SimHost::with(&["--inventory", path, "--rule", "delay:1s@Pull"]);
        let mut child = crate::support::process(line.into_iter().chain(["--output", "ndjson"]))
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
        assert_eq!((status.code(), stderr.as_str()), (Some(0), ""), "{line:?}");
        assert!(began.elapsed().as_secs() < 10, "{line:?}: {:?}", began.elapsed());
    }
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
