//! `hvctl` as a user runs it, with Kerberos: what it tells, and its exit code.

use crate::{
    rig::Rig,
    way::{RIGHT, WRONG, case},
};
use assert_cmd::Command;
use std::{path::Path, time::Duration};

/// What a run left behind.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// `hvctl identify` at this URL, with nothing of this machine's own settings but the rig's realm.
fn identify<T: AsRef<str>>(url: &str, arguments: &[T], environment: &[(&str, T)]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hvctl"));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("HVCTL_") || name.ends_with("_PROXY")) {
            command.env_remove(&name);
        }
    }
    command.env("HVCTL_CONFIG", Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-profiles.toml"));
    command.env("NO_COLOR", "1").args(["identify", "--host", url]);
    command.args(arguments.iter().map(AsRef::as_ref));
    command.envs(environment.iter().map(|(name, value)| (name, value.as_ref())));
    let output = command.timeout(Duration::from_secs(60)).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let ran = Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
    assert!(![&ran.stdout, &ran.stderr].iter().any(|said| said.contains(RIGHT) || said.contains(WRONG)));
    ran
}

fn url(rig: &Rig, listener: &str, query: &str) -> String {
    format!("http://localhost:{}/wsman?{query}", rig.port(listener))
}

#[test]
fn whoever_has_a_ticket_or_a_key_or_a_password_is_let_in() {
    let Some(rig) = Rig::find() else { return };
    let keytab = rig.folder().join("frank.keytab");
    let keytab = keytab.to_str().unwrap();
    let bob = format!("FILE:{}", rig.folder().join("ccache-bob").display());
    for (arguments, environment, user) in [
        (&["--auth", "kerberos"][..], &[][..], "alice@TEST.LOCAL"),
        (&["--auth", "negotiate"], &[], "alice@TEST.LOCAL"),
        (&["--auth", "kerberos"], &[("KRB5CCNAME", bob.as_str())], "bob@TEST.LOCAL"),
        (&["--auth", "kerberos"], &[("HVCTL_GSSAPI_LIBRARY", "libgssapi.so.3")], "alice@TEST.LOCAL"),
        (&["--keytab", keytab, "--principal", "frank@TEST.LOCAL"], &[], "frank@TEST.LOCAL"),
        (&["--user", "carol@test.local"], &[PASSWORD], "carol@TEST.LOCAL"),
        (&["--user", r"TEST\carol", "--realm", "TEST.LOCAL"], &[PASSWORD], "carol@TEST.LOCAL"),
        (&["--user", "carol@TEST.LOCAL", "--delegate"], &[PASSWORD], "carol@TEST.LOCAL"),
    ] {
        let ran = identify(&url(&rig, "PLAIN", ""), arguments, environment);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
        assert!(ran.stdout.contains(&format!("user={user} ")), "{arguments:?}: {ran:?}");
        let delegated = arguments.contains(&"--delegate");
        let expected = if delegated { "sealed=True delegated=True" } else { "sealed=True delegated=False" };
        assert!(ran.stdout.contains(expected), "{arguments:?}: {ran:?}");
        // Only where there was a choice.
        let told =
            if arguments.contains(&"kerberos") { "" } else { &format!("login: Kerberos as `{user}`\n") };
        assert_eq!(ran.stderr, told, "{arguments:?}");
    }
}

#[test]
fn ntlm_is_taken_for_a_reason_that_is_told() {
    let Some(rig) = Rig::find() else { return };
    for (user, query, reason) in [
        (r"TEST\alice", "", "does not tell the realm"),
        (r"TEST\alice", "offer=NTLM", "does not tell the realm"),
    ] {
        let ran = identify(&url(&rig, "PLAIN", query), &["--user", user], &[PASSWORD]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stdout.contains(r"user=TEST\alice "), "{ran:?}");
        assert!(ran.stderr.starts_with(r"login: NTLM as `TEST\alice` (not Kerberos: "), "{ran:?}");
        assert!(ran.stderr.contains(reason), "{ran:?}");
    }
}

/// A way to fail; `RIG` stands for the rig's folder.
struct Failure {
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
    listener: &'static str,
    code: i32,
    /// What standard error must hold: the cause, and the way out.
    told: [&'static str; 2],
}

const PASSWORD: (&str, &str) = ("HVCTL_PASSWORD", RIGHT);
const USUAL: Failure =
    Failure { arguments: &[], environment: &[], listener: "PLAIN", code: 7, told: ["", ""] };
const FAILURES: [Failure; 18] = [
    Failure {
        arguments: &["--user", "jane@TEST.LOCAL"],
        environment: &[("HVCTL_PASSWORD", WRONG)],
        told: ["Preauthentication failed", "hint: not tried again"],
        ..USUAL
    },
    Failure {
        arguments: &["--user", "nobody@TEST.LOCAL", "--auth", "kerberos"],
        environment: &[PASSWORD],
        told: ["not found in Kerberos database", "hint: check the name `nobody@TEST.LOCAL`"],
        ..USUAL
    },
    Failure {
        arguments: &["--auth", "kerberos", "--spn-host", "nobody.test.local"],
        told: ["HTTP/nobody.test.local@TEST.LOCAL not found", "`setspn -Q HTTP/nobody.test.local`"],
        ..USUAL
    },
    Failure {
        arguments: &["--auth", "kerberos", "--spn-service", "WSMAN"],
        told: ["WSMAN/localhost@TEST.LOCAL not found", "`setspn -Q WSMAN/localhost`"],
        ..USUAL
    },
    Failure {
        arguments: &["--auth", "kerberos", "--spn-host", "foreign.test.local"],
        told: ["The ticket isn't for us", "`setspn -X`"],
        ..USUAL
    },
    Failure {
        arguments: &["--auth", "kerberos"],
        listener: "SKEWED_PLAIN",
        told: ["Clock skew too great", "hint: more than five minutes apart"],
        ..USUAL
    },
    Failure {
        arguments: &["--auth", "kerberos", "--principal", "alice@TEST.LOCAL"],
        environment: &[("KRB5CCNAME", "FILE:RIG/ccache-expired")],
        told: ["xpired", "`kinit alice@TEST.LOCAL`"],
        ..USUAL
    },
    Failure {
        arguments: &["--auth", "kerberos", "--principal", "alice@TEST.LOCAL"],
        environment: &[("KRB5CCNAME", "FILE:RIG/ccache-none")],
        told: ["failed to find a Kerberos ticket", "`kinit alice@TEST.LOCAL`"],
        ..USUAL
    },
    // Somebody else's tickets, and a file that holds none.
    Failure {
        arguments: &["--auth", "kerberos", "--principal", "alice@TEST.LOCAL"],
        environment: &[("KRB5CCNAME", "FILE:RIG/ccache-bob")],
        told: ["failed to find a Kerberos ticket", "`kinit alice@TEST.LOCAL`"],
        ..USUAL
    },
    Failure {
        arguments: &["--auth", "kerberos", "--principal", "alice@TEST.LOCAL"],
        environment: &[("KRB5CCNAME", "FILE:RIG/krb5.conf")],
        told: ["failed to find a Kerberos ticket", "`kinit alice@TEST.LOCAL`"],
        ..USUAL
    },
    Failure {
        arguments: &["--user", "alice@NOWHERE.LOCAL", "--auth", "kerberos"],
        environment: &[PASSWORD],
        told: ["Cannot find KDC for realm", "_kerberos._tcp.nowhere.local"],
        ..USUAL
    },
    Failure {
        arguments: &["--user", "alice@DOWN.LOCAL", "--auth", "kerberos"],
        environment: &[PASSWORD],
        code: 7,
        told: ["Cannot contact any KDC", "hint: expected a domain controller on port 88"],
        ..USUAL
    },
    Failure {
        arguments: &["--user", "alice@SILENT.LOCAL", "--auth", "kerberos", "--request-timeout", "1s"],
        environment: &[PASSWORD],
        code: 8,
        told: ["in time", "hint: "],
        ..USUAL
    },
    Failure {
        arguments: &["--user", "alice@SILENT.LOCAL", "--auth", "kerberos", "--kdc-timeout", "1s"],
        environment: &[PASSWORD],
        code: 8,
        told: ["no answer of the KDC within 1s", "hint: check that a domain controller answers"],
        ..USUAL
    },
    Failure {
        arguments: &["--auth", "kerberos", "--keytab", "RIG/none.keytab", "--principal", "frank@TEST.LOCAL"],
        code: 3,
        told: ["No such file or directory", "`klist -kte "],
        ..USUAL
    },
    Failure {
        arguments: &["--auth", "kerberos", "--keytab", "RIG/frank.keytab", "--principal", "alice@TEST.LOCAL"],
        code: 3,
        told: ["expected a keytab with a key of `alice@TEST.LOCAL`", "`klist -kte "],
        ..USUAL
    },
    Failure {
        arguments: &["--user", "alice@TEST.LOCAL", "--auth", "kerberos"],
        environment: &[PASSWORD, ("HVCTL_GSSAPI_LIBRARY", "/nonexistent")],
        code: 3,
        told: ["`/nonexistent`, which HVCTL_GSSAPI_LIBRARY names", "hint: correct or unset"],
        ..USUAL
    },
    Failure {
        arguments: &["--user", "alice@TEST.LOCAL", "--auth", "kerberos"],
        environment: &[PASSWORD, ("HVCTL_GSSAPI_LIBRARY", "libgssapi.so.3")],
        code: 3,
        told: ["Heimdal sends a wrong password twice", "hint: get a ticket by `kinit alice@TEST.LOCAL`"],
        ..USUAL
    },
];

#[test]
fn what_fails_has_its_exit_code_its_reason_and_its_hint() {
    let Some(rig) = Rig::find() else { return };
    let at = |text: &str| text.replace("RIG", rig.folder().to_str().unwrap());
    for (number, failure) in FAILURES.iter().enumerate() {
        let query = case(&format!("hvctl-{number}"));
        let arguments: Vec<_> = failure.arguments.iter().map(|argument| at(argument)).collect();
        let environment: Vec<_> =
            failure.environment.iter().map(|(name, value)| (*name, at(value))).collect();
        let ran = identify(&url(&rig, failure.listener, &query), &arguments, &environment);
        let about = format!("{:?}\n{}", failure.arguments, ran.stderr);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(failure.code), ""), "{about}");
        assert!(ran.stderr.starts_with("error: "), "{about}");
        for part in failure.told {
            assert!(ran.stderr.contains(part), "expected {part}: {about}");
        }
        assert_eq!(rig.counts(&format!("/wsman?{query}")).messages, 0, "{about}");
    }
}

/// gss-ntlmssp is installed, and has a user: with Kerberos asked for, nothing of it is sent.
#[test]
fn a_plug_in_for_ntlm_does_not_slip_into_kerberos() {
    let Some(rig) = Rig::find() else { return };
    let users = rig.folder().join("ntlm.users");
    let cache = |name: &str| format!("FILE:{}", rig.folder().join(name).display());
    for offer in ["Negotiate", "Negotiate,NTLM"] {
        for (tickets, code, kerberos) in [("ccache", 0, 1), ("ccache-none", 7, 0), ("ccache-expired", 7, 0)] {
            let query =
                format!("offer={offer}&by=gss-ntlmssp&{}", case(&format!("plug-in-{offer}-{tickets}")));
            // Whom gss-ntlmssp accepts is for NTLM alone; Kerberos needs another acceptor.
            let query = if code == 0 { query.replace("by=gss-ntlmssp", "by=mit") } else { query };
            let environment = [("NTLM_USER_FILE", users.to_str().unwrap()), ("KRB5CCNAME", &cache(tickets))];
            let ran = identify(&url(&rig, "PLAIN", &query), &["--auth", "kerberos"], &environment);
            assert_eq!(ran.code, Some(code), "{offer} {tickets}: {ran:?}");
            assert!(code == 0 || ran.stderr.contains("hint: `kinit "), "{tickets}: {ran:?}");
            let counts = rig.counts(&format!("/wsman?{query}"));
            assert_eq!((counts.kerberos, counts.ntlm), (kerberos, 0), "{offer} {tickets}");
        }
    }
}

/// As docs/logging-in.md says: MIT's library believes no other KDC's refusal before the primary's.
#[test]
fn where_krb5_conf_names_a_primary_kdc_both_judge_a_wrong_password_and_the_host_none() {
    let Some(rig) = Rig::find() else { return };
    let config = rig.folder().join("krb5-primary.conf");
    let query = case("primary-kdc");
    let environment = [("HVCTL_PASSWORD", WRONG), ("KRB5_CONFIG", config.to_str().unwrap())];
    for auth in ["kerberos", "negotiate"] {
        let refused = || [rig.refused_by_kdc(LENA), rig.refused_by_primary_kdc(LENA)];
        let before = refused();
        let ran = identify(&url(&rig, "PLAIN", &query), &["--auth", auth, "--user", LENA], &environment);
        assert_eq!(ran.code, Some(7), "{ran:?}");
        let now = refused();
        assert_eq!([now[0] - before[0], now[1] - before[1]], [1, 1], "{auth}");
    }
    let counts = rig.counts(&format!("/wsman?{query}"));
    assert_eq!((counts.kerberos, counts.ntlm, counts.messages), (0, 0, 0));
}

const LENA: &str = "lena@TEST.LOCAL";

#[test]
fn a_trace_shows_neither_the_password_nor_a_token() {
    let Some(rig) = Rig::find() else { return };
    for listener in ["PLAIN", "SKEWED_PLAIN"] {
        let arguments = ["--user", "carol@TEST.LOCAL", "--auth", "kerberos", "-vv"];
        // `identify` looks for the password itself.
        let ran = identify(&url(&rig, listener, ""), &arguments, &[PASSWORD]);
        assert!(ran.stderr.contains("Identify"), "{ran:?}");
        // As tokens of GSSAPI begin in Base64 (RFC 2743, 3.1; RFC 4178, 4.2.2), and headers that hold them.
        for token in ["YII", "oYI", "Authorization", "WWW-Authenticate"] {
            assert!(!ran.stderr.contains(token), "{token}: {ran:?}");
        }
    }
}

#[test]
fn kerberos_has_no_tickets_for_addresses() {
    let Some(rig) = Rig::find() else { return };
    let at = format!("http://127.0.0.1:{}", rig.port("PLAIN"));
    let ran = identify(&at, &["--auth", "kerberos"], &[]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.stderr.contains("hint: use the host's DNS name, or give it by `--spn-host NAME`"), "{ran:?}");
    let ran = identify(&at, &["--auth", "kerberos", "--spn-host", "localhost"], &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}
