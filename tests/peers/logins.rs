//! Certificates, names and Basic; the rest of the logins is in the matrix.

use crate::{
    rig::Rig,
    way::{ALICE, PRINCIPAL, RIGHT, WRONG, case, send, settings, text, transport, with_login},
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

/// Apache with `GssapiConnectionBound Off`: a login is for one message.
#[tokio::test]
async fn a_host_that_wants_a_login_with_each_message_gets_it() {
    let Some(rig) = Rig::find() else { return };
    for mechanism in [AuthMechanism::Kerberos, AuthMechanism::Negotiate] {
        let target = format!("/each/wsman?{}", case(&format!("each-{mechanism:?}")));
        let settings = with_login(settings(&rig, "APACHE", &target), mechanism, PRINCIPAL, RIGHT);
        let transport = transport(settings);
        for _ in 0..3 {
            let answer = send(&transport, "<message/>").await.unwrap();
            assert_eq!(text(&answer), "<answer>user=alice@TEST.LOCAL scheme=Negotiate length=10</answer>");
        }
        assert_eq!(rig.counts(&target.replace("/each/", "/")).messages, 3, "each once");
    }
}

/// Over plain HTTP a login that does not last has no keys for the message.
#[tokio::test]
async fn over_http_a_login_with_each_message_is_refused() {
    let Some(rig) = Rig::find() else { return };
    let target = format!("/each/wsman?{}", case("each-over-http"));
    let settings = settings(&rig, "APACHE_PLAIN", &target);
    let transport = transport(with_login(settings, AuthMechanism::Kerberos, PRINCIPAL, RIGHT));
    let error = send(&transport, "<message/>").await.unwrap_err();
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Auth, Phase::MaybeSent), "{error}");
    assert!(error.message.ends_with("refuses the message that follows it"), "{error}");
    assert_eq!(rig.counts(&target.replace("/each/", "/")).messages, 0);
}
