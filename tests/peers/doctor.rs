//! `hvctl doctor` at acceptors that are not ours: its step of Kerberos, and that it tries a password once.

use crate::{
    rig::Rig,
    way::{ALICE, RIGHT, WRONG, case},
};
use serde_json::Value;
use std::process::Command;

/// The report on this URL.
fn doctor(url: &str, login: (&str, &str), more: &[&str]) -> (i32, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hvctl"));
    command.args(["doctor", "--output", "json", "--host", url]).args(more);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("HVCTL_")) {
            command.env_remove(name);
        }
    }
    command.env("HVCTL_CONFIG", concat!(env!("CARGO_TARGET_TMPDIR"), "/no-profiles.toml"));
    command.env("KRB5CCNAME", concat!("FILE:", env!("CARGO_TARGET_TMPDIR"), "/no-tickets"));
    let output = command.env("HVCTL_USER", login.0).env("HVCTL_PASSWORD", login.1).output().unwrap();
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap(), report)
}

fn step<'a>(report: &'a Value, name: &str) -> &'a Value {
    let steps = report["steps"].as_array().unwrap();
    steps.iter().find(|step| step["step"] == name).unwrap_or_else(|| panic!("{name}: {report:#}"))
}

fn status<'a>(report: &'a Value, name: &str) -> &'a str {
    step(report, name)["status"].as_str().unwrap()
}

#[test]
fn a_ticket_is_described_and_used() {
    let Some(rig) = Rig::find() else { return };
    let url = format!("http://localhost:{}/wsman", rig.port("PLAIN"));
    let (_, report) = doctor(&url, ("alice@TEST.LOCAL", RIGHT), &[]);
    let kerberos = step(&report, "kerberos");
    assert_eq!(kerberos["status"], "ok", "{report:#}");
    assert_eq!(kerberos["facts"]["service"], "HTTP/localhost");
    assert_eq!(kerberos["facts"]["principal"], "alice@TEST.LOCAL");
    assert_eq!(kerberos["facts"]["realm"], "TEST.LOCAL");
    assert!(kerberos["facts"]["clock_skew_seconds"].as_i64().unwrap().abs() < 60, "{kerberos}");
    assert_eq!(status(&report, "ntlm"), "skipped");
    assert_eq!(step(&report, "login")["facts"]["mechanism"], "kerberos");
    assert_eq!(step(&report, "sealing")["facts"]["sealed"], true);
}

#[test]
fn without_a_ticket_ntlm_is_used_and_the_reason_told() {
    let Some(rig) = Rig::find() else { return };
    let url = format!("http://localhost:{}/wsman", rig.port("PLAIN"));
    let (_, report) = doctor(&url, (ALICE, RIGHT), &[]);
    assert_eq!([status(&report, "kerberos"), status(&report, "ntlm")], ["skipped", "ok"], "{report:#}");
    let seen = step(&report, "kerberos")["seen"].to_string();
    assert!(seen.contains("no ticket, so NTLM is used") && seen.contains("--realm"), "{seen}");
    assert_eq!(step(&report, "login")["facts"]["mechanism"], "ntlm");
    let (code, report) = doctor(&url, (ALICE, RIGHT), &["--auth", "kerberos", "--realm", "DOWN.LOCAL"]);
    assert_ne!(code, 0);
    assert_eq!([status(&report, "kerberos"), status(&report, "login")], ["failed", "skipped"], "{report:#}");
    assert_eq!(step(&report, "kerberos")["facts"]["reason"], "KdcUnreachable");
}

/// A login ends there, too.
#[test]
fn a_keytab_that_cannot_be_read_is_no_reason_for_ntlm() {
    let Some(rig) = Rig::find() else { return };
    let url = format!("http://localhost:{}/wsman", rig.port("PLAIN"));
    let line = ["--keytab", "/no/such/keytab", "--principal", "alice@TEST.LOCAL"];
    let (code, report) = doctor(&url, (ALICE, RIGHT), &line);
    assert_eq!([status(&report, "kerberos"), status(&report, "login")], ["failed", "skipped"], "{report:#}");
    assert_eq!((code, &step(&report, "kerberos")["facts"]["reason"]), (3, &"Keytab".into()), "{report:#}");
}

#[test]
fn a_wrong_password_is_tried_once_by_kdc_and_host_together() {
    let Some(rig) = Rig::find() else { return };
    for (user, by_kdc) in [("kate@TEST.LOCAL", 1), (ALICE, 0)] {
        let target = format!("/wsman?offer=Negotiate,Kerberos,NTLM&{}", case(&format!("doctor-{by_kdc}")));
        let url = format!("http://localhost:{}{target}", rig.port("PLAIN"));
        let before = rig.refused_by_kdc("kate@TEST.LOCAL");
        let (code, report) = doctor(&url, (user, WRONG), &[]);
        assert_eq!(code, 7, "{report:#}");
        let counts = rig.counts(&target);
        let tried = (rig.refused_by_kdc("kate@TEST.LOCAL") - before, counts.kerberos + counts.ntlm);
        assert_eq!(tried, (by_kdc, 1 - by_kdc), "{report:#}");
        let failed = if by_kdc == 1 { "kerberos" } else { "login" };
        assert_eq!(report["first_failure"], failed);
    }
}

#[test]
fn a_ticket_that_the_host_cannot_read_is_told_with_the_command_that_shows_whose_it_is() {
    let Some(rig) = Rig::find() else { return };
    let url = format!("http://localhost:{}/wsman", rig.port("PLAIN"));
    let (code, report) = doctor(
        &url,
        ("alice@TEST.LOCAL", RIGHT),
        &["--spn-host", "rekeyed.test.local", "--auth", "kerberos"],
    );
    assert_eq!(code, 7, "{report:#}");
    assert_eq!([status(&report, "kerberos"), status(&report, "login")], ["ok", "failed"], "{report:#}");
    let commands = step(&report, "login")["advice"]["commands"].to_string();
    assert!(commands.contains("setspn -Q HTTP/rekeyed.test.local"), "{report:#}");
}

#[test]
fn apache_is_told_from_winrm() {
    let Some(rig) = Rig::find() else { return };
    let url = format!("https://localhost:{}/", rig.port("APACHE"));
    let root = rig.folder().join("rsa-sha256.crt");
    let (code, report) = doctor(&url, (ALICE, RIGHT), &["--cacert", root.to_str().unwrap()]);
    assert_eq!(code, 9, "{report:#}");
    let winrm = step(&report, "winrm");
    assert_eq!(winrm["status"], "warning");
    assert!(winrm["facts"]["server"].as_str().unwrap().starts_with("Apache/"), "{winrm}");
    assert_eq!(report["first_failure"], "login");
    assert!(step(&report, "login")["advice"]["cause"].as_str().unwrap().starts_with("it is no WinRM"));
}
