//! Commands that need no host.

use crate::support::{arg, hvctl, run, run_alone};

#[test]
fn help_tells_exit_codes_passwords_environment_and_what_is_not_proven() {
    let ran = run_alone(&["--help"]);
    assert_eq!(ran.code, 0);
    for part in [
        "Exit codes:",
        "Password:",
        "Not proven on a live host",
        "HVCTL_HOST",
        "HVCTL_FINGERPRINT",
        "NO_COLOR",
    ] {
        assert!(ran.stdout.contains(part), "{part}");
    }
    assert!(!ran.stdout.contains("--password <"), "{}", ran.stdout);
}

#[test]
fn the_help_of_create_names_its_json_and_its_limits() {
    let ran = run_alone(&["snapshot", "create", "--help"]);
    insta::assert_snapshot!("help_snapshot_create", ran.transcript(&[]));
}

#[test]
fn completions_exist_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run_alone(&["completions", shell]);
        assert_eq!(ran.code, 0);
        assert!(ran.stdout.contains("hvctl") && ran.stdout.contains("snapshot"), "{shell}");
        let sources = ["stdin", "command", "file", "keyring"].map(|source| format!("--password-{source}"));
        let offered = sources.iter().fold(ran.stdout, |offered, source| offered.replace(source, ""));
        assert!(!offered.contains("--password"), "{shell}");
    }
}

#[test]
fn manual_pages_are_written_one_for_each_command() {
    let ran = run_alone(&["man"]);
    assert!(ran.stdout.contains(".TH hvctl 1"), "{ran:?}");
    let directory = tempfile::tempdir().unwrap();
    let pages = directory.path().join("man1");
    assert_eq!(run_alone(&["man", arg(&pages)]).code, 0);
    for page in ["hvctl.1", "hvctl-snapshot-create.1", "hvctl-job-wait.1", "hvctl-simulate.1"] {
        let text = std::fs::read_to_string(pages.join(page)).unwrap();
        assert!(text.contains("HVCTL_HOST"), "{page} names no environment variables");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_hvctl"))
        .args(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_standard_output_is_an_error() {
    use std::process::Command;
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_hvctl")).args(["completions", "zsh"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(17));
    assert!(String::from_utf8_lossy(&output.stderr).contains("failed to write to standard output"));
}

#[test]
fn unreadable_messages_and_missing_files_are_told_apart() {
    assert_eq!(run_alone(&["explain", "/no/such/file"]).code, 17);
    let ran = run(hvctl(["explain", "-"]).write_stdin("<html>no envelope"));
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.starts_with("error: failed to explain `-`"), "{ran:?}");
}

#[test]
fn a_missing_folder_of_fixtures_is_an_error() {
    assert_eq!(run_alone(&["fixture", "lint", "/no/such/folder"]).code, 17);
}

#[test]
fn a_request_is_explained_in_words_and_in_json() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/requests/invoke-export-snapshot.xml");
    let ran = run_alone(&["explain", file]);
    insta::assert_snapshot!("explain_request", ran.transcript(&[]));
    let json = run_alone(&["explain", file, "--output", "json"]).json();
    assert_eq!(json["summary"], ran.stdout.lines().next().unwrap());
    assert!(json["fault"].is_null());
}

#[test]
fn a_fault_is_explained_and_is_no_failure() {
    let fault = "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope' \
        xmlns:w='http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd' \
        xmlns:f='http://schemas.microsoft.com/wbem/wsman/1/wsmanfault'><s:Body><s:Fault><s:Code><s:Value>s:Receiver\
        </s:Value><s:Subcode><s:Value>w:TimedOut</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang='en-US'>\
        The WS-Management service cannot complete the operation within the time specified.</s:Text></s:Reason>\
        <s:Detail><f:WSManFault Code='2150858793' Machine='hv01.example.test'><f:Message>too slow</f:Message>\
        </f:WSManFault></s:Detail></s:Fault></s:Body></s:Envelope>";
    let ran = run(hvctl(["explain", "-", "--output", "json"]).write_stdin(fault));
    assert_eq!(ran.code, 0, "{ran:?}");
    let json = ran.json();
    assert_eq!(json["fault"]["code"], 2_150_858_793_u32);
    assert_eq!(json["fault"]["code_hex"], "0x80338029");
    assert_eq!(json["fault"]["subcode"], "TimedOut");
    assert_eq!(json["fault"]["machine"], "hv01.example.test");
    assert!(json["fault"]["meaning"].is_string() && json["fault"]["hint"].is_string(), "{json}");
    let ran = run(hvctl(["explain", "-"]).write_stdin(fault));
    insta::assert_snapshot!("explain_fault", ran.transcript(&[]));
}

#[test]
fn the_lint_finds_a_planted_leak() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
    let ran = run_alone(&["fixture", "lint", fixtures]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.stdout, "");

    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("origin.json"), r#"{"kind":"written","from":"nowhere"}"#).unwrap();
    std::fs::write(directory.path().join("leak.xml"), "<a>hv7.corp.contoso.com</a>").unwrap();
    let ran = run_alone(&["fixture", "lint", arg(directory.path()), "--output", "json"]);
    assert_eq!(ran.code, 15, "{ran:?}");
    let findings = ran.json();
    let leak = findings.as_array().unwrap().iter().find(|finding| finding["line"] == 1).unwrap();
    assert!(leak["file"].as_str().unwrap().ends_with("leak.xml"), "{findings}");
    assert_eq!(ran.json_error()["error"]["code"], 15);
}

#[cfg(unix)]
#[test]
fn a_closed_standard_output_is_no_error() {
    let script = format!("'{}' completions bash >&-", env!("CARGO_BIN_EXE_hvctl"));
    let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}
