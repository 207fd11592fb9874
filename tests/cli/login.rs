//! Who logs in, and by what, before a host is asked anything; and what is told of it.

use crate::{
    sim_host::SimHost,
    support::{hvctl, run},
};
use insta::assert_snapshot;

/// `hvctl group list` for a host that nobody asks, on a machine without Kerberos, with what is added.
fn without_library(arguments: &[&str], password: Option<&str>) -> String {
    let mut command = hvctl(["--host", "https://hv1.example.test", "group", "list"]);
    command.args(arguments).env("HVCTL_GSSAPI_LIBRARY", "/no/such/library.so");
    if let Some(password) = password {
        command.env("HVCTL_PASSWORD", password);
    }
    let ran = run(command.write_stdin(""));
    assert_eq!(ran.stdout, "");
    // What the system says of a library that is not there is its own affair.
    let reason = ran.stderr.find("does not load: ").map(|at| at + "does not load: ".len());
    let end = reason.and_then(|at| Some(at + ran.stderr.get(at..)?.find([')', '\n'])?));
    let mut shown = ran.stderr.clone();
    if let (Some(at), Some(end)) = (reason, end) {
        shown.replace_range(at..end, "<reason>");
    }
    format!("exit code {}\n{shown}", ran.code)
}

#[test]
fn by_which_mechanism_and_why_is_told_where_there_was_a_choice() {
    let host = SimHost::start();
    let run = |auth| run(host.hvctl(["group", "list"]).env("HVCTL_AUTH", auth));
    let ran = run("negotiate");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_snapshot!(ran.stderr, @r"login: NTLM as `EXAMPLE\operator` (not Kerberos: the domain name `EXAMPLE` does not tell the realm; write `user@REALM`, or give `--realm`)");
    assert_eq!(run("ntlm").stderr, "");
}

#[test]
fn a_refused_password_tells_why_it_was_not_kerberos() {
    let host = SimHost::start();
    let mut command = host.hvctl(["--auth", "negotiate", "group", "list"]);
    let ran = run(command.env("HVCTL_PASSWORD", "geheim"));
    assert_eq!(ran.code, 7, "{ran:?}");
    assert!(ran.stderr.contains("hint: NTLM was used because Kerberos cannot be: the domain name `EXAMPLE`"));
    assert!(ran.stderr.contains("not tried again") && !ran.stderr.contains("geheim"), "{ran:?}");
}

#[test]
fn with_neither_user_nor_ticket_both_ways_are_named() {
    assert_snapshot!(without_library(&[], None), @r"
        exit code 2
        error: no user: --user is not given, and there is no Kerberos ticket (failed to load a GSSAPI library, which Kerberos needs: `/no/such/library.so`, which HVCTL_GSSAPI_LIBRARY names, does not load: <reason>)
        hint: `kinit USER@REALM` gets a ticket; else give --user 'DOMAIN\user', HVCTL_USER or a profile; only `identify --anonymous` works without
    ");
}

#[test]
fn with_neither_password_nor_ticket_both_ways_are_named() {
    assert_snapshot!(without_library(&["--user", "alice@corp.example"], None), @r"
        exit code 3
        error: no password and no Kerberos ticket, and there is no terminal to ask on
        caused by: failed to load a GSSAPI library, which Kerberos needs: `/no/such/library.so`, which HVCTL_GSSAPI_LIBRARY names, does not load: <reason>
        hint: set HVCTL_PASSWORD, or give --password-stdin, --password-command or --password-file; correct or unset HVCTL_GSSAPI_LIBRARY
    ");
}

#[test]
fn a_user_whose_realm_is_unknown_cannot_ask_for_kerberos() {
    let arguments = ["--auth", "kerberos", "--user", r"CORP\alice"];
    assert_snapshot!(without_library(&arguments, None), @r"
        exit code 3
        error: failed to use Kerberos for `CORP\alice`: the domain name `CORP` does not tell the realm; write `user@REALM`, or give `--realm`
    ");
    assert_snapshot!(without_library(&arguments, Some("geheim")), @r"
        exit code 3
        error: failed to log in to `hv1.example.test:5986` by Kerberos: the domain name `CORP` does not tell the realm; write `user@REALM`, or give `--realm`
    ");
    let arguments = ["--auth", "kerberos", "--user", "alice@a.example", "--realm", "B.EXAMPLE"];
    assert_snapshot!(without_library(&arguments, None), @r"
        exit code 3
        error: failed to use Kerberos for `alice@a.example`: the user name has the realm `a.example`, but `--realm` says `B.EXAMPLE`
    ");
}

#[test]
fn kerberos_without_a_library_says_so() {
    let host = SimHost::start();
    let arguments = ["--auth", "kerberos", "--user", "alice@corp.example", "--spn-host", "hv1.corp.example"];
    let mut command = host.hvctl(["group", "list"].into_iter().chain(arguments));
    let ran = run(command.env("HVCTL_GSSAPI_LIBRARY", "/no/such/library.so"));
    assert_eq!(ran.code, 3, "{ran:?}");
    let says = "failed to load a GSSAPI library, which Kerberos needs: `/no/such/library.so`, which HVCTL_GSSAPI_LIBRARY names";
    assert!(ran.stderr.contains(says), "{ran:?}");
    assert!(ran.stderr.contains("hint: correct or unset HVCTL_GSSAPI_LIBRARY"), "{ran:?}");
}

#[test]
fn a_keytab_needs_the_principal_that_it_is_for() {
    assert_snapshot!(without_library(&["--keytab", "/etc/hvctl.keytab"], None), @r"
        exit code 3
        error: failed to use the keytab: expected the principal that it is for
        hint: give it by `--principal USER@REALM`; `klist -kt FILE` lists those that the keytab has keys of
    ");
    let arguments = ["--keytab", "/etc/hvctl.keytab", "--user", r"CORP\alice"];
    assert_snapshot!(without_library(&arguments, None), @r"
        exit code 3
        error: failed to use Kerberos for `CORP\alice`: the domain name `CORP` does not tell the realm; write `user@REALM`, or give `--realm`
    ");
}
