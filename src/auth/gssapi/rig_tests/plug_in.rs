//! With gss-ntlmssp installed, and a user for it, as a plug-in of MIT's library: it stays out.

use super::{super::ffi, *};

const NTLM: &str = "1.3.6.1.4.1.311.2.2.10";
/// Tells the tests in other processes, which alone have the plug-in's user, what tickets there are.
const TICKETS: &str = "HVCTL_TEST_TICKETS";

/// What the library offers when nobody tells it what to.
fn as_it_would() -> Vec<u8> {
    let library = Gssapi::at(MIT).unwrap();
    let credential = library.api.acquire(None, oid::SPNEGO).unwrap();
    let target = library.api.import_name(&localhost().host_based(), oid::HOST_BASED_SERVICE).unwrap();
    let leg = ffi::Leg {
        credential: &credential,
        target: &target,
        mechanism: oid::SPNEGO,
        flags: 0,
        binding: None,
        input: None,
    };
    ffi::Context::new(library.api).init(&leg).unwrap().token
}

fn offered(token: &[u8]) -> Vec<String> {
    spnego::offered(token).unwrap().iter().map(|mechanism| oid::dotted(mechanism)).collect()
}

fn holds_ntlm(token: &[u8]) -> bool {
    token.windows(7).any(|part| part == b"NTLMSSP")
}

/// Runs a test of this file in a process with the plug-in's user, and these tickets.
fn elsewhere(rig: &Rig, test: &str, tickets: &str) {
    let name = format!("{}::{test}", module_path!().split_once("::").unwrap().1);
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &name])
        .env("NTLM_USER_FILE", rig.file("ntlm.users"))
        .env("KRB5CCNAME", format!("FILE:{}", rig.file(tickets).display()))
        .env(TICKETS, tickets)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("1 passed"), "{tickets}: {said}");
}

#[test]
fn with_a_ticket_kerberos_alone_is_offered() {
    let Some(rig) = Rig::find() else { return };
    if std::env::var_os(TICKETS).is_none() {
        return elsewhere(&rig, "with_a_ticket_kerberos_alone_is_offered", "ccache");
    }
    assert!(offered(&as_it_would()).contains(&NTLM.to_owned()), "the plug-in is not at work");
    for source in [OWN, rig.cache("ccache"), password("carol@TEST.LOCAL", PASSWORD)] {
        let credential = credential(MIT, &source, Mechanism::Spnego);
        let step = GssClient::new(&credential, &localhost(), sealing()).unwrap().step(None).unwrap();
        let token = step.token.unwrap();
        assert_eq!(offered(&token), ["1.2.840.113554.1.2.2"], "{source:?}");
        assert!(!holds_ntlm(&token), "{source:?}");
    }
}

#[test]
fn without_a_ticket_the_plug_in_is_not_asked() {
    let Some(rig) = Rig::find() else { return };
    if std::env::var_os(TICKETS).is_none() {
        return elsewhere(&rig, "without_a_ticket_the_plug_in_is_not_asked", "ccache-none");
    }
    assert!(holds_ntlm(&as_it_would()), "the plug-in is not at work");
    let nobody = Target::new("HTTP", "nobody.test.local").unwrap();
    for (source, target, kind) in [
        (OWN, localhost(), KerberosErrorKind::NoCredentials),
        (rig.cache("ccache-none"), localhost(), KerberosErrorKind::NoCredentials),
        (rig.cache("ccache-expired"), localhost(), KerberosErrorKind::Expired),
        (rig.cache("ccache"), nobody, KerberosErrorKind::SpnUnknown),
    ] {
        // An error, and so no token.
        let error = first_failure(&source, Mechanism::Spnego, &target);
        assert_eq!(error.kind(), kind, "{source:?}: {error}");
    }
}

/// As a library would that does not do what it is told.
#[test]
fn an_offer_of_ntlm_besides_kerberos_is_a_downgrade() {
    let Some(rig) = Rig::find() else { return };
    if std::env::var_os(TICKETS).is_none() {
        return elsewhere(&rig, "an_offer_of_ntlm_besides_kerberos_is_a_downgrade", "ccache");
    }
    let credential = credential(MIT, &OWN, Mechanism::Spnego);
    let client = GssClient::new(&credential, &localhost(), sealing()).unwrap();
    let error = client.check_offer(&as_it_would()).unwrap_err();
    assert_eq!(error.kind(), KerberosErrorKind::Downgrade);
    insta::assert_snapshot!(error, @"failed to log in to `HTTP/localhost` by Kerberos: expected the library to offer Kerberos alone, it offers 1.3.6.1.4.1.311.2.2.10");
    let error = client.check_offer(b"NTLMSSP\0\x01\0\0\0").unwrap_err();
    assert_eq!(error.kind(), KerberosErrorKind::Downgrade);
}
