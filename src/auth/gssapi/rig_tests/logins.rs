//! Logins that succeed, with each kind of credential.

use super::*;
use std::{collections::BTreeMap, thread, time::Duration};

#[test]
fn tickets_of_kinit_log_in() {
    let Some(rig) = Rig::find() else { return };
    for (mechanism, who) in PAIRS {
        let mut acceptor = rig.acceptor(who, None);
        let client = log_in(&credential(MIT, &OWN, mechanism), GssOptions::default(), &mut acceptor);
        let peer = acceptor.peer.unwrap();
        assert_eq!(peer.user, "alice@TEST.LOCAL", "{who}");
        let established = client.established().unwrap();
        assert_eq!(established.user, "alice@TEST.LOCAL");
        assert_eq!(established.host, "HTTP/localhost@TEST.LOCAL");
        // Tickets and account would allow it: alice's can be forwarded, the service is trusted for it.
        assert!(!peer.delegated && !established.delegated, "{who}");
        assert!(!established.bound);
    }
}

#[test]
fn a_principal_chooses_among_the_tickets() {
    let Some(rig) = Rig::find() else { return };
    let alice = CredentialSource::Cache { principal: Some("alice@TEST.LOCAL".to_owned()), name: None };
    log_in(&credential(MIT, &alice, Mechanism::Kerberos), sealing(), &mut rig.acceptor("kerberos", None));
    let bob = CredentialSource::Cache { principal: Some("bob@TEST.LOCAL".to_owned()), name: None };
    let error = first_failure(&bob, Mechanism::Kerberos, &localhost());
    assert_eq!(error.kind(), KerberosErrorKind::NoCredentials, "{error}");
    assert!(error.hint().unwrap().contains("`kinit bob@TEST.LOCAL`"), "{error}");
}

#[test]
fn delegation_is_given_when_asked_for() {
    let Some(rig) = Rig::find() else { return };
    for (mechanism, who) in PAIRS {
        let mut acceptor = rig.acceptor(who, None);
        let options = GssOptions { delegate: true, ..GssOptions::default() };
        let client = log_in(&credential(MIT, &OWN, mechanism), options, &mut acceptor);
        assert!(acceptor.peer.unwrap().delegated, "{who}");
        assert!(client.established().unwrap().delegated, "{who}");
    }
}

#[test]
fn a_keytab_logs_in_and_leaves_the_users_tickets_and_the_environment_alone() {
    let Some(rig) = Rig::find() else { return };
    let environment = || std::env::vars_os().collect::<BTreeMap<_, _>>();
    let before = environment();
    for (mechanism, who) in PAIRS {
        let mut acceptor = rig.acceptor(who, None);
        let source = rig.keytab("frank.keytab", "frank@TEST.LOCAL");
        let client = log_in(&credential(MIT, &source, mechanism), sealing(), &mut acceptor);
        assert_eq!(acceptor.peer.unwrap().user, "frank@TEST.LOCAL", "{who}");
        assert_eq!(client.established().unwrap().user, "frank@TEST.LOCAL");
    }
    assert_eq!(environment(), before);
    let tickets = std::fs::read(rig.file("ccache")).unwrap();
    assert!(!tickets.windows(5).any(|part| part == b"frank"));
}

#[test]
fn a_password_logs_in_without_a_ticket_of_the_users_own() {
    let Some(rig) = Rig::find() else { return };
    for (mechanism, who) in PAIRS {
        let mut acceptor = rig.acceptor(who, None);
        let source = password("carol@TEST.LOCAL", PASSWORD);
        let client = log_in(&credential(MIT, &source, mechanism), sealing(), &mut acceptor);
        assert_eq!(acceptor.peer.unwrap().user, "carol@TEST.LOCAL", "{who}");
        assert_eq!(client.established().unwrap().user, "carol@TEST.LOCAL");
    }
    assert_eq!(rig.refused_attempts("carol@TEST.LOCAL"), 0);
    let tickets = std::fs::read(rig.file("ccache")).unwrap();
    assert!(!tickets.windows(5).any(|part| part == b"carol"));
}

#[test]
fn a_login_is_bound_to_its_channel() {
    let Some(rig) = Rig::find() else { return };
    let binding = b"tls-server-end-point:0123456789abcdef0123456789abcdef";
    for (mechanism, who) in PAIRS {
        let options = GssOptions { binding: Some(binding.to_vec()), ..sealing() };
        let mut acceptor = rig.acceptor(who, Some(binding));
        let client = log_in(&credential(MIT, &OWN, mechanism), options, &mut acceptor);
        assert!(acceptor.peer.unwrap().bound, "{who}");
        assert!(client.established().unwrap().bound);
        // Without one an acceptor that does not insist lets in, and knows.
        let mut acceptor = rig.acceptor(who, Some(binding));
        let client = log_in(&credential(MIT, &OWN, mechanism), sealing(), &mut acceptor);
        assert!(!acceptor.peer.unwrap().bound, "{who}");
        assert!(!client.established().unwrap().bound);
    }
}

#[test]
fn tickets_tell_whose_they_are_and_how_long_they_last() {
    let Some(_rig) = Rig::find() else { return };
    for mechanism in [Mechanism::Kerberos, Mechanism::Spnego] {
        let owner = credential(MIT, &OWN, mechanism).owner().unwrap();
        assert_eq!(owner.principal, "alice@TEST.LOCAL");
        assert!(owner.remaining > Duration::from_secs(60 * 60), "{owner:?}");
    }
}

#[test]
fn logins_may_move_to_other_threads() {
    fn is_send<T: Send>() {}
    fn is_sync<T: Sync>() {}
    is_send::<GssClient>();
    is_send::<GssCredential>();
    is_sync::<GssCredential>();
    is_send::<Gssapi>();
}

#[test]
fn logins_of_several_threads_share_a_credential() {
    let Some(rig) = Rig::find() else { return };
    let shared = credential(MIT, &password("carol@TEST.LOCAL", PASSWORD), Mechanism::Spnego);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut acceptor = rig.acceptor("negotiate", None);
                let mut client = log_in(&shared, sealing(), &mut acceptor);
                let sealed = client.seal(b"of a thread").unwrap();
                assert_eq!(acceptor.unseal(&sealed.header, &sealed.data).unwrap(), b"of a thread");
            });
        }
    });
}
