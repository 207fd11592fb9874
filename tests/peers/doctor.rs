//! `hvctl doctor` at acceptors that are not ours: its step of Kerberos, and that it tries a password once.

use crate::{
    rig::Rig,
    way::{ALICE, RIGHT, WRONG, case},
};
use serde_json::Value;
use std::process::Command;

/// `hvctl doctor` at this URL, with nothing of this machine's own settings but the rig's realm.
fn hvctl(url: &str, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hvctl"));
    command.args(["doctor", "--host", url]).args(more);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("HVCTL_")) {
            command.env_remove(name);
        }
    }
    command.env("HVCTL_CONFIG", concat!(env!("CARGO_TARGET_TMPDIR"), "/no-profiles.toml"));
    command.env("KRB5CCNAME", concat!("FILE:", env!("CARGO_TARGET_TMPDIR"), "/no-tickets"));
    command
}

/// The report on this URL.
fn doctor(url: &str, login: (&str, &str), more: &[&str]) -> (i32, Value) {
    let mut command = hvctl(url, more);
    command.args(["--output", "json"]);
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

/// The acceptor never answers a request without a login.
#[test]
fn nothing_is_asked_without_a_login_where_that_is_not_answered() {
    let Some(rig) = Rig::find() else { return };
    let target = format!("/wsman?offer=Kerberos&hold=yes&{}", case("doctor-preemptive"));
    let url = format!("http://localhost:{}{target}", rig.port("PLAIN"));
    let line = ["--auth", "kerberos", "--auth-preemptive", "--connect-timeout", "5s"];
    let (_, report) = doctor(&url, ("alice@TEST.LOCAL", RIGHT), &line);
    for skipped in ["winrm", "identify", "schemes"] {
        assert_eq!(status(&report, skipped), "skipped", "{report:#}");
    }
    assert_eq!(status(&report, "kerberos"), "ok", "{report:#}");
    assert_eq!(rig.counts(&target).kerberos, 1, "{report:#}");
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

/// What a user sees of these steps, without what differs from run to run.
fn told(rig: &Rig, command: &mut Command, steps: &[&str]) -> String {
    let output = command.output().unwrap();
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(!report.contains(RIGHT), "{report}");
    let mut is_meant = false;
    let lines = report.lines().filter(|line| {
        if !line.starts_with("    ") {
            is_meant = steps.iter().any(|step| line.get(9..).is_some_and(|line| line.starts_with(step)));
        }
        is_meant
    });
    let mut shown = lines.map(|line| format!("{line}\n")).collect::<Vec<_>>().concat();
    for listener in ["PLAIN", "SKEWED_PLAIN"] {
        shown = shown.replace(&rig.port(listener).to_string(), "PORT");
    }
    shown.replace(rig.folder().to_str().unwrap(), "RIG").replace(env!("CARGO_TARGET_TMPDIR"), "TEMP")
}

#[test]
fn each_reason_for_which_there_is_no_ticket_has_its_command() {
    let Some(rig) = Rig::find() else { return };
    let url = |host: &str| format!("http://{host}:{}/wsman", rig.port("PLAIN"));
    let own = format!("FILE:{}", rig.folder().join("ccache").display());
    let expired = format!("FILE:{}", rig.folder().join("ccache-expired").display());
    let mut shown = String::new();
    for (what, host, more, environment) in [
        (
            "no library",
            "localhost",
            &["--user", "alice@TEST.LOCAL"][..],
            &[("HVCTL_PASSWORD", RIGHT), ("HVCTL_GSSAPI_LIBRARY", "/nonexistent")][..],
        ),
        ("no ticket", "localhost", &[], &[]),
        ("an old one", "localhost", &[], &[("KRB5CCNAME", &expired)]),
        ("unknown service", "localhost", &["--spn-host", "nobody.test.local"], &[("KRB5CCNAME", &own)]),
        ("unknown realm", "localhost", &["--user", "alice@NOWHERE.LOCAL"], &[("HVCTL_PASSWORD", RIGHT)]),
        ("an address", "127.0.0.1", &[], &[("KRB5CCNAME", &own)]),
    ] {
        let mut command = hvctl(&url(host), more);
        command.args(["--auth", "kerberos"]).envs(environment.iter().copied());
        let step = told(&rig, &mut command, &["kerberos"]);
        assert!(step.starts_with("failed "), "{what}: {step}");
        shown = format!("{shown}-- {what}\n{step}");
    }
    // The words of the loader of libraries are the system's.
    let shown: Vec<_> = shown.lines().filter(|line| !line.contains("/nonexistent: cannot open")).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    -- no library
    failed   kerberos    failed to log in to `localhost:PORT` by Kerberos
                         cause: HVCTL_GSSAPI_LIBRARY names something that is no GSSAPI library, or not for this machine
                         here: unset HVCTL_GSSAPI_LIBRARY
                         hint: correct or unset HVCTL_GSSAPI_LIBRARY
    -- no ticket
    failed   kerberos    failed to log in to `localhost:PORT` by Kerberos
                         failed to find a Kerberos ticket: No Kerberos credentials available (default cache: FILE:TEMP/no-tickets)
                         tickets: from the cache `FILE:TEMP/no-tickets` (KRB5CCNAME); library libgssapi_krb5.so.2
                         cause: there is no valid ticket in the cache
                         here: kinit USER@REALM
                         here: klist
                         hint: `kinit USER@REALM` gets a ticket; a job that nobody attends uses `--keytab FILE --principal USER@REALM`
    -- an old one
    failed   kerberos    failed to log in to `localhost:PORT` by Kerberos
                         failed to get a ticket for `HTTP/localhost`: Ticket expired
                         tickets: from the cache `FILE:RIG/ccache-expired` (KRB5CCNAME); library libgssapi_krb5.so.2
                         cause: there is no valid ticket in the cache
                         here: kinit USER@REALM
                         here: klist
                         hint: `kinit USER@REALM` gets a new ticket; `klist` shows the old one
    -- unknown service
    failed   kerberos    failed to log in to `localhost:PORT` by Kerberos
                         failed to get a ticket for `HTTP/nobody.test.local`: Server HTTP/nobody.test.local@TEST.LOCAL not found in Kerberos database
                         tickets: from the cache `FILE:RIG/ccache` (KRB5CCNAME); library libgssapi_krb5.so.2
                         cause: the domain does not know the service: the host is not in it, or is registered under another name
                         on the host: setspn -Q HTTP/nobody.test.local
                         on the host: setspn -S HTTP/nobody.test.local $env:COMPUTERNAME
                         hint: use the host's full DNS name; `setspn -Q HTTP/nobody.test.local` on a machine of the domain tells whether it is registered, `setspn -Q WSMAN/nobody.test.local` whether `--spn-service WSMAN` would do; `--spn-host` names the host differently
    -- unknown realm
    failed   kerberos    failed to log in to `localhost:PORT` by Kerberos
                         failed to get a ticket for `alice@NOWHERE.LOCAL`: Cannot find KDC for realm "NOWHERE.LOCAL"
                         tickets: got with the password; library libgssapi_krb5.so.2
                         cause: the realm `NOWHERE.LOCAL` is misspelt, or neither DNS nor `[realms]` of krb5.conf names its domain controllers
                         here: host -t SRV _kerberos._tcp.nowhere.local
                         here: KRB5_TRACE=/dev/stderr kinit alice@NOWHERE.LOCAL
                         hint: the realm is the domain's DNS name in upper case; `host -t SRV _kerberos._tcp.nowhere.local` must list its domain controllers, or /etc/krb5.conf name them under `[realms]`
    -- an address
    failed   kerberos    failed to log in to `127.0.0.1:PORT` by Kerberos
                         failed to name the service `HTTP/127.0.0.1`: Kerberos has no tickets for addresses
                         cause: Kerberos has no tickets for addresses: name the host as the domain does
                         hint: use the host's DNS name, or give it by `--spn-host NAME`
    "#);
}

#[test]
fn a_host_whose_clock_is_off_is_seen_before_the_login_fails_by_it() {
    let Some(rig) = Rig::find() else { return };
    let url = format!("http://localhost:{}/wsman", rig.port("SKEWED_PLAIN"));
    let own = format!("FILE:{}", rig.folder().join("ccache").display());
    let mut command = hvctl(&url, &["--auth", "kerberos"]);
    let shown = told(&rig, command.env("KRB5CCNAME", own), &["kerberos", "login"]);
    let seconds = shown.split(" s ahead").next().unwrap().rsplit(' ').next().unwrap().to_owned();
    let valid = shown.split(", for ").nth(1).unwrap().lines().next().unwrap().to_owned();
    insta::assert_snapshot!(shown.replace(&seconds, "SECONDS").replace(&valid, "TIME"), @r"
    warning  kerberos    a ticket for `HTTP/localhost` as `alice@TEST.LOCAL`
                         from the cache `FILE:RIG/ccache` (KRB5CCNAME), for TIME
                         library libgssapi_krb5.so.2
                         the host's clock is SECONDS s ahead; a host refuses tickets from more than five minutes away
                         cause: the clocks of this machine and of the host differ by more than five minutes
                         on the host: w32tm /resync
                         here: timedatectl set-ntp true
    failed   login       failed to log in to `localhost:PORT` by Kerberos
                         failed to verify the answer of `HTTP/localhost`: Clock skew too great
                         cause: the clocks of this machine and of the domain differ by more than five minutes
                         on the host: w32tm /resync
                         here: timedatectl set-ntp true
                         hint: more than five minutes apart: `timedatectl` here and `w32tm /query /status` on `localhost` tell which clock is wrong
    ");
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
