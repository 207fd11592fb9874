//! Certificates, names and Basic; the rest of the logins is in the matrix.

use crate::{
    rig::Rig,
    way::{ALICE, PRINCIPAL, RIGHT, WRONG, send, settings, text, transport, with_login},
};
use hyperv_wsman::transport::{AuthMechanism, Phase, TransportErrorKind};

#[tokio::test]
async fn the_binding_is_right_for_every_kind_of_certificate() {
    let Some(rig) = Rig::find() else { return };
    let listeners = rig.listeners("CERTIFICATE_");
    assert_eq!(listeners.len(), 8);
    for listener in listeners {
        for (mechanism, user) in [(AuthMechanism::Ntlm, ALICE), (AuthMechanism::Kerberos, PRINCIPAL)] {
            let settings = with_login(settings(&rig, listener, "/wsman"), mechanism, user, RIGHT);
            let answer = send(&transport(settings), "<message/>").await;
            let answer = answer.unwrap_or_else(|error| panic!("{listener}: {error} {:?}", error.source));
            assert!(text(&answer).contains("binding=right"), "{listener}: {}", text(&answer));
        }
    }
}

#[tokio::test]
async fn names_are_taken_in_any_case() {
    let Some(rig) = Rig::find() else { return };
    for user in [r"TEST\ALICE", r"TEST\Alice"] {
        let settings = settings(&rig, "DIRECT_STRICT", "/wsman");
        let transport = transport(with_login(settings, AuthMechanism::Ntlm, user, RIGHT));
        send(&transport, "<message/>")
            .await
            .unwrap_or_else(|error| panic!("{user}: {error} {:?}", error.source));
    }
}

#[tokio::test]
async fn basic_is_understood_too() {
    let Some(rig) = Rig::find() else { return };
    let basic = |password| {
        let settings = settings(&rig, "DIRECT_NONE", "/wsman");
        transport(with_login(settings, AuthMechanism::Basic, ALICE, password))
    };
    let answer = send(&basic(RIGHT), "<message/>").await.unwrap();
    assert!(text(&answer).contains(r"user=TEST\alice scheme=Basic"));
    let error = send(&basic(WRONG), "<message/>").await.unwrap_err();
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Auth, Phase::NotSent), "{error}");
}
