//! Logins that fail: of which kind, and what is said.

use super::{acceptor::Refusal, *};

#[test]
fn a_wrong_password_is_tried_once() {
    let Some(rig) = Rig::find() else { return };
    for (mechanism, user) in [(Mechanism::Kerberos, "bob@TEST.LOCAL"), (Mechanism::Spnego, "bert@TEST.LOCAL")]
    {
        let before = rig.refused_attempts(user);
        let error = first_failure(&password(user, "wrong"), mechanism, &localhost());
        assert_eq!(error.kind(), KerberosErrorKind::WrongPassword, "{error}");
        assert!(!error.to_string().contains("wrong"), "{error}");
        assert!(error.hint().unwrap().contains(&format!("`kinit {user}`")), "{error}");
        assert_eq!(rig.refused_attempts(user) - before, 1, "{mechanism:?}");
    }
}

/// The cache that the environment names can only be another one in another process.
#[test]
fn the_users_own_tickets_are_missed_by_kind() {
    let Some(rig) = Rig::find() else { return };
    if let Ok(kind) = std::env::var("HVCTL_TEST_KIND") {
        for mechanism in [Mechanism::Kerberos, Mechanism::Spnego] {
            let error = first_failure(&OWN, mechanism, &localhost());
            assert_eq!(format!("{:?}", error.kind()), kind, "{mechanism:?}: {error}");
            assert!(error.hint().unwrap().contains("`kinit USER@REALM`"));
            let error = acquire(MIT, &OWN, mechanism).and_then(|credential| credential.owner()).unwrap_err();
            assert_eq!(format!("{:?}", error.kind()), kind, "{mechanism:?}: {error}");
        }
        return;
    }
    for (cache, kind) in [("ccache-none", "NoCredentials"), ("ccache-expired", "Expired")] {
        let name = concat!(module_path!(), "::the_users_own_tickets_are_missed_by_kind");
        let name = name.split_once("::").unwrap().1;
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name])
            .env("KRB5CCNAME", format!("FILE:{}", rig.file(cache).display()))
            .env("HVCTL_TEST_KIND", kind)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && text.contains("1 passed"), "{kind}: {text}");
    }
}

#[test]
fn each_cause_has_its_kind() {
    use KerberosErrorKind as Kind;
    let Some(rig) = Rig::find() else { return };
    for (name, source, kind) in [
        ("expired ticket", rig.cache("ccache-expired"), Kind::Expired),
        ("no cache", rig.cache("ccache-none"), Kind::NoCredentials),
        ("not a cache", rig.cache("krb5.conf"), Kind::NoCredentials),
        ("unknown user", password("nobody@TEST.LOCAL", PASSWORD), Kind::ClientUnknown),
        ("disabled user", password("erin@TEST.LOCAL", PASSWORD), Kind::AccountRefused),
        ("password to be changed", password("dave@TEST.LOCAL", PASSWORD), Kind::AccountRefused),
        ("KDC down", password("alice@DOWN.LOCAL", PASSWORD), Kind::KdcUnreachable),
        ("unknown realm", password("alice@NOWHERE.LOCAL", PASSWORD), Kind::RealmUnknown),
        ("keytab missing", rig.keytab("none.keytab", "frank@TEST.LOCAL"), Kind::Keytab),
        ("keytab of another", rig.keytab("frank.keytab", "alice@TEST.LOCAL"), Kind::Keytab),
        ("not a keytab", rig.keytab("krb5.conf", "frank@TEST.LOCAL"), Kind::Keytab),
        ("keytab too old", rig.keytab("stale.keytab", "stale@TEST.LOCAL"), Kind::WrongPassword),
    ] {
        for mechanism in [Mechanism::Kerberos, Mechanism::Spnego] {
            let error = first_failure(&source, mechanism, &localhost());
            assert_eq!(error.kind(), kind, "{name}, {mechanism:?}: {error}");
            assert!(error.hint().is_some(), "{name}");
        }
    }
}

#[test]
fn an_unknown_service_is_named() {
    let Some(_rig) = Rig::find() else { return };
    let target = Target::new("HTTP", "nobody.test.local").unwrap();
    for mechanism in [Mechanism::Kerberos, Mechanism::Spnego] {
        let error = first_failure(&OWN, mechanism, &target);
        assert_eq!(error.kind(), KerberosErrorKind::SpnUnknown, "{error}");
        let text = error.to_string();
        assert!(text.starts_with("failed to get a ticket for `HTTP/nobody.test.local`: Server "), "{text}");
        assert!(error.hint().unwrap().contains("`setspn -Q HTTP/nobody.test.local`"));
    }
}

/// The acceptor's refusal, and what this side makes of the token that came with it.
fn refusal(
    mut acceptor: Acceptor,
    mechanism: Mechanism,
    target: &Target,
    options: GssOptions,
) -> (String, KerberosError) {
    let mut client = GssClient::new(&credential(MIT, &OWN, mechanism), target, options).unwrap();
    match acceptor.log_in(&mut client).unwrap_err() {
        Refusal::Acceptor { token, reason } => (reason, client.step(token.as_deref()).unwrap_err()),
        Refusal::Client(error) => (String::new(), error),
    }
}

#[test]
fn a_clock_that_differs_is_told_from_the_hosts_token() {
    let Some(rig) = Rig::find() else { return };
    for mechanism in [Mechanism::Kerberos, Mechanism::Spnego] {
        let (reason, error) = refusal(rig.skewed_acceptor("mit"), mechanism, &localhost(), sealing());
        assert_eq!(error.kind(), KerberosErrorKind::ClockSkew, "{reason}: {error}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"failed to verify the answer of `HTTP/localhost`: Clock skew too great");
        }
    }
}

#[test]
fn a_service_of_another_account_is_told_from_the_hosts_token() {
    let Some(rig) = Rig::find() else { return };
    let foreign = Target::new("HTTP", "foreign.test.local").unwrap();
    for mechanism in [Mechanism::Kerberos, Mechanism::Spnego] {
        let (reason, error) = refusal(rig.acceptor("mit", None), mechanism, &foreign, sealing());
        assert_eq!(error.kind(), KerberosErrorKind::WrongKey, "{reason}: {error}");
        assert!(error.hint().unwrap().contains("`setspn -X`"));
    }
}

#[test]
fn a_login_bound_to_another_channel_is_refused() {
    let Some(rig) = Rig::find() else { return };
    for (mechanism, who) in PAIRS {
        let options = GssOptions { binding: Some(b"tls-server-end-point:ours".to_vec()), ..sealing() };
        let acceptor = rig.acceptor(who, Some(b"tls-server-end-point:theirs"));
        let (reason, _) = refusal(acceptor, mechanism, &localhost(), options);
        assert!(reason.to_lowercase().contains("bindings"), "{who}: {reason}");
    }
}

#[test]
fn a_host_that_does_not_prove_itself_is_refused() {
    let Some(_rig) = Rig::find() else { return };
    for mechanism in [Mechanism::Kerberos, Mechanism::Spnego] {
        let credential = credential(MIT, &OWN, mechanism);
        let long = vec![0; 70_000];
        for (answer, expected) in [
            (None, "it sent no token"),
            (Some(&b""[..]), "it sent no token"),
            (Some(&b"NTLMSSP\0\x02\0\0\0"[..]), "failed to verify the answer of `HTTP/localhost`"),
            (Some(&[0x60, 0x84, 0xff, 0xff, 0xff, 0xff][..]), "failed to verify the answer"),
            (Some(&long[..]), "failed to verify the answer"),
        ] {
            let mut client = GssClient::new(&credential, &localhost(), sealing()).unwrap();
            assert!(!client.step(None).unwrap().done);
            let error = client.step(answer).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
            assert_eq!(error.kind(), KerberosErrorKind::Token, "{error}");
            assert!(client.established().is_none());
            // What failed stays so.
            assert!(client.step(answer).is_err() && client.seal(b"x").is_err());
        }
    }
}

#[test]
fn another_hosts_answer_is_refused() {
    let Some(rig) = Rig::find() else { return };
    for (mechanism, who) in PAIRS {
        let credential = credential(MIT, &OWN, mechanism);
        let mut first = GssClient::new(&credential, &localhost(), sealing()).unwrap();
        let mut second = GssClient::new(&credential, &localhost(), sealing()).unwrap();
        second.step(None).unwrap();
        let token = first.step(None).unwrap().token.unwrap();
        let answer = rig.acceptor(who, None).token(&token).unwrap().unwrap();
        assert!(second.step(Some(&answer)).is_err(), "{who}");
        assert!(first.step(Some(&answer)).unwrap().done, "{who}");
        // Nor twice.
        assert!(first.step(Some(&answer)).is_err(), "{who}");
        assert!(first.established().is_none());
    }
}
