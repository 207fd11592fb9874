//! Servers that never answer a request without a login: Kerberos goes with the first one, and is bound all the same.

use crate::{
    rig::Rig,
    way::{PRINCIPAL, RIGHT, case, settings, shown, text, transport, with_login},
};
use hyperv_wsman::transport::{
    Answer, AuthMechanism, Exchange, HttpTransport, Phase, Transport as _, TransportError, TransportErrorKind,
};
use tokio::time::{Duration, Instant};

async fn send_within(transport: &HttpTransport, limit: Duration) -> Result<Answer, TransportError> {
    let exchange = Exchange {
        body: "<message/>".into(),
        name: "Invoke".into(),
        changes_host: true,
        anonymous: false,
        lane: 0,
        deadline: Some(Instant::now() + limit),
    };
    transport.exchange(exchange).await
}

#[tokio::test]
async fn a_login_goes_with_the_first_request_where_it_is_to_and_is_bound_to_the_certificate() {
    let Some(rig) = Rig::find() else { return };
    for (mechanism, scheme) in
        [(AuthMechanism::Kerberos, "Kerberos"), (AuthMechanism::Negotiate, "Negotiate")]
    {
        for (listener, binding) in [("PLAIN", "binding=none"), ("DIRECT_STRICT", "binding=right")] {
            let target = format!(
                "/wsman?offer={scheme}&hold=yes&{}",
                case(&format!("preemptive-{scheme}-{listener}"))
            );
            let mut settings = settings(&rig, listener, &target);
            settings.mechanism = mechanism;
            settings.auth_preemptive = true;
            let transport = transport(settings);
            for _ in 0..2 {
                let answer = send_within(&transport, Duration::from_secs(60)).await.unwrap();
                let said = text(&answer);
                assert!(said.contains(&format!("user={PRINCIPAL} scheme={scheme} ")), "{said}");
                assert!(listener == "PLAIN" || said.contains(binding), "{said}");
                assert_eq!((answer.peer.mechanism.as_str(), answer.peer.handshakes), ("kerberos", 1));
            }
            // Each with one token and an empty body first.
            let counts = rig.counts(&target);
            assert_eq!((counts.kerberos, counts.messages), (1, 2), "{counts:?}");
        }
    }
}

#[tokio::test]
async fn otherwise_nobody_answers_and_nothing_was_sent() {
    let Some(rig) = Rig::find() else { return };
    let target = format!("/wsman?offer=Kerberos&hold=yes&{}", case("not-preemptive"));
    let mut settings = settings(&rig, "DIRECT_STRICT", &target);
    settings.mechanism = AuthMechanism::Kerberos;
    let error = send_within(&transport(settings), Duration::from_secs(1)).await.unwrap_err();
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Timeout, Phase::NotSent), "{error}");
    assert_eq!(rig.counts(&target).messages, 0);
}

#[tokio::test]
async fn ntlm_goes_with_the_first_request_anyway() {
    let Some(rig) = Rig::find() else { return };
    let target = format!("/wsman?offer=Negotiate&hold=yes&{}", case("ntlm-preemptive"));
    let settings = settings(&rig, "DIRECT_STRICT", &target);
    let settings = with_login(settings, AuthMechanism::Ntlm, crate::way::ALICE, RIGHT);
    let answer = send_within(&transport(settings), Duration::from_secs(60)).await.unwrap();
    assert!(text(&answer).contains("binding=right"), "{}", text(&answer));
}

#[tokio::test]
async fn a_host_that_does_not_take_the_scheme_is_told_with_what_it_offers() {
    let Some(rig) = Rig::find() else { return };
    let mut told = Vec::new();
    for offered in ["NTLM", "Negotiate"] {
        let target = format!("/wsman?offer={offered}&{}", case("preemptive-not-offered"));
        let mut settings = settings(&rig, "DIRECT_STRICT", &target);
        settings.mechanism = AuthMechanism::Kerberos;
        settings.auth_preemptive = true;
        let error = send_within(&transport(settings), Duration::from_secs(60)).await.unwrap_err();
        assert_eq!(rig.counts(&target).messages, 0);
        told.push(shown(&error, &rig, "DIRECT_STRICT"));
    }
    insta::assert_snapshot!(told.join("\n"), @r"
    Auth NotSent: failed to log in to `localhost:PORT`: expected the host to offer Kerberos or Negotiate, it offers NTLM
      hint: `Set-Item WSMan:\localhost\Service\Auth\Kerberos $true` on the host enables it; or use what it offers by `--auth ntlm`
    Auth NotSent: failed to log in to `localhost:PORT` by Kerberos: it takes no `Kerberos`, which was not asked before, but `Negotiate`
      hint: `--auth negotiate` takes `Negotiate`; or leave out `--auth-preemptive`
    ");
}
